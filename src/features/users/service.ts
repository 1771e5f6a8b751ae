import { lockVersion } from '../../db/versioned.ts';
import { setAttributes } from '../attributes/values.ts';
import { differing } from '../changes.ts';
import type { FeatureDeps } from '../deps.ts';
import { assignExtension, changeExtension } from '../extensions/service.ts';
import { limitColumns, wrongField } from '../fields.ts';
import { setSkills, setTags } from '../labels/assign.ts';
import { addLine, endWebphoneLines } from '../lines/service.ts';
import { ownedNumberId } from '../numbers/owned.ts';
import { keepingAnAdministrator, setRoles } from '../roles/service.ts';
import { need, needEverywhere, record, type TenantWork } from '../tenant-work.ts';
import { tenantOf } from '../tenants/service.ts';
import { unusedAlias } from './alias.ts';
import type { NewUser, UserChange } from './fields.ts';
import { type UserBody, userBody, userRecord } from './presentation.ts';
import { readUserRow } from './rows.ts';

type Deps = Pick<FeatureDeps, 'seal'>;

export async function readUser({ tx, tenantId }: TenantWork, userId: string): Promise<UserBody> {
  return userBody(await readUserRow(tx, tenantId, userId));
}

/** A user with roles, and, where asked for, an extension and a phone. Everything or nothing. */
export async function createUser(
  work: TenantWork,
  deps: Deps,
  {
    extension,
    roles,
    tags,
    skills,
    attributes,
    phone,
    limits,
    outboundNumber,
    sipAlias,
    ...columns
  }: NewUser,
): Promise<UserBody> {
  const { tx, tenantId } = work;
  // A new user is in no team yet, and so nobody's who holds this for teams alone.
  needEverywhere(work, 'users:write');
  if (extension) need(work, 'extensions:write');
  if (phone !== 'none') need(work, 'lines:write');
  requireName(columns);
  const { id } = await tx.user.create({
    data: {
      ...columns,
      ...limitColumns(limits),
      tenantId,
      sipAlias: sipAlias ?? (await unusedAlias(tx, tenantId, columns.email)),
      outboundNumberId: outboundNumber ? await outboundNumberId(work, outboundNumber) : null,
    },
    select: { id: true },
  });
  await setRoles(work, id, roles);
  await setAttributes(work, deps, id, attributes, true);
  if (tags.length > 0) await setTags(work, id, tags);
  if (skills.length > 0) await setSkills(work, id, skills);
  if (phone !== 'none') await addLine(work, deps, id, { kind: phone });
  // Last, because it makes others of the tenant wait who want an extension.
  if (extension) await assignExtension(work, id, extension);
  const row = await readUserRow(tx, tenantId, id);
  await record(work, {
    action: 'user.create',
    objectType: 'user',
    objectId: id,
    after: userRecord(row),
  });
  return userBody(row);
}

/** Changes what is sent and differs; what changes nothing leaves the version as it is. */
export async function updateUser(
  work: TenantWork,
  deps: Deps,
  userId: string,
  change: UserChange,
  ifMatch: number | null,
): Promise<UserBody> {
  const { tx, tenantId } = work;
  const { extension, roles, tags, skills, attributes, limits, outboundNumber, status, ...columns } = change;
  if (extension !== undefined) need(work, 'extensions:write');
  if (status !== undefined) need(work, 'users:suspend');
  await lockVersion(tx, 'users', userId, ifMatch);
  const before = await readUserRow(tx, tenantId, userId);
  const user = await tx.user.findUniqueOrThrow({ where: { id: userId } });
  const data = differing(user, {
    ...columns,
    ...limitColumns(limits),
    ...(outboundNumber !== undefined && {
      outboundNumberId: outboundNumber && (await outboundNumberId(work, outboundNumber)),
    }),
  });
  if (data) {
    requireName({ ...user, ...data });
    await tx.user.update({ where: { id: userId }, data });
  }
  const otherRoles = roles !== undefined && (await setRoles(work, userId, roles));
  const otherAttributes =
    attributes !== undefined && (await setAttributes(work, deps, userId, attributes, false));
  const otherLabels = await changeLabels(work, userId, { tags, skills });
  const otherStatus = status !== undefined && (await changeStatus(work, userId, status));
  const otherExtension = extension !== undefined && (await changeExtension(work, userId, extension));
  if (!data && !otherRoles && !otherLabels && !otherAttributes && !otherStatus && !otherExtension)
    return userBody(before);
  if (!data && !otherStatus) await touchUser(work, userId);
  return recordedChange(work, 'user.update', before);
}

async function changeLabels(
  work: TenantWork,
  userId: string,
  { tags, skills }: Pick<UserChange, 'tags' | 'skills'>,
): Promise<boolean> {
  const otherTags = tags !== undefined && (await setTags(work, userId, tags));
  const otherSkills = skills !== undefined && (await setSkills(work, userId, skills));
  return otherTags || otherSkills;
}

/**
 * Suspended: no sign-in, no API key, no registration, no call; everything else is kept. Throws
 * `last-organisation-administrator`.
 */
export async function setUserStatus(
  work: TenantWork,
  userId: string,
  status: 'active' | 'suspended',
  ifMatch: number | null,
): Promise<UserBody> {
  await lockVersion(work.tx, 'users', userId, ifMatch);
  const before = await readUserRow(work.tx, work.tenantId, userId);
  if (!(await changeStatus(work, userId, status))) return userBody(before);
  return recordedChange(work, status === 'active' ? 'user.activate' : 'user.suspend', before);
}

async function changeStatus(
  work: TenantWork,
  userId: string,
  status: 'active' | 'suspended',
): Promise<boolean> {
  const { tx, tenantId } = work;
  const write = async () => {
    await tx.user.update({ where: { id: userId }, data: { status } });
  };
  const { status: current } = await tx.user.findFirstOrThrow({ where: { tenantId, id: userId } });
  if (current === status) return false;
  if (status === 'active') await write();
  else {
    await keepingAnAdministrator(work, userId, write);
    await endWebphoneLines(work, userId);
  }
  return true;
}

/** A new version for a user whose row stayed but of whom something changed that belongs to it: roles, extension. */
export async function touchUser({ tx }: TenantWork, userId: string): Promise<void> {
  await tx.user.update({ where: { id: userId }, data: { updatedAt: new Date() }, select: { id: true } });
}

async function recordedChange(
  work: TenantWork,
  action: string,
  before: Awaited<ReturnType<typeof readUserRow>>,
): Promise<UserBody> {
  const after = await readUserRow(work.tx, work.tenantId, before.id);
  await record(work, {
    action,
    objectType: 'user',
    objectId: before.id,
    before: userRecord(before),
    after: userRecord(after),
  });
  return userBody(after);
}

async function outboundNumberId(work: TenantWork, number: string): Promise<string> {
  const { country } = await tenantOf(work);
  return ownedNumberId(work, number, country, '/outboundNumber');
}

function requireName({ firstName, lastName }: { firstName?: string | null; lastName?: string | null }): void {
  if (!firstName && !lastName)
    throw wrongField('/lastName', 'Send a first name or a last name: one of them at least.');
}
