import type { ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';

/**
 * Runs work that is told, by its signal, when the caller has gone or the time is up; the caller is
 * answered `timed-out` then even if the work does not listen. Work that goes on afterwards is left
 * to end by itself: its outcome goes to `late`.
 */
export async function withinDeadline<T>(
  res: ServerResponse,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  late: (error: unknown) => void,
): Promise<T> {
  const controller = new AbortController();
  const timedOut = new DomainError(
    'timed-out',
    'The work did not end in time. It may still be done: look before you repeat it.',
  );
  const onClose = () => {
    if (!res.writableFinished) controller.abort(new Error('the caller is gone'));
  };
  res.once('close', onClose);
  let over = false;
  const running = work(controller.signal);
  running.catch((error: unknown) => {
    if (over) late(error);
  });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      over = true;
      controller.abort(timedOut);
      reject(timedOut);
    }, seconds * 1000);
  });
  try {
    return await Promise.race([running, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
