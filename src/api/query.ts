import { z } from 'zod';

/**
 * The query of an address as an object: a parameter that comes once is a text, one that comes
 * more often a list. URLSearchParams never throws, so broken percent-encoding becomes U+FFFD and
 * is then judged by the schema like any other text.
 */
export function parseQuery(url: string): Record<string, string | string[]> {
  const mark = url.indexOf('?');
  const query: Record<string, string | string[]> = {};
  if (mark < 0) return query;
  for (const [name, value] of new URLSearchParams(url.slice(mark + 1))) {
    const before = Object.hasOwn(query, name) ? query[name] : undefined;
    const now = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
    // Not by assignment: `__proto__` would set the prototype instead of being seen and refused.
    Object.defineProperty(query, name, { value: now, enumerable: true, writable: true, configurable: true });
  }
  return query;
}

/** A parameter that may come several times: `?tag=a&tag=b`. */
export function repeated<S extends z.ZodType>(item: S, most = 50) {
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item).max(most).optional(),
  );
}

/** `true` or `false`. (`z.coerce.boolean()` takes the text "false" for true.) */
export function flag() {
  return z.enum(['true', 'false']).transform((text) => text === 'true');
}
