/**
 * All that can be allowed, in one table. There are no wildcards: a scope that says `users:*` would
 * silently grow with every permission added later.
 *
 * `level` says who can hold it: a `tenant` permission counts inside one tenant (or, held by a
 * platform actor, inside each), a `platform` permission is about the installation itself and can
 * never be held by something that belongs to a tenant.
 */
export const PERMISSIONS = {
  'tenant:read': { level: 'tenant', allows: 'see the tenant and its settings' },
  'tenant:write': { level: 'tenant', allows: "change the tenant's own settings" },
  'users:read': { level: 'tenant', allows: 'see and search users' },
  'users:write': { level: 'tenant', allows: 'create and change users' },
  'users:suspend': { level: 'tenant', allows: 'suspend and activate users' },
  'users:delete': { level: 'tenant', allows: 'delete users who are in no call' },
  'users:hangup-delete': { level: 'tenant', allows: 'hang up the calls of a user and delete' },
  'roles:write': { level: 'tenant', allows: 'create, change and remove roles' },
  'extensions:read': { level: 'tenant', allows: 'see extensions, taken and free' },
  'extensions:write': { level: 'tenant', allows: 'assign and unassign extensions' },
  'lines:read': { level: 'tenant', allows: 'see lines, without their secrets' },
  'lines:write': { level: 'tenant', allows: 'make, rotate and revoke lines' },
  'secrets:reveal': { level: 'tenant', allows: 'see SIP secrets (each time is recorded)' },
  'numbers:read': { level: 'tenant', allows: 'see numbers' },
  'numbers:write': { level: 'tenant', allows: 'add, give and take away numbers' },
  'profiles:read': { level: 'tenant', allows: 'see dial profiles, and what a user may dial' },
  'profiles:write': { level: 'tenant', allows: 'create and change dial profiles' },
  'trunks:read': { level: 'tenant', allows: 'see trunks' },
  'trunks:write': { level: 'tenant', allows: 'create and change trunks' },
  'calls:read': { level: 'tenant', allows: 'see calls and registrations as they are now' },
  'calls:originate': { level: 'tenant', allows: 'start a call for a user' },
  'calls:hangup': { level: 'tenant', allows: 'end a call in progress' },
  'sync:read': { level: 'tenant', allows: 'see what has and has not reached the PBX' },
  'audit:read': { level: 'tenant', allows: 'see who changed what' },
  'keys:read': { level: 'tenant', allows: 'see API keys, without their secrets' },
  'keys:write': { level: 'tenant', allows: 'create and revoke API keys' },
  'tenants:read': { level: 'platform', allows: 'see all tenants' },
  'tenants:write': { level: 'platform', allows: 'create, change and remove tenants' },
  'nodes:read': { level: 'platform', allows: 'see PBX nodes' },
  'nodes:write': { level: 'platform', allows: 'add, change and remove PBX nodes' },
  'pbx:read': { level: 'platform', allows: 'see the state of the PBX, drift included' },
  'pbx:repair': { level: 'platform', allows: 'repair and rebuild the PBX' },
  'platform-audit:read': { level: 'platform', allows: 'see who changed what on the platform' },
  'platform-keys:read': { level: 'platform', allows: 'see the API keys of the platform' },
  'platform-keys:write': { level: 'platform', allows: 'create and revoke API keys of the platform' },
} as const satisfies Record<string, { level: 'tenant' | 'platform'; allows: string }>;

export type Permission = keyof typeof PERMISSIONS;

type HeldAt<L extends 'tenant' | 'platform'> = {
  [P in Permission]: (typeof PERMISSIONS)[P]['level'] extends L ? P : never;
}[Permission];

export type TenantPermission = HeldAt<'tenant'>;
export type PlatformPermission = HeldAt<'platform'>;

/**
 * What can be held for the users of supervised teams alone. The rest (numbers, trunks, keys, the tenant itself) is
 * nobody's in particular, so that "of my teams" would say nothing about it.
 */
export const TEAM_PERMISSIONS = [
  'users:read',
  'users:write',
  'users:suspend',
  'users:delete',
  'users:hangup-delete',
  'extensions:read',
  'lines:read',
  'lines:write',
  'secrets:reveal',
  'profiles:read',
  'calls:read',
  'calls:originate',
  'calls:hangup',
  'sync:read',
] as const satisfies readonly TenantPermission[];

export function isTeamPermission(permission: string): boolean {
  return (TEAM_PERMISSIONS as readonly string[]).includes(permission);
}

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(PERMISSIONS, text);
}

export function isTenantPermission(permission: Permission): permission is TenantPermission {
  return PERMISSIONS[permission].level === 'tenant';
}
