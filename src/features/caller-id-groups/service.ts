import type { Tx } from '../../db/client.ts';
import { lockVersion } from '../../db/versioned.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { requireE164 } from '../numbers/e164.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { tenantOf } from '../tenants/service.ts';

/** `numbers` in the order in which they take turns, written in any form. */
export type NewGroup = { name: string; numbers: readonly string[] };
export type GroupChange = Partial<NewGroup>;

const WITH_NUMBERS = {
  include: {
    numbers: {
      orderBy: { position: 'asc' },
      select: { number: { select: { e164: true } } },
    },
    _count: { select: { teams: true } },
  },
} as const;

const findGroup = (tx: Tx, tenantId: string, id: string) =>
  tx.callerIdGroup.findFirst({ where: { tenantId, id }, ...WITH_NUMBERS });

function groupBody(row: NonNullable<Awaited<ReturnType<typeof findGroup>>>) {
  return {
    id: row.id,
    name: row.name,
    numbers: row.numbers.map(({ number }) => number.e164),
    teams: row._count.teams,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

export type GroupBody = ReturnType<typeof groupBody>;

export async function readGroup({ tx, tenantId }: TenantWork, id: string): Promise<GroupBody> {
  const row = await findGroup(tx, tenantId, id);
  if (!row) throw notFound('caller ID group', id);
  return groupBody(row);
}

export async function listGroups(
  { tx, tenantId }: TenantWork,
  after: string | null,
  take: number,
): Promise<GroupBody[]> {
  const rows = await tx.callerIdGroup.findMany({
    where: { tenantId, ...(after !== null && { name: { gt: after } }) },
    ...WITH_NUMBERS,
    orderBy: { name: 'asc' },
    take,
  });
  return rows.map(groupBody);
}

export async function createGroup(work: TenantWork, { name, numbers }: NewGroup): Promise<GroupBody> {
  const { tx, tenantId } = work;
  const { id } = await tx.callerIdGroup.create({ data: { tenantId, name }, select: { id: true } });
  await setNumbers(work, id, numbers);
  const after = await readGroup(work, id);
  await record(work, {
    action: 'caller-id-group.create',
    objectType: 'caller-id-group',
    objectId: id,
    after,
  });
  return after;
}

export async function updateGroup(
  work: TenantWork,
  id: string,
  change: GroupChange,
  ifMatch: number | null,
): Promise<GroupBody> {
  const { tx, tenantId } = work;
  await lockVersion(tx, 'caller_id_groups', id, ifMatch);
  const before = await readGroup(work, id);
  if (change.numbers) {
    await tx.callerIdGroupNumber.deleteMany({ where: { tenantId, groupId: id } });
    await setNumbers(work, id, change.numbers);
  }
  const name = change.name ?? before.name;
  const after = await readGroup(work, id);
  if (name === before.name && after.numbers.join() === before.numbers.join()) return before;
  // Its numbers belong to what the version stands for.
  await tx.callerIdGroup.update({ where: { id }, data: { name, updatedAt: new Date() } });
  const changed = await readGroup(work, id);
  await record(work, {
    action: 'caller-id-group.update',
    objectType: 'caller-id-group',
    objectId: id,
    before,
    after: changed,
  });
  return changed;
}

/** Throws `in-use` while a team shows its numbers. */
export async function deleteGroup(work: TenantWork, id: string, ifMatch: number | null): Promise<void> {
  await lockVersion(work.tx, 'caller_id_groups', id, ifMatch);
  const before = await readGroup(work, id);
  await work.tx.callerIdGroup.delete({ where: { id } });
  await record(work, {
    action: 'caller-id-group.delete',
    objectType: 'caller-id-group',
    objectId: id,
    before,
  });
}

async function setNumbers(work: TenantWork, groupId: string, written: readonly string[]): Promise<void> {
  const { tx, tenantId } = work;
  const { country } = await tenantOf(work);
  const wanted = written.map((text, index) => requireE164(text, country, `/numbers/${index}`));
  const owned = await tx.phoneNumber.findMany({
    where: { tenantId, e164: { in: wanted } },
    select: { id: true, e164: true },
  });
  const idOf = new Map(owned.map(({ id, e164 }) => [e164, id]));
  const missing = wanted.flatMap((e164, index) => (idOf.has(e164) ? [] : [`/numbers/${index}`]));
  if (missing.length > 0)
    throw new DomainError('number-not-owned', 'The tenant does not own all of these numbers.', {
      fields: missing.map((path) => ({ path, message: "Send one of the tenant's numbers: GET …/numbers." })),
    });
  await tx.callerIdGroupNumber.createMany({
    data: wanted.map((e164, position) => ({ tenantId, groupId, position, numberId: idOf.get(e164)! })),
  });
}
