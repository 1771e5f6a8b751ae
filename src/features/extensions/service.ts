import type { Tx } from '../../db/client.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { displayNameOf } from '../../domain/users/display-name.ts';
import type { TenantWork } from '../tenant-work.ts';
import { rangesBody, type TenantRow } from '../tenants/presentation.ts';
import { readRanges } from '../tenants/ranges.ts';
import { tenantOf } from '../tenants/service.ts';
import { freeExtensions } from './free.ts';
import { lockExtensions } from './lock.ts';

export type ExtensionBody = {
  number: string;
  free: boolean;
  user: { id: string; username: string; name: string } | null;
  assignedAt: string | null;
};

/** In the order of the numbers; `free` chooses the free ones, the assigned ones, or (undefined) all. */
export async function listExtensions(
  work: TenantWork,
  options: { free?: boolean; after: string | null; take: number },
): Promise<ExtensionBody[]> {
  const { free, after, take } = options;
  const assigned = free === true ? [] : await assignedAfter(work, after, take);
  if (free === false) return assigned;
  const from = after === null ? 0 : Number(after) + 1;
  const unassigned = (await freeExtensions(work.tx, await tenantOf(work), take, from)).map(freeBody);
  return [...assigned, ...unassigned].toSorted((a, b) => (a.number < b.number ? -1 : 1)).slice(0, take);
}

const SHOWN = { number: true, userId: true, assignedAt: true } as const;
type AssignedRow = { number: string; userId: string; assignedAt: Date };

/** Users are asked for apart: to a supervisor an extension of another team is taken, and by whom remains hidden. */
async function assignedBodies(tx: Tx, rows: readonly AssignedRow[]): Promise<ExtensionBody[]> {
  const users = await tx.user.findMany({
    where: { id: { in: rows.map(({ userId }) => userId) } },
    select: { id: true, username: true, firstName: true, lastName: true, callerIdName: true },
  });
  const byId = new Map(users.map((user) => [user.id, user]));
  return rows.map(({ number, userId, assignedAt }) => {
    const user = byId.get(userId);
    return {
      number,
      free: false,
      user: user ? { id: userId, username: user.username, name: displayNameOf(user) } : null,
      assignedAt: assignedAt.toISOString(),
    };
  });
}

async function assignedAfter(
  { tx, tenantId }: TenantWork,
  after: string | null,
  take: number,
): Promise<ExtensionBody[]> {
  const rows = await tx.extension.findMany({
    where: { tenantId, ...(after !== null && { number: { gt: after } }) },
    select: SHOWN,
    orderBy: { number: 'asc' },
    take,
  });
  return assignedBodies(tx, rows);
}

const freeBody = (number: string): ExtensionBody => ({ number, free: true, user: null, assignedAt: null });

/** One extension of the tenant's ranges, assigned or free. */
export async function readExtension(work: TenantWork, number: string): Promise<ExtensionBody> {
  const { tx, tenantId } = work;
  const row = await tx.extension.findFirst({ where: { tenantId, number }, select: SHOWN });
  if (row) return (await assignedBodies(tx, [row]))[0]!;
  const tenant = await tenantOf(work);
  const inRange = number.length === tenant.extensionLength && (await rangeAround(work, number));
  if (!inRange) throw notFound('extension', number);
  return freeBody(number);
}

/** Throws `no-free-extension`. */
export async function nextFreeExtension(work: TenantWork): Promise<string> {
  const [next] = await freeExtensions(work.tx, await tenantOf(work), 1);
  if (next === undefined)
    throw new DomainError(
      'no-free-extension',
      'No extension is free. Unassign one, or widen the ranges in the settings of the tenant.',
    );
  return next;
}

/**
 * Gives a user an extension: the one named, or the next free one. Throws `extension-taken`,
 * `extension-out-of-range`, `no-free-extension`, and `conflict-duplicate` when the user has one already.
 */
export async function assignExtension(
  work: TenantWork,
  userId: string,
  wanted: string | 'next',
): Promise<string> {
  const { tx, tenantId } = work;
  await lockExtensions(tx, tenantId);
  const tenant = await tenantOf(work);
  const number = wanted === 'next' ? await nextFreeExtension(work) : wanted;
  const range = number.length === tenant.extensionLength ? await rangeAround(work, number) : null;
  if (!range) throw outOfRange(tenant, await readRanges(tx, tenantId));
  const { id: rangeId, first: rangeFirst, last: rangeLast } = range;
  await tx.extension.create({ data: { tenantId, number, userId, rangeId, rangeFirst, rangeLast } });
  return number;
}

/** Takes a user's extension away; returns its number, null when the user had none. Phones and numbers stay. */
export async function unassignExtension(
  { tx, tenantId }: TenantWork,
  userId: string,
): Promise<string | null> {
  const row = await tx.extension.findFirst({ where: { tenantId, userId } });
  if (row) await tx.extension.delete({ where: { tenantId_number: { tenantId, number: row.number } } });
  return row?.number ?? null;
}

/**
 * Makes `wanted` the user's extension; null takes it away; `next` is content with the one that the user has.
 * Returns whether anything changed.
 */
export async function changeExtension(
  work: TenantWork,
  userId: string,
  wanted: string | 'next' | null,
): Promise<boolean> {
  const { tx, tenantId } = work;
  const current = await tx.extension.findFirst({ where: { tenantId, userId }, select: { number: true } });
  if ((current?.number ?? null) === wanted || (current && wanted === 'next')) return false;
  if (current) await unassignExtension(work, userId);
  if (wanted !== null) await assignExtension(work, userId, wanted);
  return true;
}

function rangeAround({ tx, tenantId }: TenantWork, number: string) {
  const value = Number(number);
  return tx.extensionRange.findFirst({ where: { tenantId, first: { lte: value }, last: { gte: value } } });
}

function outOfRange(tenant: TenantRow, ranges: { first: number; last: number }[]): DomainError {
  const shown = rangesBody(ranges, tenant.extensionLength)
    .slice(0, 5)
    .map(({ first, last }) => `${first} to ${last}`);
  return new DomainError(
    'extension-out-of-range',
    `This extension is outside the tenant's ranges: ${shown.join(', ')}. Choose one inside, or widen a range.`,
    { fields: [{ path: '/extension', message: `Send ${tenant.extensionLength} digits inside a range.` }] },
  );
}
