import { lockVersion } from '../../db/versioned.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { isTeamPermission, type TenantPermission } from '../../domain/permissions.ts';
import { displayNameOf } from '../../domain/users/display-name.ts';
import { wrongField } from '../fields.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { HARDWARE_PHONE, type RoleRow, readRole, requireHeld } from './service.ts';

export type NewRole = { name: string; permissions: readonly TenantPermission[]; teamsOnly: boolean };
export type RoleBody = Awaited<ReturnType<typeof readRole>>;

/** A tenant's own role: a named set of permissions. Throws `forbidden` for what the caller does not hold. */
export async function createRole(work: TenantWork, input: NewRole): Promise<RoleBody> {
  const { tx, tenantId } = work;
  const columns = columnsOf(input);
  requireTeamPermissions(columns);
  requireHeld(work, columns, '/permissions');
  const { id } = await tx.role.create({ data: { ...columns, tenantId }, select: { id: true } });
  const body = await readRole(work, id);
  await record(work, { action: 'role.create', objectType: 'role', objectId: id, after: body });
  return body;
}

/** In the order in which the table lists them, so that the same set is the same role. */
function columnsOf({ name, permissions, teamsOnly }: NewRole) {
  return { name, permissions: [...new Set(permissions)].toSorted(), teamsOnly };
}

/** What changes counts for all who have the role, with their next request. Throws `is-built-in`, `forbidden`. */
export async function updateRole(
  work: TenantWork,
  id: string,
  change: Partial<NewRole>,
  ifMatch: number | null,
): Promise<RoleBody> {
  const { tx } = work;
  const before = await lockedCustomRole(work, id, ifMatch);
  const columns = columnsOf({ ...asNewRole(before), ...withoutUndefined(change) });
  const added = addedBy(asNewRole(before), columns);
  requireTeamPermissions(columns);
  requireHeld(work, { ...columns, permissions: added }, '/permissions');
  if (JSON.stringify(columns) === JSON.stringify(columnsOf(asNewRole(before)))) return readRole(work, id);
  const was = await readRole(work, id);
  await tx.role.update({ where: { id }, data: columns });
  const body = await readRole(work, id);
  await record(work, { action: 'role.update', objectType: 'role', objectId: id, before: was, after: body });
  return body;
}

const asNewRole = ({ name, permissions, teamsOnly }: RoleRow): NewRole => ({
  name,
  permissions: permissions as TenantPermission[],
  teamsOnly,
});

function withoutUndefined<T extends object>(change: T): Partial<T> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Without its limit to teams, a role gives each of its permissions anew. */
function addedBy(before: NewRole, after: { permissions: TenantPermission[]; teamsOnly: boolean }) {
  if (before.teamsOnly && !after.teamsOnly) return after.permissions;
  return after.permissions.filter((permission) => !before.permissions.includes(permission));
}

function requireTeamPermissions({ permissions, teamsOnly }: NewRole): void {
  const other = teamsOnly ? permissions.find((permission) => !isTeamPermission(permission)) : undefined;
  if (other !== undefined)
    throw wrongField(
      '/permissions',
      `${other} is not about users, so a role for supervised teams cannot hold it. Leave it out, or make another role.`,
    );
}

async function lockedCustomRole(
  { tx, tenantId }: TenantWork,
  id: string,
  ifMatch: number | null,
): Promise<RoleRow> {
  await lockVersion(tx, 'roles', id, ifMatch);
  const row = await tx.role.findFirst({ where: { tenantId, id } });
  if (!row) throw notFound('role', id);
  if (row.builtin !== null)
    throw new DomainError(
      'is-built-in',
      `"${row.name}" is a built-in role and read-only. Make a role of your own with what it should hold.`,
    );
  return row;
}

/** How many of its users a refusal names. */
const NAMED = 20;

/** Its users get the replacement. Throws `in-use` with who has it when there are some and no replacement. */
export async function deleteRole(
  work: TenantWork,
  id: string,
  replaceWith: string | null,
  ifMatch: number | null,
): Promise<void> {
  const { tx, tenantId } = work;
  const row = await lockedCustomRole(work, id, ifMatch);
  const before = await readRole(work, id);
  const replacement = replaceWith === null ? null : await replacementOf(work, row, replaceWith);
  if (before.users > 0) {
    if (!replacement) throw await inUse(work, row, before.users);
    await replace(work, id, replacement.id);
  }
  await tx.role.delete({ where: { id, tenantId } });
  await record(work, {
    action: 'role.delete',
    objectType: 'role',
    objectId: id,
    before: { ...before, replacedWith: replacement?.name ?? null },
  });
}

async function replacementOf(work: TenantWork, row: RoleRow, named: string): Promise<RoleRow> {
  const { tx, tenantId } = work;
  const replacement = await tx.role.findFirst({
    where: { tenantId, ...(UUID.test(named) ? { id: named } : { builtin: named }) },
  });
  // Given to many at once it would take their sign-in and their other roles' meaning; it is given one by one.
  if (!replacement || replacement.id === row.id || replacement.builtin === HARDWARE_PHONE)
    throw new DomainError('validation-failed', 'Send the key or id of another role as replacement.', {
      fields: [{ path: '/replaceWith', message: 'There is no such other role.', in: 'query' }],
    });
  requireHeld(work, replacement, '/replaceWith');
  return replacement;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A new version for each of its users: their roles are part of what the ETag stands for. */
async function replace({ tx, tenantId }: TenantWork, id: string, replacementId: string): Promise<void> {
  const held = await tx.userRole.findMany({ where: { tenantId, roleId: id }, select: { userId: true } });
  const users = held.map(({ userId }) => userId);
  await tx.userRole.createMany({
    data: users.map((userId) => ({ tenantId, userId, roleId: replacementId })),
    skipDuplicates: true,
  });
  await tx.userRole.deleteMany({ where: { tenantId, roleId: id } });
  await tx.user.updateMany({ where: { tenantId, id: { in: users } }, data: { updatedAt: new Date() } });
}

async function inUse({ tx, tenantId }: TenantWork, row: RoleRow, total: number): Promise<DomainError> {
  const users = await tx.user.findMany({
    where: { tenantId, roles: { some: { roleId: row.id } } },
    select: { id: true, username: true, firstName: true, lastName: true, callerIdName: true },
    orderBy: { username: 'asc' },
    take: NAMED,
  });
  return new DomainError(
    'in-use',
    `The role "${row.name}" is held by ${total} ${total === 1 ? 'user' : 'users'}. Give them another one first, or say which they get: ?replaceWith=<role>.`,
    { detail: { total, users: users.map((user) => ({ id: user.id, name: displayNameOf(user) })) } },
  );
}
