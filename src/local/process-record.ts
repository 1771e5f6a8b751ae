import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { LocalError } from './errors.ts';
import { until } from './until.ts';

/** A process that cannot be confused with a later one of the same number. */
export type ProcessIdentity = {
  pid: number;
  /** Boot id and start time in clock ticks since boot (field 22 of /proc/<pid>/stat, see proc(5)). */
  started: string;
};

/** Who runs in a data folder, and for whom. Written to a file there. */
type ProcessRecord = { process: ProcessIdentity; owner: ProcessIdentity | null };

/** Null when there is no such process, when it is a zombie, or where there is no /proc. */
export function identityOf(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything, brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return fields[0] === 'Z' ? null : { pid, started: `${boot}/${fields[19]}` };
  } catch {
    return null;
  }
}

/** Program and arguments, separated by NUL; empty when there is no such process. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.started === identity.started;
}

/** Notes in `file` that this process runs `pid`. Replaced as a whole, so a reader never sees half of it. */
export function recordProcess(file: string, pid: number): void {
  const identity = identityOf(pid);
  if (!identity) return;
  const record: ProcessRecord = { process: identity, owner: identityOf(process.pid) };
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

/**
 * Ends the process that a run which crashed has left in this data folder. The supervisor ends it as a
 * rule; this is for the case that the supervisor was killed as well.
 *
 * @throws LocalError busy when the one it was started for is alive: two cannot share a data folder
 */
export async function endStaleProcess(
  file: string,
  what: string,
  stopSignal: NodeJS.Signals,
  say: (line: string) => void,
): Promise<void> {
  const record = readRecord(file);
  if (record && isRunning(record.process)) {
    if (record.owner && isRunning(record.owner))
      throw new LocalError(
        'busy',
        `${what} of this data folder is already in use by process ${record.owner.pid}`,
        'stop that one, or give this one a data folder of its own (PATCHBAY_DATA_DIR)',
      );
    say(`${what}: ending process ${record.process.pid}, which an earlier run left behind`);
    await endProcess(record.process, stopSignal);
  }
  rmSync(file, { force: true });
}

async function endProcess(identity: ProcessIdentity, stopSignal: NodeJS.Signals): Promise<void> {
  for (const [signal, patience] of [
    [stopSignal, 5000],
    ['SIGKILL', 5000],
  ] as const) {
    if (isRunning(identity)) process.kill(identity.pid, signal);
    if (await until(() => !isRunning(identity), patience)) return;
  }
}

function readRecord(file: string): ProcessRecord | null {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
  } catch {
    return null;
  }
}

/**
 * Runs `work` while no other process holds `file`; waits for one that does. A lock whose holder is gone
 * is taken over.
 *
 * @throws LocalError busy when it is still held after `patienceMs`
 */
export async function withLock<T>(file: string, patienceMs: number, work: () => Promise<T>): Promise<T> {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ process: identityOf(process.pid) }));
  try {
    if (!(await until(() => takeLock(file, own), patienceMs)))
      throw new LocalError('busy', `another process holds ${file}`, 'wait for it to finish, or end it');
  } finally {
    rmSync(own, { force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A link is made or not made as a whole, content included, also on a network file system. */
function takeLock(file: string, own: string): boolean {
  const holder = readRecord(file)?.process;
  if (existsSync(file) && !(holder && isRunning(holder))) rmSync(file, { force: true });
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
