import { z } from 'zod';
import { patchOf } from '../../api/patch.ts';
import { flag } from '../../api/query.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { ATTRIBUTE_TYPES } from '../../domain/users/attributes.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { inTenant } from '../tenant-work.ts';
import {
  addDialerDefinitions,
  createDefinition,
  deleteDefinition,
  listDefinitions,
  readDefinition,
  updateDefinition,
} from './service.ts';

const Changeable = z.strictObject({
  label: fields.name,
  choices: z
    .array(fields.name)
    .max(200)
    .refine((choices) => new Set(choices).size === choices.length, 'Send each choice once.')
    .default([])
    .meta({ description: 'Of a choice: what may be chosen; of a list: the same, or empty for any words.' }),
  required: z.boolean().default(false).meta({ description: 'New users must have a value.' }),
});

const CreateAttribute = Changeable.extend({
  key: z
    .string()
    .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'Send 1 to 40 letters and digits, beginning with a small letter.')
    .meta({ example: 'costCentre' }),
  type: z
    .enum(ATTRIBUTE_TYPES)
    .meta({ description: 'Fixed for good. A secret is sealed and never shown again.' }),
});

const Attribute = z
  .object({
    id: z.uuid(),
    key: z.string(),
    label: z.string(),
    type: z.enum(ATTRIBUTE_TYPES),
    choices: z.array(z.string()),
    required: z.boolean(),
    users: z.int().meta({ description: 'How many have a value.' }),
    version: z.int(),
  })
  .meta({ id: 'Attribute' });
const AttributeList = z.object({ items: z.array(Attribute) });

const ATTRIBUTES = '/api/v1/tenants/:tenant/attributes';
const params = z.object({ attribute: z.uuid() });

/** What a tenant keeps about its users beyond the built-in fields: which there are; values are the user's. */
export function attributeRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...addingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: ATTRIBUTES,
    summary: 'List the attributes that users can have',
    tag: 'attributes',
    permission: 'users:read',
    response: { 200: AttributeList },
    handler: async (ctx) => ({
      status: 200,
      body: { items: await inTenant(db, ctx, (work) => listDefinitions(work)) },
    }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${ATTRIBUTES}/:attribute`,
    summary: 'Read an attribute',
    tag: 'attributes',
    permission: 'users:read',
    params,
    response: { 200: Attribute },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readDefinition(work, ctx.params.attribute));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  return [list, read];
}

function addingRoutes({ db }: FeatureDeps): Route[] {
  const create = defineRoute({
    method: 'post',
    path: ATTRIBUTES,
    summary: 'Define an attribute',
    tag: 'attributes',
    permission: 'tenant:write',
    body: CreateAttribute,
    response: { 201: Attribute },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createDefinition(work, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/attributes/${body.id}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const addReadyMade = defineRoute({
    method: 'post',
    path: '/api/v1/tenants/:tenant/dialer-attributes',
    summary: 'Add the attributes that dialers and routers ask for',
    description: 'Those that are there already stay as they are.',
    tag: 'attributes',
    permission: 'tenant:write',
    body: null,
    response: { 200: AttributeList },
    problems: ['conflict-duplicate'],
    handler: async (ctx) => ({
      status: 200,
      body: { items: await inTenant(db, ctx, addDialerDefinitions) },
    }),
  });

  return [create, addReadyMade];
}

function changingRoutes({ db }: FeatureDeps): Route[] {
  const change = defineRoute({
    method: 'patch',
    path: `${ATTRIBUTES}/:attribute`,
    summary: 'Change an attribute; its key and type stay',
    tag: 'attributes',
    permission: 'tenant:write',
    params,
    body: patchOf(Changeable),
    response: { 200: Attribute },
    etag: true,
    ifMatch: 'required',
    problems: ['in-use'],
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        updateDefinition(work, ctx.params.attribute, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${ATTRIBUTES}/:attribute`,
    summary: 'Delete an attribute',
    tag: 'attributes',
    permission: 'tenant:write',
    params,
    query: z.strictObject({
      force: flag().optional().meta({ description: 'true: also when users have values, which go with it.' }),
    }),
    response: { 204: null },
    ifMatch: 'optional',
    problems: ['in-use'],
    handler: async (ctx) => {
      const { force = false } = ctx.query;
      await inTenant(db, ctx, (work) => deleteDefinition(work, ctx.params.attribute, force, ctx.ifMatch));
      return { status: 204 };
    },
  });

  return [change, remove];
}
