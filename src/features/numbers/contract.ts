import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { patchOf } from '../../api/patch.ts';
import { flag } from '../../api/query.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { instant } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { createNumber, deleteNumber, listNumbers, readNumber, updateNumber } from './service.ts';

const PhoneNumber = z
  .object({
    id: z.uuid(),
    e164: z.string(),
    label: z.string().nullable(),
    userId: z.uuid().nullable().meta({ description: 'Whose phones ring when it is called.' }),
    user: z.object({ id: z.uuid(), username: z.string(), name: z.string() }).nullable(),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Number' });

const CreateNumber = z.strictObject({
  e164: fields.phoneNumber,
  label: fields.name.nullable().optional(),
  userId: z.uuid().nullable().optional(),
});

const NUMBERS = '/api/v1/tenants/:tenant/numbers';
const params = z.object({ number: z.uuid() });

export function numberRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: NUMBERS,
    summary: "List the tenant's numbers",
    tag: 'numbers',
    permission: 'numbers:read',
    query: pageQuery({
      search: z.string().max(100).optional().meta({ description: 'Digits, or a part of the label.' }),
      given: flag().optional().meta({ description: 'Only those given to a user, or only the others.' }),
    }),
    response: { 200: pageOf(PhoneNumber) },
    handler: async (ctx) => {
      const { limit, cursor, ...filter } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ e164: z.string() }))?.e164 ?? null;
      const rows = await inTenant(db, ctx, (work) => listNumbers(work, filter, after, limit + 1));
      return { status: 200, body: ctx.cursors.page(rows, limit, ({ e164 }) => ({ e164 })) };
    },
  });

  const read = defineRoute({
    method: 'get',
    path: `${NUMBERS}/:number`,
    summary: 'Read a number',
    tag: 'numbers',
    permission: 'numbers:read',
    params,
    response: { 200: PhoneNumber },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readNumber(work, ctx.params.number));
      return { status: 200, body, version: body.version };
    },
  });

  return [list, read];
}

function changingRoutes({ db }: FeatureDeps): Route[] {
  const create = defineRoute({
    method: 'post',
    path: NUMBERS,
    summary: 'Add a number that the tenant owns',
    tag: 'numbers',
    permission: 'numbers:write',
    body: CreateNumber,
    response: { 201: PhoneNumber },
    etag: true,
    idempotent: true,
    problems: ['number-taken'],
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createNumber(work, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/numbers/${body.id}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const change = defineRoute({
    method: 'patch',
    path: `${NUMBERS}/:number`,
    summary: 'Label a number, give it to a user, take it back',
    tag: 'numbers',
    permission: 'numbers:write',
    params,
    body: patchOf(CreateNumber.omit({ e164: true })),
    response: { 200: PhoneNumber },
    etag: true,
    ifMatch: 'required',
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        updateNumber(work, ctx.params.number, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${NUMBERS}/:number`,
    summary: 'Remove a number that nobody shows',
    tag: 'numbers',
    permission: 'numbers:write',
    params,
    response: { 204: null },
    ifMatch: 'optional',
    problems: ['in-use'],
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) => deleteNumber(work, ctx.params.number, ctx.ifMatch));
      return { status: 204 };
    },
  });

  return [create, change, remove];
}
