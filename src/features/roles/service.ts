import { seeingWholeTenant, type Tx } from '../../db/client.ts';
import { DomainError, type FieldError, notFound } from '../../domain/errors.ts';
import { isPermission, PERMISSIONS } from '../../domain/permissions.ts';
import type { BuiltinRole } from '../../domain/roles.ts';
import { wrongField } from '../fields.ts';
import type { TenantWork } from '../tenant-work.ts';

export type RoleRow = NonNullable<Awaited<ReturnType<Tx['role']['findUnique']>>>;

export function roleBody(row: RoleRow & { _count: { users: number } }) {
  return {
    id: row.id,
    key: row.builtin,
    name: row.name,
    permissions: [...row.permissions],
    teamsOnly: row.teamsOnly,
    users: row._count.users,
    version: row.version,
  };
}

export const WITH_COUNT = { include: { _count: { select: { users: true } } } } as const;

export async function listRoles({ tx, tenantId }: TenantWork): Promise<ReturnType<typeof roleBody>[]> {
  const rows = await tx.role.findMany({ where: { tenantId }, ...WITH_COUNT, orderBy: { name: 'asc' } });
  return rows.map(roleBody);
}

export async function readRole({ tx, tenantId }: TenantWork, id: string) {
  const row = await tx.role.findFirst({ where: { tenantId, id }, ...WITH_COUNT });
  if (!row) throw notFound('role', id);
  return roleBody(row);
}

/**
 * Gives a user exactly these roles, named by key (`agent`) or id. Throws `validation-failed` for one that is not
 * there or goes with no other, `forbidden` for one that holds what the caller does not, `last-organisation-administrator`. Returns
 * whether anything changed.
 */
export async function setRoles(work: TenantWork, userId: string, named: readonly string[]): Promise<boolean> {
  const { tx, tenantId } = work;
  const wanted = await rolesNamed(work, named);
  if (wanted.length > 1 && wanted.some(({ builtin }) => builtin === HARDWARE_PHONE))
    throw wrongField(
      '/roles',
      'A hardware phone signs in nowhere, so it takes no other role beside this one.',
    );
  const held = await tx.userRole.findMany({ where: { tenantId, userId }, select: { roleId: true } });
  const heldIds = new Set(held.map(({ roleId }) => roleId));
  const added = wanted.filter(({ id }) => !heldIds.has(id));
  const removed = [...heldIds].filter((id) => !wanted.some((role) => role.id === id));
  if (added.length === 0 && removed.length === 0) return false;
  for (const role of added) requireHeld(work, role);
  await tx.userRole.createMany({ data: added.map(({ id }) => ({ tenantId, userId, roleId: id })) });
  if (removed.length > 0)
    await keepingAnAdministrator(work, userId, async () => {
      await tx.userRole.deleteMany({ where: { tenantId, userId, roleId: { in: removed } } });
    });
  return true;
}

async function rolesNamed({ tx, tenantId }: TenantWork, named: readonly string[]): Promise<RoleRow[]> {
  const all = await tx.role.findMany({ where: { tenantId } });
  const byName = new Map(all.flatMap((role) => [[role.id, role] as const, [role.builtin ?? role.id, role]]));
  const unknown = named.flatMap((name, index): FieldError[] =>
    byName.has(name)
      ? []
      : [{ path: `/roles/${index}`, message: 'Send the key or id of a role: GET …/roles lists them.' }],
  );
  if (unknown.length > 0)
    throw new DomainError('validation-failed', 'There is no such role in this tenant.', { fields: unknown });
  return [...new Set(named.map((name) => byName.get(name)!))];
}

/**
 * Nobody grants what they do not hold. What a caller holds for supervised teams alone can be granted only through a
 * role that reaches no further.
 */
export function requireHeld(
  work: TenantWork,
  role: Pick<RoleRow, 'name' | 'permissions' | 'teamsOnly'>,
  path = '/roles',
): void {
  const held = role.teamsOnly ? work.may : work.mayEverywhere;
  const permission = role.permissions.filter(isPermission).find((one) => !held(one));
  if (permission === undefined) return;
  throw new DomainError(
    'forbidden',
    `The role "${role.name}" holds ${permission} (${PERMISSIONS[permission].allows}), which you do not hold and so cannot give. Ask someone who does.`,
    { detail: { permission }, fields: [{ path, message: `Leave out what you do not hold: ${permission}.` }] },
  );
}

export const HARDWARE_PHONE: BuiltinRole = 'hardware-phone';
const ADMINISTRATOR: BuiltinRole = 'organisation-administrator';

/**
 * Of those who demote or suspend organisation administrators one goes at a time: two who each see the other's
 * administrator still there would together leave none.
 */
async function lockAdministrators({ tx, tenantId }: TenantWork): Promise<void> {
  await tx.$queryRaw`
    SELECT id FROM roles WHERE tenant_id = ${tenantId}::uuid AND builtin = ${ADMINISTRATOR} FOR NO KEY UPDATE`;
}

function isActiveAdministrator({ tx, tenantId }: TenantWork, userId: string): Promise<boolean> {
  return tx.user
    .count({
      where: {
        tenantId,
        id: userId,
        status: 'active',
        roles: { some: { role: { builtin: ADMINISTRATOR } } },
      },
    })
    .then((count) => count > 0);
}

async function requireAnAdministrator({ tx, tenantId }: TenantWork): Promise<void> {
  const left = await seeingWholeTenant(tx, () =>
    tx.user.count({
      where: { tenantId, status: 'active', roles: { some: { role: { builtin: ADMINISTRATOR } } } },
    }),
  );
  if (left > 0) return;
  throw new DomainError(
    'last-organisation-administrator',
    'The tenant would have no active organisation administrator any more. Give the role to someone else first.',
  );
}

/** Runs a change that takes a user out of service; refuses it when that was the last active administrator. */
export async function keepingAnAdministrator(
  work: TenantWork,
  userId: string,
  change: () => Promise<void>,
): Promise<void> {
  await lockAdministrators(work);
  const isAdministrator = await isActiveAdministrator(work, userId);
  await change();
  if (isAdministrator) await requireAnAdministrator(work);
}
