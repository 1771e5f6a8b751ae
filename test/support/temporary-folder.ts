import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A new folder for this process's servers; its name says whose it is. Whoever takes it removes it. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), `patchbay-test-${process.pid}-`));
  // Under root the database may have to run as another account, which must be able to enter.
  chmodSync(dir, 0o755);
  return dir;
}

/** Removes what test runs that were killed have left. Their servers ended with them. */
export function removeAbandonedFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^patchbay-test-(\d+)-/.exec(name)?.[1]);
    if (pid && !isAlive(pid)) rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
