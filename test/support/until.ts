/** Looks again and again until `look` returns something true, and returns that; fails with `what` when the time is up. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  deadlineMs = 15_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen as NonNullable<T>;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`${what}: not within ${deadlineMs} ms (last: ${String(last)})`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
