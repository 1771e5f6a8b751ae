import { lockVersion } from '../../db/versioned.ts';
import type { DialProfile } from '../../domain/dialling/profile.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { profileOf } from '../../reconcile/profile-entries.ts';
import { USER_REF, type UserRef, userRef } from '../shared-schemas.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { checkRules, type Rules } from './rules.ts';

export type NewProfile = { name: string; rules: Rules };
export type ProfileChange = Partial<NewProfile>;

const WITH_RULES = {
  rules: { orderBy: { position: 'asc' } },
  _count: { select: { users: true } },
} as const;

const findProfile = ({ tx, tenantId }: TenantWork, id: string) =>
  tx.dialProfile.findFirst({ where: { tenantId, id }, include: WITH_RULES });
type ProfileRow = NonNullable<Awaited<ReturnType<typeof findProfile>>>;

/** A profile as everything here and the decision read it: a built-in one's rules are in the program. */
export function dialProfileOf(row: Pick<ProfileRow, 'builtin' | 'rules'>): DialProfile {
  const { builtin } = row;
  const rules = row.rules.map(({ verdict, target }) => ({ verdict: verdict as 'allow' | 'deny', target }));
  return profileOf({ builtin, rules });
}

/** What an administrator enters. */
function profileRecord(row: ProfileRow) {
  return { id: row.id, name: row.name, rules: dialProfileOf(row).rules as Rules };
}

export type ProfileBody = ReturnType<typeof profileBody>;

function profileBody(row: ProfileRow, tenant: { defaultProfileId: string | null; followers: number }) {
  const isDefault = row.id === tenant.defaultProfileId;
  return {
    ...profileRecord(row),
    builtin: row.builtin,
    isDefault,
    users: row._count.users + (isDefault ? tenant.followers : 0),
    revision: row.revision,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** The tenant's default profile, and how many users follow it. */
async function defaults({ tx, tenantId }: TenantWork) {
  const [tenant, followers] = [
    await tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { defaultProfileId: true } }),
    await tx.user.count({ where: { tenantId, profileId: null } }),
  ];
  return { ...tenant, followers };
}

export async function listProfiles(
  work: TenantWork,
  after: string | null,
  take: number,
): Promise<ProfileBody[]> {
  const { tx, tenantId } = work;
  const tenant = await defaults(work);
  const rows = await tx.dialProfile.findMany({
    where: { tenantId, ...(after !== null && { name: { gt: after } }) },
    orderBy: { name: 'asc' },
    include: WITH_RULES,
    take,
  });
  return rows.map((row) => profileBody(row, tenant));
}

export async function readProfile(work: TenantWork, id: string): Promise<ProfileBody> {
  const row = await findProfile(work, id);
  if (!row) throw notFound('dial profile', id);
  return profileBody(row, await defaults(work));
}

export async function createProfile(work: TenantWork, { name, rules }: NewProfile): Promise<ProfileBody> {
  const { tx, tenantId } = work;
  checkRules(rules, '/rules');
  const { id } = await tx.dialProfile.create({ data: { tenantId, name }, select: { id: true } });
  await writeRules(work, id, rules);
  const row = (await findProfile(work, id))!;
  await record(work, {
    action: 'dial-profile.create',
    objectType: 'dial-profile',
    objectId: id,
    after: profileRecord(row),
  });
  return profileBody(row, await defaults(work));
}

/**
 * Changes what is sent and differs. Other rules are another revision: its rows go to the PBX beside the old ones, and
 * one put makes them current, so that no call is decided by half of each.
 */
export async function updateProfile(
  work: TenantWork,
  id: string,
  { name, rules }: ProfileChange,
  ifMatch: number | null,
): Promise<ProfileBody> {
  const { tx } = work;
  const before = await ownProfile(work, id, ifMatch);
  const otherName = name !== undefined && name !== before.name;
  const otherRules = rules !== undefined && !sameRules(rules, profileRecord(before).rules);
  if (!otherName && !otherRules) return readProfile(work, id);
  if (otherRules) {
    checkRules(rules, '/rules');
    await tx.dialRule.deleteMany({ where: { tenantId: work.tenantId, profileId: id } });
    await writeRules(work, id, rules);
  }
  await tx.dialProfile.update({
    where: { id },
    data: { ...(otherName && { name }), ...(otherRules && { revision: { increment: 1 } }) },
  });
  const after = (await findProfile(work, id))!;
  await record(work, {
    action: 'dial-profile.update',
    objectType: 'dial-profile',
    objectId: id,
    before: profileRecord(before),
    after: profileRecord(after),
  });
  return profileBody(after, await defaults(work));
}

/**
 * Removes a profile that nobody uses, or gives everybody who uses it (and the tenant, whose default it may be)
 * another one in the same transaction. Throws `profile-in-use` with how many users that are.
 */
export async function deleteProfile(
  work: TenantWork,
  id: string,
  replaceWith: string | null,
  ifMatch: number | null,
): Promise<void> {
  const { tx, tenantId } = work;
  const before = await ownProfile(work, id, ifMatch);
  const { users, isDefault } = profileBody(before, await defaults(work));
  if (replaceWith !== null) await replaceProfile(work, id, replaceWith);
  else if (users > 0 || isDefault) throw inUse(users, isDefault);
  await record(work, {
    action: 'dial-profile.delete',
    objectType: 'dial-profile',
    objectId: id,
    before: profileRecord(before),
    after: replaceWith === null ? null : { replacedWith: replaceWith, users },
  });
  await tx.dialProfile.deleteMany({ where: { tenantId, id } });
}

/** Users in whose calls this profile decides: their own, or the tenant's default that they follow. By id. */
export async function listUsersOf(
  work: TenantWork,
  id: string,
  after: string | null,
  take: number,
): Promise<UserRef[]> {
  const { tx, tenantId } = work;
  const { isDefault } = await readProfile(work, id);
  const rows = await tx.user.findMany({
    where: {
      tenantId,
      OR: [{ profileId: id }, ...(isDefault ? [{ profileId: null }] : [])],
      ...(after !== null && { id: { gt: after } }),
    },
    orderBy: { id: 'asc' },
    select: USER_REF,
    take,
  });
  return rows.map(userRef);
}

/** Each user's own history says what happened to their profile. */
async function replaceProfile(work: TenantWork, from: string, to: string): Promise<void> {
  const { tx, tenantId, caller } = work;
  if (to === from || !(await findProfile(work, to)))
    throw new DomainError('validation-failed', 'There is no such other dial profile in this tenant.', {
      fields: [{ in: 'query', path: '/replaceWith', message: 'Send the id of another profile.' }],
    });
  const { kind, id, name } = caller.actor;
  await tx.$executeRaw`
    WITH changed AS (
      UPDATE users SET profile_id = ${to}::uuid WHERE tenant_id = ${tenantId}::uuid AND profile_id = ${from}::uuid
      RETURNING id)
    INSERT INTO audit (tenant_id, actor, request_id, ip, action, object_type, object_id, before, after)
    SELECT ${tenantId}::uuid, ${JSON.stringify({ kind, id, name })}::jsonb, ${caller.requestId}, ${caller.ip},
      'user.update', 'user', id, ${JSON.stringify({ profileId: from })}::jsonb, ${JSON.stringify({ profileId: to })}::jsonb
    FROM changed`;
  await tx.tenant.updateMany({
    where: { id: tenantId, defaultProfileId: from },
    data: { defaultProfileId: to },
  });
}

async function ownProfile(work: TenantWork, id: string, ifMatch: number | null): Promise<ProfileRow> {
  await lockVersion(work.tx, 'dial_profiles', id, ifMatch);
  const row = (await findProfile(work, id))!;
  if (row.builtin === null) return row;
  throw new DomainError(
    'is-built-in',
    'A built-in dial profile is read-only. Make one of your own with its rules, and change that.',
  );
}

function writeRules({ tx, tenantId }: TenantWork, profileId: string, rules: Rules): Promise<unknown> {
  return tx.dialRule.createMany({
    data: rules.map(({ action, match }, position) => ({
      tenantId,
      profileId,
      position,
      verdict: action,
      target: match,
    })),
  });
}

/** As values: the database keeps a rule's fields in an order of its own. */
function sameRules(a: Rules, b: Rules): boolean {
  return JSON.stringify(a, sortedKeys) === JSON.stringify(b, sortedKeys);
}

function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function inUse(users: number, isDefault: boolean): DomainError<'profile-in-use'> {
  const who = isDefault ? "the tenant's default, which" : 'a profile that';
  return new DomainError(
    'profile-in-use',
    `This is ${who} ${users} ${users === 1 ? 'user uses' : 'users use'}. Name another one with replaceWith, or change those first.`,
    { detail: { users } },
  );
}
