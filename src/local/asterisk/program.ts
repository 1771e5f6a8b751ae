import { existsSync } from 'node:fs';
import path from 'node:path';
import { LocalError } from '../errors.ts';

/** Where Debian puts libraries and the dynamic loader, by Node's name of the processor. */
const PLATFORMS: Record<string, { triplet: string; loader: string }> = {
  x64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

export type AsteriskProgram = {
  /** The executable to spawn, and the arguments that come before Asterisk's own. */
  command: string;
  args: string[];
  moduleDir: string;
  dataDir: string;
  sbinDir: string;
};

/**
 * How to start the Asterisk that was unpacked into `root`: through the loader of the same tree, because
 * the host's C library may be older than the one Asterisk was built with. `--inhibit-cache` keeps the
 * loader from taking a library of the host.
 */
export function asteriskProgram(root: string): AsteriskProgram {
  const platform = PLATFORMS[process.arch];
  if (!platform || process.platform !== 'linux')
    throw new LocalError(
      'asterisk_unavailable',
      `there is no Asterisk package for ${process.platform} ${process.arch}`,
      'run the PBX with Docker (docker compose up asterisk) and set PATCHBAY_PBX_*',
    );
  const libraries = path.join(root, 'usr/lib', platform.triplet);
  const moduleDir = path.join(libraries, 'asterisk/modules');
  const sbinDir = path.join(root, 'usr/sbin');
  const searchPath = `${libraries}:${moduleDir}`;
  return {
    command: path.join(libraries, platform.loader),
    args: [
      '--inhibit-cache',
      '--library-path',
      searchPath,
      '--argv0',
      'asterisk',
      path.join(sbinDir, 'asterisk'),
    ],
    moduleDir,
    dataDir: path.join(root, 'usr/share/asterisk'),
    sbinDir,
  };
}

/** Whether `root` holds an unpacked Asterisk. */
export function isAsteriskRoot(root: string): boolean {
  return existsSync(path.join(root, 'usr/sbin/asterisk'));
}
