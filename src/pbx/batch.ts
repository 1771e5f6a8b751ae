import { isConnectionTrouble, PbxError } from './pbx-error.ts';
import type { BatchOptions, BatchReport, PbxPath } from './port.ts';

/** How many settled entries lie between two reports of progress. */
const PROGRESS_STEP = 500;

/**
 * Works through the items in their order, `window` of them at once, and says of each whether it was
 * done. Trouble with the connection ends the batch: what has not been sent by then stays unsent, even if
 * the connection comes back meanwhile, because the caller has to look at the PBX anew before going on.
 */
export async function runBatch<T>(
  items: readonly T[],
  window: number,
  pathOf: (item: T) => PbxPath,
  act: (item: T) => Promise<void>,
  { onProgress, signal }: BatchOptions = {},
): Promise<BatchReport> {
  const errors = new Map<number, PbxError>();
  let next = 0;
  let settled = 0;
  let stop: PbxError | null = null;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      if (signal?.aborted) stop ??= new PbxError('pbx-cancelled', 'The batch was cancelled');
      try {
        if (stop) throw stop;
        await act(items[index]!);
      } catch (error) {
        const failure = error as PbxError;
        errors.set(index, failure);
        if (isConnectionTrouble(failure)) stop ??= unsent(failure);
      }
      if (++settled % PROGRESS_STEP === 0 && settled < items.length) onProgress?.(settled, items.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, items.length) }, work));
  onProgress?.(settled, items.length);
  const failures = [...errors.keys()]
    .sort((a, b) => a - b)
    .map((index) => ({ path: pathOf(items[index]!), error: errors.get(index)! }));
  return { done: items.length - failures.length, failures };
}

/** For the entries behind the one whose failure ended the batch. */
function unsent(failure: PbxError): PbxError {
  return new PbxError('pbx-not-connected', `Not sent: ${failure.message}`, { cause: failure });
}
