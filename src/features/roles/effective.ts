import { notFound } from '../../domain/errors.ts';
import { isPermission, PERMISSIONS, type Permission } from '../../domain/permissions.ts';
import type { TenantWork } from '../tenant-work.ts';
import { HARDWARE_PHONE } from './service.ts';

export type RoleRef = { id: string; key: string | null; name: string };

export interface EffectivePermissions {
  /** Whether any of it counts now: the user is active and is no hardware phone. */
  active: boolean;
  permissions: { permission: Permission; allows: string; teamsOnly: boolean; roles: RoleRef[] }[];
  switchedOff: Feature[];
}

/** What can be switched off for a user whatever the roles give, and the column that says so. */
export const FEATURES = ['outbound-calls', 'transfers'] as const;
export type Feature = (typeof FEATURES)[number];

/** What a user may do and through which roles, in the order of the table of permissions. */
export async function effectivePermissions(
  { tx, tenantId }: TenantWork,
  userId: string,
): Promise<EffectivePermissions> {
  const user = await tx.user.findFirst({
    where: { tenantId, id: userId },
    select: {
      status: true,
      allowOutbound: true,
      allowTransfer: true,
      roles: { select: { role: true }, orderBy: { role: { name: 'asc' } } },
    },
  });
  if (!user) throw notFound('user', userId);
  const roles = user.roles.map(({ role }) => role);
  const permissions = Object.keys(PERMISSIONS)
    .filter(isPermission)
    .flatMap((permission) => {
      const giving = roles.filter((role) => role.permissions.includes(permission));
      if (giving.length === 0) return [];
      return {
        permission,
        allows: PERMISSIONS[permission].allows,
        teamsOnly: giving.every(({ teamsOnly }) => teamsOnly),
        roles: giving.map(({ id, builtin, name }) => ({ id, key: builtin, name })),
      };
    });
  const isPhone = roles.some(({ builtin }) => builtin === HARDWARE_PHONE);
  const isOff: Record<Feature, boolean> = {
    'outbound-calls': !user.allowOutbound,
    transfers: !user.allowTransfer,
  };
  return {
    active: user.status === 'active' && !isPhone,
    permissions,
    switchedOff: FEATURES.filter((feature) => isOff[feature]),
  };
}
