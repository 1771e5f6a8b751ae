/**
 * Everything that a suite opened, so that one `afterAll(closePhones)` leaves no process, no socket
 * and no browser context behind, also after a failed test.
 */

type Closable = { close(): Promise<void> };

const open = new Set<Closable>();

export function closeLater<T extends Closable>(thing: T): T {
  open.add(thing);
  return thing;
}

export async function closePhones(): Promise<void> {
  const closing = [...open];
  open.clear();
  const results = await Promise.allSettled(closing.map((thing) => thing.close()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
