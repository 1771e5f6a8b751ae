import { z } from 'zod';
import { patchOf } from '../../api/patch.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { instant } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { createTrunk, deleteTrunk, listTrunks, readTrunk, updateTrunk } from './service.ts';

const login = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'Take out line breaks and other control characters.');

const CreateTrunk = z.strictObject({
  name: fields.name,
  host: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,253}$/, 'Send a host name or an IPv4 address.')
    .meta({
      description: "The carrier's address. Calls from it are taken as the carrier's.",
      example: 'sip.carrier.example',
    }),
  port: z.int().min(1).max(65_535).default(5060),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  username: login.nullable().optional(),
  password: login.nullable().optional().meta({ description: 'Kept sealed; never shown again.' }),
  numberFormat: z
    .enum(['e164+', 'e164', 'national'])
    .default('e164+')
    .meta({ description: 'How numbers are written to the carrier: +33…, 33…, 0…' }),
  passCaller: z
    .boolean()
    .default(false)
    .meta({ description: "A forwarded call shows the original caller's number." }),
  sendPai: z
    .boolean()
    .default(false)
    .meta({ description: 'Send P-Asserted-Identity, and trust the carrier with withheld numbers.' }),
  position: z.int().min(0).max(1000).default(0).meta({ description: 'Lower ones are tried first.' }),
});
export type NewTrunk = z.output<typeof CreateTrunk>;
const ChangeTrunk = patchOf(CreateTrunk);
export type TrunkChange = z.output<typeof ChangeTrunk>;

const Trunk = CreateTrunk.omit({ password: true })
  .extend({
    id: z.uuid(),
    username: z.string().nullable(),
    hasPassword: z.boolean(),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .strip()
  .meta({ id: 'Trunk', description: 'A way to the telephone network' });

const TRUNKS = '/api/v1/tenants/:tenant/trunks';
const params = z.object({ trunk: z.uuid() });

export function trunkRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: TRUNKS,
    summary: 'List trunks, in the order in which they are tried',
    tag: 'trunks',
    permission: 'trunks:read',
    response: { 200: z.object({ items: z.array(Trunk) }) },
    handler: async (ctx) => ({ status: 200, body: { items: await inTenant(db, ctx, listTrunks) } }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${TRUNKS}/:trunk`,
    summary: 'Read a trunk',
    tag: 'trunks',
    permission: 'trunks:read',
    params,
    response: { 200: Trunk },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readTrunk(work, ctx.params.trunk));
      return { status: 200, body, version: body.version };
    },
  });

  return [list, read];
}

function changingRoutes(deps: FeatureDeps): Route[] {
  const { db } = deps;

  const create = defineRoute({
    method: 'post',
    path: TRUNKS,
    summary: 'Add a trunk',
    tag: 'trunks',
    permission: 'trunks:write',
    body: CreateTrunk,
    response: { 201: Trunk },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createTrunk(work, deps, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/trunks/${body.id}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const change = defineRoute({
    method: 'patch',
    path: `${TRUNKS}/:trunk`,
    summary: 'Change a trunk',
    tag: 'trunks',
    permission: 'trunks:write',
    params,
    body: ChangeTrunk,
    response: { 200: Trunk },
    etag: true,
    ifMatch: 'required',
    problems: ['conflict-duplicate'],
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        updateTrunk(work, deps, ctx.params.trunk, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${TRUNKS}/:trunk`,
    summary: 'Remove a trunk',
    tag: 'trunks',
    permission: 'trunks:write',
    params,
    response: { 204: null },
    ifMatch: 'optional',
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) => deleteTrunk(work, ctx.params.trunk, ctx.ifMatch));
      return { status: 204 };
    },
  });

  return [create, change, remove];
}
