import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { patchOf } from '../../api/patch.ts';
import { flag } from '../../api/query.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields, Limits } from '../fields.ts';
import { isKnownCountry } from '../numbers/e164.ts';
import { inTenant } from '../tenant-work.ts';
import { Tenant, TenantSummary, tenantSummary } from './presentation.ts';
import { createTenant, deleteTenant, readTenant, updateTenant } from './service.ts';

const Country = z
  .string()
  .refine(isKnownCountry, 'Send a country code of ISO 3166 in capitals, like FR.')
  .meta({ example: 'FR' });

const Range = z.strictObject({
  first: fields.extension,
  last: fields.extension,
});

const CreateTenant = z.strictObject({
  slug: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,62}$/,
      'Send 1 to 63 of a-z, 0-9 and dash, beginning with a letter or digit.',
    )
    .meta({ description: 'Its name in addresses.', example: 'acme' }),
  name: fields.name,
  country: Country,
  timeZone: fields.timeZone.default('UTC'),
  language: fields.language.default('en'),
  extensionLength: z.int().min(2).max(6).default(4),
  extensionRanges: z
    .array(Range)
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Default: the first block of one leading digit without an emergency number.' }),
  sipDomain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,252}$/, 'Send a domain name in lower case.')
    .optional()
    .meta({ description: 'What stands after the @ of SIP accounts. Default: `<slug>.patchbay.local`.' }),
  nodeId: z.uuid().optional().meta({ description: 'Its PBX; may be left out while there is only one.' }),
  sipPasswordPolicy: z.enum(['strong', 'digits']).default('strong').meta({
    description: '`digits` is for phones that can type nothing else, and is not recommended.',
  }),
  limits: Limits.optional(),
});
export type NewTenant = z.output<typeof CreateTenant>;

/** Fields that a tenant always has cannot be cleared, whether or not they could be left out when it was created. */
const ChangeTenant = patchOf(
  CreateTenant.extend({
    extensionRanges: z.array(Range).min(1).max(100),
    sipDomain: CreateTenant.shape.sipDomain.unwrap(),
    nodeId: z.uuid(),
    defaultProfileId: z.uuid(),
    defaultNumber: fields.phoneNumber.nullable(),
  }),
);
export type TenantChange = z.output<typeof ChangeTenant>;

const TENANT = '/api/v1/tenants/:tenant';

export function tenantRoutes(deps: FeatureDeps): Route[] {
  return [...platformRoutes(deps), ...ownRoutes(deps)];
}

function platformRoutes(deps: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: '/api/v1/tenants',
    summary: 'List tenants',
    tag: 'tenants',
    permission: 'tenants:read',
    query: pageQuery({}),
    response: { 200: pageOf(TenantSummary) },
    handler: async ({ query, cursors }) => {
      const after = cursors.after(query.cursor, z.object({ slug: z.string() }));
      const rows = await deps.db.asPlatform((tx) =>
        tx.tenant.findMany({
          where: after ? { slug: { gt: after.slug } } : {},
          orderBy: { slug: 'asc' },
          take: query.limit + 1,
        }),
      );
      const page = cursors.page(rows, query.limit, ({ slug }) => ({ slug }));
      return { status: 200, body: { ...page, items: page.items.map(tenantSummary) } };
    },
  });

  const create = defineRoute({
    method: 'post',
    path: '/api/v1/tenants',
    summary: 'Create a tenant',
    description: 'With its built-in roles and dial profiles; the default profile is national fixed & mobile.',
    tag: 'tenants',
    permission: 'tenants:write',
    body: CreateTenant,
    response: { 201: Tenant },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: (ctx) =>
      deps.db.asPlatform(async (tx) => {
        const body = await createTenant(tx, deps, ctx, ctx.body);
        const location = `/api/v1/tenants/${body.slug}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(tx, answer);
        return answer;
      }),
  });

  const remove = defineRoute({
    method: 'delete',
    path: TENANT,
    summary: 'Delete a tenant with everything in it',
    tag: 'tenants',
    permission: 'tenants:write',
    query: z.object({
      confirm: z.string().meta({ description: "The tenant's slug, as a sign that this one is meant." }),
      force: flag().default(false).meta({ description: 'Also while it has users.' }),
    }),
    response: { 204: null },
    problems: ['in-use'],
    handler: async (ctx) => {
      await deps.db.asPlatform((tx) => deleteTenant(tx, ctx, ctx.tenant.id, ctx.query), { timeout: 25_000 });
      return { status: 204 };
    },
  });

  return [list, create, remove];
}

function ownRoutes(deps: FeatureDeps): Route[] {
  const read = defineRoute({
    method: 'get',
    path: TENANT,
    summary: 'Read a tenant and its settings',
    tag: 'tenants',
    permission: 'tenant:read',
    response: { 200: Tenant },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(deps.db, ctx, ({ tx, tenantId }) => readTenant(tx, tenantId));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  const change = defineRoute({
    method: 'patch',
    path: TENANT,
    summary: "Change a tenant's settings",
    description:
      'Slug, country, extension length, SIP domain and node also need `tenants:write`. `extensionRanges` replaces all ranges; every extension in use must lie in one of them.',
    tag: 'tenants',
    permission: 'tenant:write',
    body: ChangeTenant,
    response: { 200: Tenant },
    etag: true,
    ifMatch: 'required',
    problems: ['conflict-duplicate', 'number-not-owned', 'extension-out-of-range'],
    handler: async (ctx) => {
      const body = await inTenant(deps.db, ctx, (work) => updateTenant(work, deps, ctx.body, ctx.ifMatch));
      return { status: 200, body, version: body.version };
    },
  });

  return [read, change];
}
