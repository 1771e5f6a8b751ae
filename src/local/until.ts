import { setTimeout as sleep } from 'node:timers/promises';

/** Polls `condition` until it holds; false when it did not within `deadlineMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number,
): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await sleep(pause);
  }
}
