import type { Cell } from './table.ts';

/** The columns that belong to `spread`. */
export const SPREAD = ['n', 'min', 'median', 'p99', 'max'] as const;

/** How measured values are spread; p99 is the value that one in a hundred exceeds, by nearest rank. */
export function spread(values: readonly number[]): Cell[] {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return [sorted.length, rank(0), rank(0.5), rank(0.99), rank(1)];
}

export function median(values: readonly number[]): number {
  return spread(values)[2] as number;
}
