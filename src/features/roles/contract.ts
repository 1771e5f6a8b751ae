import { z } from 'zod';
import { patchOf } from '../../api/patch.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { isTenantPermission, PERMISSIONS, type Permission } from '../../domain/permissions.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { inTenant } from '../tenant-work.ts';
import { createRole, deleteRole, updateRole } from './custom.ts';
import { effectivePermissions, FEATURES } from './effective.ts';
import { listRoles, readRole } from './service.ts';

const TENANT_PERMISSIONS = (Object.keys(PERMISSIONS) as Permission[]).filter(isTenantPermission);

const Role = z
  .object({
    id: z.uuid(),
    key: z
      .string()
      .nullable()
      .meta({ description: 'Of a built-in role: a name that is the same everywhere. Those are read-only.' }),
    name: z.string(),
    permissions: z.array(z.string()),
    teamsOnly: z.boolean().meta({
      description:
        'Its permissions count for the users of the teams that its holder supervises, not for others.',
    }),
    users: z.int().meta({ description: 'How many have it.' }),
    version: z.int(),
  })
  .meta({ id: 'Role' });

const CreateRole = z.strictObject({
  name: fields.name,
  permissions: z
    .array(z.enum(TENANT_PERMISSIONS))
    .max(TENANT_PERMISSIONS.length)
    .meta({ description: 'Such as the caller holds.' }),
  teamsOnly: z.boolean().default(false),
});

const Effective = z
  .object({
    active: z.boolean().meta({
      description:
        'Whether any of it counts now: not while suspended or pending, never for a hardware phone.',
    }),
    permissions: z.array(
      z.object({
        permission: z.string(),
        allows: z.string(),
        teamsOnly: z.boolean().meta({ description: 'For the users of supervised teams alone.' }),
        roles: z
          .array(z.object({ id: z.uuid(), key: z.string().nullable(), name: z.string() }))
          .meta({ description: 'The roles that it comes from.' }),
      }),
    ),
    switchedOff: z
      .array(z.enum(FEATURES))
      .meta({ description: 'Features switched off for this user, whatever the roles give.' }),
  })
  .meta({ id: 'EffectivePermissions' });

const ROLES = '/api/v1/tenants/:tenant/roles';
const params = z.object({ role: z.uuid() });

export function roleRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
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
    description: 'The ETag stands for what can be changed; `users` moves beside it.',
    tag: 'roles',
    permission: 'users:read',
    params,
    response: { 200: Role },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readRole(work, ctx.params.role));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  const effective = defineRoute({
    method: 'get',
    path: '/api/v1/tenants/:tenant/users/:user/permissions',
    summary: "A user's effective permissions, each with the roles that it comes from",
    tag: 'roles',
    permission: 'users:read',
    ownUser: true,
    params: z.object({ user: z.uuid() }),
    response: { 200: Effective },
    handler: async (ctx) => ({
      status: 200,
      body: await inTenant(db, ctx, (work) => effectivePermissions(work, ctx.params.user)),
    }),
  });

  return [list, read, effective];
}

function changingRoutes({ db }: FeatureDeps): Route[] {
  const create = defineRoute({
    method: 'post',
    path: ROLES,
    summary: 'Create a role: a named set of permissions that the caller holds',
    tag: 'roles',
    permission: 'roles:write',
    body: CreateRole,
    response: { 201: Role },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createRole(work, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/roles/${body.id}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const change = defineRoute({
    method: 'patch',
    path: `${ROLES}/:role`,
    summary: 'Change a role of your own making',
    description: '`permissions` replaces all of them. It counts for its users with their next request.',
    tag: 'roles',
    permission: 'roles:write',
    params,
    body: patchOf(CreateRole),
    response: { 200: Role },
    etag: true,
    ifMatch: 'required',
    problems: ['conflict-duplicate', 'is-built-in'],
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        updateRole(work, ctx.params.role, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${ROLES}/:role`,
    summary: 'Remove a role of your own making',
    tag: 'roles',
    permission: 'roles:write',
    params,
    query: z.object({
      replaceWith: z
        .string()
        .max(100)
        .optional()
        .meta({ description: 'Key or id of the role that its users get instead.' }),
    }),
    response: { 204: null },
    ifMatch: 'optional',
    problems: ['in-use', 'is-built-in'],
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) =>
        deleteRole(work, ctx.params.role, ctx.query.replaceWith ?? null, ctx.ifMatch),
      );
      return { status: 204 };
    },
  });

  return [create, change, remove];
}
