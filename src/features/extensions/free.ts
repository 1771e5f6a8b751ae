import type { Tx } from '../../db/client.ts';
import { extensionText } from '../../domain/extensions/ranges.ts';

/**
 * The gaps between assigned extensions, each at most as long as what is asked for. Going through the assigned ones
 * in order costs 4 ms with 10,000 of them; going through every number of the ranges would cost as
 * much for each 1,000 that are free.
 */
const FREE = `
  WITH marks AS (
    SELECT r.first, r.last, greatest(r.first, $2::integer) - 1 AS n
    FROM extension_ranges r WHERE r.tenant_id = $1::uuid AND r.last >= $2
    UNION ALL
    SELECT e.range_first, e.range_last, e.number::integer
    FROM extensions e WHERE e.tenant_id = $1::uuid AND e.number::integer >= $2),
  gaps AS (
    SELECT n + 1 AS "from", lead(n, 1, last + 1) OVER (PARTITION BY first ORDER BY n) - 1 AS until FROM marks),
  nearest AS (
    SELECT "from", until FROM gaps WHERE until >= "from" ORDER BY "from" LIMIT $3::integer)
  SELECT n FROM nearest, generate_series("from", least(until, "from" + $3 - 1)) AS n ORDER BY n LIMIT $3`;

/**
 * The next `take` free extensions, lowest first, none below `from`. They are free in this transaction's eyes:
 * whoever wants to give them holds `lockExtensions`.
 */
export async function freeExtensions(
  tx: Tx,
  tenant: { id: string; extensionLength: number },
  take: number,
  from = 0,
): Promise<string[]> {
  const rows = await tx.$queryRawUnsafe<{ n: number }[]>(FREE, tenant.id, from, take);
  return rows.map(({ n }) => extensionText(n, tenant.extensionLength));
}
