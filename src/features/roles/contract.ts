import { z } from 'zod';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { inTenant } from '../tenant-work.ts';
import { listRoles, readRole } from './service.ts';

const Role = z
  .object({
    id: z.uuid(),
    key: z
      .string()
      .nullable()
      .meta({ description: 'Of a built-in role: a name that is the same everywhere.' }),
    name: z.string(),
    permissions: z.array(z.string()),
    users: z.int().meta({ description: 'How many have it.' }),
    version: z.int(),
  })
  .meta({ id: 'Role' });

const ROLES = '/api/v1/tenants/:tenant/roles';

export function roleRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: ROLES,
    summary: 'List roles with their permissions',
    tag: 'roles',
    permission: 'users:read',
    response: { 200: z.object({ items: z.array(Role) }) },
    handler: async (ctx) => ({ status: 200, body: { items: await inTenant(db, ctx, listRoles) } }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${ROLES}/:role`,
    summary: 'Read a role',
    tag: 'roles',
    permission: 'users:read',
    params: z.object({ role: z.uuid() }),
    response: { 200: Role },
    handler: async (ctx) => ({
      status: 200,
      body: await inTenant(db, ctx, (work) => readRole(work, ctx.params.role)),
    }),
  });

  return [list, read];
}
