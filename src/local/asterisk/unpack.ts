import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
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
    const program = asteriskProgram(partial);
    await run(program.command, [...program.args, '-V']);
    if (!existsSync(root)) renameSync(partial, root);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
