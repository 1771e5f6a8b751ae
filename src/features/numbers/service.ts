import type { Tx } from '../../db/client.ts';
import { lockVersion } from '../../db/versioned.ts';
import { notFound } from '../../domain/errors.ts';
import { searchedDigits } from '../../domain/numbers/written.ts';
import { displayNameOf } from '../../domain/users/display-name.ts';
import { differing } from '../changes.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { tenantOf } from '../tenants/service.ts';
import { requireE164 } from './e164.ts';

export type NumberChange = { label?: string | null; userId?: string | null };
export type NewNumber = NumberChange & { e164: string };

/** `given`: to a user. `search`: digits anywhere in the number, or a part of the label. */
export type NumberFilter = { search?: string; given?: boolean };

const WITH_USER = {
  include: {
    rings: { select: { id: true, username: true, firstName: true, lastName: true, callerIdName: true } },
  },
} as const;

const findNumber = (tx: Tx, tenantId: string, id: string) =>
  tx.phoneNumber.findFirst({ where: { tenantId, id }, ...WITH_USER });

function numberBody(row: NonNullable<Awaited<ReturnType<typeof findNumber>>>) {
  return {
    id: row.id,
    e164: row.e164,
    label: row.label,
    userId: row.userId,
    user: row.rings && { id: row.rings.id, username: row.rings.username, name: displayNameOf(row.rings) },
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

export type NumberBody = ReturnType<typeof numberBody>;

export async function readNumber({ tx, tenantId }: TenantWork, id: string): Promise<NumberBody> {
  const row = await findNumber(tx, tenantId, id);
  if (!row) throw notFound('number', id);
  return numberBody(row);
}

/** By number, `take` of them after the one given. */
export async function listNumbers(
  { tx, tenantId }: TenantWork,
  { search, given }: NumberFilter,
  after: string | null,
  take: number,
): Promise<NumberBody[]> {
  const digits = search ? searchedDigits(search) : null;
  const matches = search && [
    { label: { contains: search, mode: 'insensitive' as const } },
    ...(digits === null ? [] : [{ e164: { contains: digits } }]),
  ];
  const rows = await tx.phoneNumber.findMany({
    where: {
      tenantId,
      ...(after !== null && { e164: { gt: after } }),
      ...(given !== undefined && { userId: given ? { not: null } : null }),
      ...(matches && { AND: { OR: matches } }),
    },
    ...WITH_USER,
    orderBy: { e164: 'asc' },
    take,
  });
  return rows.map(numberBody);
}

/** Throws `number-taken` when it is entered anywhere in the installation. */
export async function createNumber(
  work: TenantWork,
  { e164, label, userId }: NewNumber,
): Promise<NumberBody> {
  const { tx, tenantId } = work;
  const { country } = await tenantOf(work);
  const { id } = await tx.phoneNumber.create({
    data: { tenantId, e164: requireE164(e164, country, '/e164'), label, userId },
    select: { id: true },
  });
  const after = await readNumber(work, id);
  await record(work, { action: 'number.create', objectType: 'number', objectId: id, after });
  return after;
}

/** The number itself stays: another number is another row. */
export async function updateNumber(
  work: TenantWork,
  id: string,
  change: NumberChange,
  ifMatch: number | null,
): Promise<NumberBody> {
  const { tx } = work;
  await lockVersion(tx, 'numbers', id, ifMatch);
  const before = await readNumber(work, id);
  const data = differing<NumberChange>(before, change);
  if (!data) return before;
  await tx.phoneNumber.update({ where: { id }, data });
  const after = await readNumber(work, id);
  await record(work, { action: 'number.update', objectType: 'number', objectId: id, before, after });
  return after;
}

/** Throws `in-use` while somebody shows it: a user, a caller ID group, the tenant. */
export async function deleteNumber(work: TenantWork, id: string, ifMatch: number | null): Promise<void> {
  await lockVersion(work.tx, 'numbers', id, ifMatch);
  const before = await readNumber(work, id);
  await work.tx.phoneNumber.delete({ where: { id } });
  await record(work, { action: 'number.delete', objectType: 'number', objectId: id, before });
}
