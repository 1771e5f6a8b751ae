import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import type { Seal } from './seal.ts';

/**
 * Pages by cursor: a page starts after the last row of the one before, wherever rows were added or
 * removed meanwhile, and page 1,000 costs what page 1 does (an offset does neither).
 *
 * A cursor holds the sort key of that row, sealed: callers cannot read, build or alter it, and it
 * opens only for the same list, tenant and filters.
 */
export type Cursors = {
  /** The sort key after which to go on; null for the first page. Throws `validation-failed`. */
  after<K extends z.ZodType>(cursor: string | undefined, key: K): z.output<K> | null;
  /** Cuts the page. Give it `limit + 1` rows: the one too many says that there is a next page. */
  page<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => unknown): Page<Row>;
};

export type Page<Row> = { items: Row[]; next: string | null };

export const MAX_PAGE = 200;

/** The query of a list: `limit`, `cursor`, and the filters given. */
export function pageQuery<F extends z.ZodRawShape>(filters: F) {
  return z.object({
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(MAX_PAGE)
      .default(50)
      .meta({ description: `How many at most, 1 to ${MAX_PAGE}.` }),
    cursor: z
      .string()
      .max(2000)
      .optional()
      .meta({ description: 'Where to go on: `next` of the page before, unchanged, with the same filters.' }),
    ...filters,
  });
}

/** The response of a list. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().meta({ description: 'Cursor of the next page; null on the last.' }),
  });
}

/** `list` is what the cursor belongs to: the address and the filters. */
export function createCursors(seal: Seal, list: string): Cursors {
  return {
    after(cursor, key) {
      if (cursor === undefined) return null;
      const text = seal.open(cursor, list);
      const parsed = text === null ? null : key.safeParse(JSON.parse(text));
      if (parsed?.success) return parsed.data;
      throw new DomainError('validation-failed', 'The cursor does not belong to this list.', {
        fields: [
          {
            in: 'query',
            path: '/cursor',
            message:
              'Leave it out to start at the first page, or send `next` unchanged with the same filters.',
          },
        ],
      });
    },
    page(rows, limit, keyOf) {
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { items, next: more ? seal.seal(JSON.stringify(keyOf(last)), list) : null };
    },
  };
}
