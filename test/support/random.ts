/** Pseudo-random draws that can be repeated: the seed is printed, and `SEED=… npm test` takes the same one again. */
export interface Random {
  readonly seed: number;
  /** A whole number from 0 to `below` - 1. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  digits(count: number): string;
}

export function randomFor(what: string): Random {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`${what}: seed ${seed}`);
  return randomOf(seed);
}

/** Mulberry32: 32 bits of state, good enough to draw test cases. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    seed,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(from.length)]!,
    digits: (count) => Array.from({ length: count }, () => int(10)).join(''),
  };
}
