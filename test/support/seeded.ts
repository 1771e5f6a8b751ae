import fc from 'fast-check';

/**
 * Runs a property with a seed of its own for every run, printed so that a failure can be repeated:
 * `SEED=… npm test`.
 */
export async function checkSeeded(
  name: string,
  property: fc.IProperty<unknown[]> | fc.IAsyncProperty<unknown[]>,
  numRuns: number,
): Promise<void> {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`${name}: seed ${seed}`);
  await fc.assert(property as fc.IAsyncProperty<unknown[]>, { seed, numRuns });
}
