import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { asteriskProgram } from './program.ts';

const run = promisify(execFile);

/** Not needed to run, and two thirds of the files. */
const LEFT_OUT = ['doc', 'man', 'locale', 'lintian', 'bug', 'i18n'].map(
  (dir) => `--exclude=./usr/share/${dir}`,
);

/**
 * Unpacks the packages into `root`. The work is done beside it and renamed at the end, after the unpacked
 * Asterisk has told its version: a tree that exists is a whole one.
 */
export async function unpackAsterisk(debs: string[], root: string): Promise<void> {
  const partial = `${root}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    for (const deb of debs)
      await run('sh', [
        '-c',
        'dpkg-deb --fsys-tarfile "$1" | tar -x --no-same-owner -C "$0" '.concat(LEFT_OUT.join(' ')),
        partial,
        deb,
      ]);
    nameEnglishPrompts(asteriskProgram(partial).dataDir);
    const program = asteriskProgram(partial);
    await run(program.command, [...program.args, '-V']);
    if (!existsSync(root)) renameSync(partial, root);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Asterisk looks for its prompts in `sounds/en`; the package leaves that name to a link made at installation. */
function nameEnglishPrompts(dataDir: string): void {
  const sounds = path.join(dataDir, 'sounds');
  const voice = readdirSync(sounds).find((name) => /^en_/.test(name));
  if (voice && !existsSync(path.join(sounds, 'en'))) symlinkSync(voice, path.join(sounds, 'en'));
}
