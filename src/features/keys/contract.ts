import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { flag } from '../../api/query.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { type Actor, holds, holdsEverywhere } from '../../domain/actor.ts';
import { isTenantPermission, PERMISSIONS, type Permission } from '../../domain/permissions.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { inTenant } from '../tenant-work.ts';
import { Key, KeyWithToken } from './presentation.ts';
import { createKey, type KeyWork, listKeys, readKey, revokeKey } from './service.ts';

const ALL = Object.keys(PERMISSIONS) as Permission[];

const CreatePlatformKey = z.strictObject({
  name: fields.name,
  scopes: z.array(z.enum(ALL)).min(1).max(ALL.length),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

const CreateTenantKey = z
  .strictObject({
    name: fields.name,
    scopes: z
      .array(z.enum(ALL.filter(isTenantPermission)))
      .max(ALL.length)
      .meta({
        description: "Permissions. May be empty for a user's key, which reaches the user's own phones.",
      }),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
    userId: z.uuid().optional().meta({
      description:
        'Makes it the key of a person: it ends with them, and holds of its scopes what they hold themselves at the time of a request.',
    }),
  })
  .refine(({ scopes, userId }) => scopes.length > 0 || userId !== undefined, {
    path: ['scopes'],
    message: 'A key without permissions must belong to a user.',
  });

const ListQuery = pageQuery({
  revoked: flag()
    .optional()
    .meta({ description: 'Only those that were revoked, or only those that were not.' }),
});
const TenantListQuery = ListQuery.extend({ userId: z.uuid().optional() });
const AfterKey = z.object({ name: z.string(), id: z.string() });
const position = ({ name, id }: { name: string; id: string }) => ({ name, id });

const params = z.object({ key: z.string().regex(/^[0-9a-f]{16}$/, 'Send the id of a key: 16 hex digits.') });

export function keyRoutes(deps: FeatureDeps): Route[] {
  return [...tenantKeyRoutes(deps), ...platformKeyRoutes(deps)];
}

function tenantKeyRoutes({ db }: FeatureDeps): Route[] {
  const KEYS = '/api/v1/tenants/:tenant/keys' as const;

  const list = defineRoute({
    method: 'get',
    path: KEYS,
    summary: 'List API keys',
    tag: 'keys',
    permission: 'keys:read',
    query: TenantListQuery,
    response: { 200: pageOf(Key) },
    handler: async (ctx) => {
      const { cursor, limit, ...filter } = ctx.query;
      const after = ctx.cursors.after(cursor, AfterKey);
      const rows = await inTenant(db, ctx, (work) => listKeys(work, filter, after, limit + 1));
      return { status: 200, body: ctx.cursors.page(rows, limit, position) };
    },
  });

  const create = defineRoute({
    method: 'post',
    path: KEYS,
    summary: 'Create an API key',
    description: 'With permissions that the caller holds. The token is shown this once.',
    tag: 'keys',
    permission: 'keys:write',
    body: CreateTenantKey,
    response: { 201: KeyWithToken },
    idempotent: true,
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createKey(work, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/keys/${body.id}`;
        const answer = { status: 201 as const, body, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${KEYS}/:key`,
    summary: 'Read an API key, without its secret',
    tag: 'keys',
    permission: 'keys:read',
    params,
    response: { 200: Key },
    handler: async (ctx) => ({
      status: 200,
      body: await inTenant(db, ctx, (work) => readKey(work, ctx.params.key)),
    }),
  });

  const revoke = defineRoute({
    method: 'delete',
    path: `${KEYS}/:key`,
    summary: 'Revoke an API key',
    description: 'It is refused from now on, and webphone lines made with it end. It stays in the list.',
    tag: 'keys',
    permission: 'keys:write',
    params,
    response: { 204: null },
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) => revokeKey(work, ctx.params.key));
      return { status: 204 };
    },
  });

  return [list, create, read, revoke];
}

function platformKeyRoutes({ db }: FeatureDeps): Route[] {
  const KEYS = '/api/v1/keys' as const;
  const asPlatform = <T>(
    { actor, requestId, ip }: { actor: Actor; requestId: string; ip: string },
    work: (work: KeyWork) => Promise<T>,
  ) =>
    db.asPlatform((tx) =>
      work({
        tx,
        tenantId: null,
        caller: { actor, requestId, ip },
        may: (permission) => holds(actor, permission),
        mayEverywhere: (permission) => holdsEverywhere(actor, permission),
      }),
    );

  const list = defineRoute({
    method: 'get',
    path: KEYS,
    summary: 'List API keys of the platform',
    tag: 'keys',
    permission: 'platform-keys:read',
    query: ListQuery,
    response: { 200: pageOf(Key) },
    handler: async (ctx) => {
      const { cursor, limit, ...filter } = ctx.query;
      const after = ctx.cursors.after(cursor, AfterKey);
      const rows = await asPlatform(ctx, (work) => listKeys(work, filter, after, limit + 1));
      return { status: 200, body: ctx.cursors.page(rows, limit, position) };
    },
  });

  const create = defineRoute({
    method: 'post',
    path: KEYS,
    summary: 'Create an API key of the platform',
    description: 'With permissions that the caller holds; tenant permissions then count in every tenant.',
    tag: 'keys',
    permission: 'platform-keys:write',
    body: CreatePlatformKey,
    response: { 201: KeyWithToken },
    idempotent: true,
    handler: (ctx) =>
      asPlatform(ctx, async (work) => {
        const body = await createKey(work, ctx.body);
        const answer = { status: 201 as const, body, location: `${KEYS}/${body.id}` };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${KEYS}/:key`,
    summary: 'Read an API key of the platform, without its secret',
    tag: 'keys',
    permission: 'platform-keys:read',
    params,
    response: { 200: Key },
    handler: async (ctx) => ({
      status: 200,
      body: await asPlatform(ctx, (work) => readKey(work, ctx.params.key)),
    }),
  });

  const revoke = defineRoute({
    method: 'delete',
    path: `${KEYS}/:key`,
    summary: 'Revoke an API key of the platform',
    tag: 'keys',
    permission: 'platform-keys:write',
    params,
    response: { 204: null },
    handler: async (ctx) => {
      await asPlatform(ctx, (work) => revokeKey(work, ctx.params.key));
      return { status: 204 };
    },
  });

  return [list, create, read, revoke];
}
