/**
 * Tables whose rows are found by the longest prefix: in memory here, in AstDB on the PBX, where
 * asterisk-config/extensions/decide.conf looks the same rows up in the same order.
 */
export type Rows = ReadonlyMap<string, string>;

/** A row for what is unassigned inside a range that is assigned. */
export const HOLE = '-';

/** The value of the longest row that `text` begins with, or null. `deepest` is the length of the longest key. */
export function longestPrefix(rows: Rows, text: string, deepest: number): string | null {
  for (let length = Math.min(deepest, text.length); length > 0; length -= 1) {
    const value = rows.get(text.slice(0, length));
    if (value !== undefined) return value;
  }
  return null;
}

/** The letter that a row `length:mask` has for a string of this length; null for none. */
export function letterAtLength(firstLength: number, mask: string, length: number): string | null {
  const letter = length < firstLength ? undefined : mask[length - firstLength];
  return letter === undefined || letter === '-' ? null : letter;
}

/** Rows of `country key value` lines, by country. */
export function rowsByCountry(lines: string): ReadonlyMap<string, Rows> {
  const result = new Map<string, Map<string, string>>();
  for (const line of lines.split('\n')) {
    const [country, key, value] = line.split(' ');
    if (value === undefined) continue;
    const rows = result.get(country!) ?? new Map<string, string>();
    result.set(country!, rows.set(key!, value));
  }
  return result;
}

/** A function that works its result out at the first call and keeps it: the tables cost a few milliseconds each. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
