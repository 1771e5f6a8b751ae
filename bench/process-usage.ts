import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** USER_HZ, in which the kernel shows CPU time to programs: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process has used so far, all its threads, ended ones too, user and system (proc(5), stat). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold anything; behind it the third field follows.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Memory that a process holds now, and the most it has held, in MB (proc(5), status). */
export function memoryMegabytes(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const figure = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: figure('VmRSS'), most: figure('VmHWM') };
}

/** Quiet for so long, with no more than one tick: what a change set off is over. */
const QUIET_MS = 400;
const LOOK_EVERY_MS = 50;

/**
 * Waits until the process does nothing any more and returns its CPU seconds until then. By its CPU time, and
 * not by asking for its task processors, because with 10,000 lines that answer alone is 1.6 MB.
 */
export async function cpuSecondsWhenQuiet(pid: number, deadlineMs = 120_000): Promise<number> {
  const deadline = performance.now() + deadlineMs;
  let seen = cpuSeconds(pid);
  let since = performance.now();
  while (performance.now() - since < QUIET_MS) {
    if (performance.now() > deadline) throw new Error(`process ${pid} is not quiet after ${deadlineMs} ms`);
    await sleep(LOOK_EVERY_MS);
    const now = cpuSeconds(pid);
    if (now - seen > 1.5 / TICKS_PER_SECOND) {
      seen = now;
      since = performance.now();
    }
  }
  return cpuSeconds(pid);
}
