import type { Tx } from '../../db/client.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  defaultRange,
  type ExtensionRange,
  type IsReserved,
  rangeProblem,
  reservedIn,
} from '../../domain/extensions/ranges.ts';
import { lockExtensions } from '../extensions/lock.ts';
import { wrongField } from '../fields.ts';

export type TypedRange = { first: string; last: string };

/** Ranges as typed, checked against the length and the country's emergency numbers; the default where none was. */
export function checkedRanges(
  typed: readonly TypedRange[] | undefined,
  length: number,
  isReserved: IsReserved,
): ExtensionRange[] {
  if (typed === undefined) return [defaultRange(length, isReserved)];
  return typed.map(({ first, last }, index) => {
    const path = `/extensionRanges/${index}`;
    const problem = rangeProblem(first, last, length);
    if (problem !== null) throw wrongField(path, problem);
    const range = { first: Number(first), last: Number(last) };
    const reserved = reservedIn(range, length, isReserved);
    if (reserved.length > 0)
      throw wrongField(
        path,
        `The range holds emergency numbers (${reserved.slice(0, 5).join(', ')}), which could never be called as extensions. Choose a range without them.`,
      );
    return range;
  });
}

export async function readRanges(tx: Tx, tenantId: string): Promise<ExtensionRange[]> {
  return tx.extensionRange.findMany({
    where: { tenantId },
    select: { first: true, last: true },
    orderBy: { first: 'asc' },
  });
}

/**
 * Makes these the tenant's ranges. Those that stay as they are keep their rows; the extensions of the others
 * move to the range that now holds them. Throws `extension-out-of-range` when one in use is in none.
 */
export async function replaceRanges(
  tx: Tx,
  tenantId: string,
  wanted: readonly ExtensionRange[],
  length: number,
): Promise<void> {
  await lockExtensions(tx, tenantId);
  const existing = await readRanges(tx, tenantId);
  const same = (a: ExtensionRange) => (b: ExtensionRange) => a.first === b.first && a.last === b.last;
  const gone = existing.filter((range) => !wanted.some(same(range)));
  const added = wanted.filter((range) => !existing.some(same(range)));
  await refuseLosingExtensions(tx, tenantId, wanted, length);
  await tx.$executeRaw`SET CONSTRAINTS extensions_tenant_id_range_id_range_first_range_last_fkey DEFERRED`;
  for (const { first, last } of gone)
    await tx.extensionRange.deleteMany({ where: { tenantId, first, last } });
  await tx.extensionRange.createMany({ data: added.map(({ first, last }) => ({ tenantId, first, last })) });
  await tx.$executeRaw`
    UPDATE extensions e SET range_id = r.id, range_first = r.first, range_last = r.last
    FROM extension_ranges r
    WHERE e.tenant_id = ${tenantId}::uuid AND r.tenant_id = e.tenant_id
      AND e.number::integer BETWEEN r.first AND r.last AND e.range_id <> r.id`;
}

async function refuseLosingExtensions(
  tx: Tx,
  tenantId: string,
  wanted: readonly ExtensionRange[],
  length: number,
): Promise<void> {
  const outside = await tx.$queryRaw<{ number: string }[]>`
    SELECT number FROM extensions WHERE tenant_id = ${tenantId}::uuid AND (length(number) <> ${length}::integer
      OR NOT EXISTS (SELECT 1 FROM unnest(${wanted.map((range) => range.first)}::integer[],
                                          ${wanted.map((range) => range.last)}::integer[]) w (first, last)
                     WHERE number::integer BETWEEN w.first AND w.last))
    ORDER BY number LIMIT 5`;
  if (outside.length === 0) return;
  const named = outside.map(({ number }) => number).join(', ');
  throw new DomainError(
    'extension-out-of-range',
    `Extensions in use would be in no range any more, ${named} among them. Unassign them first, or keep a range around them.`,
    { fields: [{ path: '/extensionRanges', message: 'Keep a range around the extensions in use.' }] },
  );
}
