import { randomUUID } from 'node:crypto';
import { type Caller, recordAudit } from '../../db/audit.ts';
import { alsoAsTenant, type Tx } from '../../db/client.ts';
import { lockVersion } from '../../db/versioned.ts';
import { BUILT_IN_PROFILES, type BuiltInProfile } from '../../domain/dialling/built-in-profiles.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { BUILTIN_ROLE_KEYS, BUILTIN_ROLES } from '../../domain/roles.ts';
import { differing } from '../changes.ts';
import type { FeatureDeps } from '../deps.ts';
import { limitColumns, wrongField } from '../fields.ts';
import { ownedNumberId } from '../numbers/owned.ts';
import { need, record, type TenantWork } from '../tenant-work.ts';
import type { NewTenant, TenantChange } from './contract.ts';
import { rangesBody, type TenantRow, tenantSummary } from './presentation.ts';
import { checkedRanges, readRanges, replaceRanges } from './ranges.ts';

type Deps = Pick<FeatureDeps, 'isReservedExtension'>;

const known = new WeakMap<object, Promise<TenantRow>>();

/**
 * The tenant's row, for services that need its country, length or policies; read once for each piece of work,
 * because creating a user asks for it four times.
 */
export function tenantOf(work: Pick<TenantWork, 'tx' | 'tenantId'>): Promise<TenantRow> {
  const row = known.get(work) ?? tenantRow(work.tx, work.tenantId);
  known.set(work, row);
  return row;
}

async function tenantRow(tx: Tx, tenantId: string): Promise<TenantRow> {
  const row = await tx.tenant.findUnique({ where: { id: tenantId } });
  if (!row) throw notFound('tenant', tenantId);
  return row;
}

export type TenantBody = Awaited<ReturnType<typeof readTenant>>;

export async function readTenant(tx: Tx, tenantId: string) {
  const row = await tenantRow(tx, tenantId);
  const number = row.defaultNumberId
    ? await tx.phoneNumber.findFirst({ where: { tenantId, id: row.defaultNumberId } })
    : null;
  return {
    ...tenantSummary(row),
    extensionRanges: rangesBody(await readRanges(tx, tenantId), row.extensionLength),
    defaultNumber: number?.e164 ?? null,
    activeUsers: await tx.user.count({ where: { tenantId, status: 'active' } }),
  };
}

/** Founds a tenant in a transaction of the platform: its roles, built-in dial profiles and ranges with it. */
export async function createTenant(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  { extensionRanges, limits, nodeId, sipDomain, ...columns }: NewTenant,
): Promise<TenantBody> {
  const id = randomUUID();
  const profiles = BUILT_IN_PROFILES.map((builtin) => ({
    builtin,
    name: PROFILE_NAMES[builtin],
    tenantId: id,
    id: randomUUID(),
  }));
  await alsoAsTenant(tx, id);
  await tx.tenant.create({
    data: {
      ...columns,
      ...limitColumns(limits),
      id,
      // A name that resolves nowhere: phones are told the node's address, and dial each other inside.
      sipDomain: sipDomain ?? `${columns.slug}.patchbay.local`,
      nodeId: nodeId ?? (await theOnlyNode(tx)),
      defaultProfileId: profiles.find((profile) => profile.builtin === 'national')!.id,
    },
  });
  await tx.dialProfile.createMany({ data: profiles });
  await tx.role.createMany({
    data: BUILTIN_ROLE_KEYS.map((builtin) => ({
      tenantId: id,
      builtin,
      name: BUILTIN_ROLES[builtin].name,
      permissions: [...BUILTIN_ROLES[builtin].permissions],
      teamsOnly: BUILTIN_ROLES[builtin].teamsOnly ?? false,
    })),
  });
  const reserved = (number: string) => deps.isReservedExtension(columns.country, number);
  const ranges = checkedRanges(extensionRanges, columns.extensionLength, reserved);
  await tx.extensionRange.createMany({ data: ranges.map((range) => ({ ...range, tenantId: id })) });
  const body = await readTenant(tx, id);
  await recordAudit(tx, null, caller, {
    action: 'tenant.create',
    objectType: 'tenant',
    objectId: id,
    after: body,
  });
  return body;
}

/** Their rules are compiled from code, by the country: rows hold the names only. */
const PROFILE_NAMES: Record<BuiltInProfile, string> = {
  internal: 'Internal only',
  national: 'National fixed & mobile',
  'national-special': 'National & special',
  international: 'International',
};

async function theOnlyNode(tx: Tx): Promise<string> {
  const nodes = await tx.pbxNode.findMany({ select: { id: true }, take: 2 });
  if (nodes.length === 1) return nodes[0]!.id;
  throw wrongField(
    '/nodeId',
    nodes.length === 0
      ? 'There is no PBX node yet. Add one first: POST /api/v1/nodes.'
      : 'There are several PBX nodes. Say on which one the tenant lives: GET /api/v1/nodes.',
  );
}

/** What only the platform changes: other systems know the tenant by these, or its PBX is laid out by them. */
const OF_THE_PLATFORM = ['slug', 'country', 'extensionLength', 'sipDomain', 'nodeId'] as const;

export async function updateTenant(
  work: TenantWork,
  deps: Deps,
  change: TenantChange,
  ifMatch: number | null,
): Promise<TenantBody> {
  const { tx, tenantId } = work;
  if (OF_THE_PLATFORM.some((name) => change[name] !== undefined)) need(work, 'tenants:write');
  await lockVersion(tx, 'tenants', tenantId, ifMatch);
  const row = await tenantRow(tx, tenantId);
  const before = await readTenant(tx, tenantId);
  const { extensionRanges, limits, defaultNumber, ...columns } = change;
  const country = columns.country ?? row.country;
  const length = columns.extensionLength ?? row.extensionLength;
  const data = differing(row, {
    ...columns,
    ...limitColumns(limits),
    ...(defaultNumber !== undefined && {
      defaultNumberId: defaultNumber && (await ownedNumberId(work, defaultNumber, country, '/defaultNumber')),
    }),
  });
  const concernsRanges = extensionRanges ?? columns.country ?? columns.extensionLength;
  if (concernsRanges === undefined && data === null) return before;
  if (concernsRanges !== undefined) {
    const typed = extensionRanges ?? (length === row.extensionLength ? before.extensionRanges : undefined);
    const ranges = checkedRanges(typed, length, (number) => deps.isReservedExtension(country, number));
    await replaceRanges(tx, tenantId, ranges, length);
  }
  // Ranges belong to what the version stands for, though they are rows of their own.
  await tx.tenant.update({ where: { id: tenantId }, data: data ?? { updatedAt: new Date() } });
  const after = await readTenant(tx, tenantId);
  await record(work, {
    action: 'tenant.update',
    objectType: 'tenant',
    objectId: tenantId,
    before,
    after,
  });
  return after;
}

/**
 * Removes a tenant with everything in it, from a transaction of the platform. Refused while it has users, unless
 * `force`: their calls in progress go on to their end on the PBX, their phones stop working at once.
 */
export async function deleteTenant(
  tx: Tx,
  caller: Caller,
  tenantId: string,
  options: { confirm: string; force: boolean },
): Promise<void> {
  await alsoAsTenant(tx, tenantId);
  await lockVersion(tx, 'tenants', tenantId, null);
  const before = await readTenant(tx, tenantId);
  if (options.confirm !== before.slug)
    throw new DomainError('validation-failed', 'The confirmation does not name this tenant.', {
      fields: [{ in: 'query', path: '/confirm', message: "Send the tenant's slug." }],
    });
  const users = await tx.user.count({ where: { tenantId } });
  if (users > 0 && !options.force)
    throw new DomainError(
      'in-use',
      `This tenant still has ${users} ${users === 1 ? 'user' : 'users'}. Delete them first, or send force=true to remove them with it.`,
      { detail: { users } },
    );
  // What others refer to goes after them; the rest goes with the tenant's row. Roles are taken away first, because
  // an organisation administrator stays.
  await tx.userRole.deleteMany({ where: { tenantId } });
  await tx.team.deleteMany({ where: { tenantId } });
  await tx.callerIdGroup.deleteMany({ where: { tenantId } });
  await tx.user.deleteMany({ where: { tenantId } });
  await tx.tenant.delete({ where: { id: tenantId } });
  await recordAudit(tx, null, caller, {
    action: 'tenant.delete',
    objectType: 'tenant',
    objectId: tenantId,
    before,
  });
}
