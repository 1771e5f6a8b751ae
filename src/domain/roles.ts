import { isTenantPermission, PERMISSIONS, type Permission, type TenantPermission } from './permissions.ts';

export type BuiltinRole =
  | 'organisation-administrator'
  | 'administrator'
  | 'supervisor'
  | 'agent'
  | 'analyst'
  | 'user'
  | 'hardware-phone';

const ALL_OF_THE_TENANT = (Object.keys(PERMISSIONS) as Permission[]).filter(isTenantPermission);

/** What an administrator leaves to the organisation administrator. */
const KEPT_BACK: readonly TenantPermission[] = ['tenant:write', 'keys:write'];

/**
 * The roles that every tenant has from its first day, read-only. What a person may do with their own phones
 * needs no permission (see `ownUser` in src/api/route.ts).
 */
export const BUILTIN_ROLES: Readonly<
  Record<BuiltinRole, { name: string; permissions: readonly TenantPermission[]; teamsOnly?: true }>
> = {
  'organisation-administrator': { name: 'Organisation administrator', permissions: ALL_OF_THE_TENANT },
  administrator: {
    name: 'Administrator',
    permissions: ALL_OF_THE_TENANT.filter((permission) => !KEPT_BACK.includes(permission)),
  },
  supervisor: {
    name: 'Supervisor',
    permissions: ['users:read', 'extensions:read', 'lines:read', 'profiles:read', 'calls:read', 'sync:read'],
    teamsOnly: true,
  },
  agent: { name: 'Agent', permissions: [] },
  analyst: {
    name: 'Analyst',
    permissions: ['tenant:read', 'users:read', 'extensions:read', 'numbers:read', 'calls:read', 'audit:read'],
  },
  user: { name: 'User', permissions: [] },
  'hardware-phone': { name: 'Hardware phone', permissions: [] },
};

export const BUILTIN_ROLE_KEYS = Object.keys(BUILTIN_ROLES) as BuiltinRole[];
