import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { patchOf } from '../../api/patch.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { instant } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { createGroup, deleteGroup, listGroups, readGroup, updateGroup } from './service.ts';

const CallerIdGroup = z
  .object({
    id: z.uuid(),
    name: z.string(),
    numbers: z.array(z.string()).meta({ description: 'In the order in which they take turns; E.164.' }),
    teams: z.int().meta({ description: 'How many teams show it.' }),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'CallerIdGroup' });

const CreateGroup = z.strictObject({
  name: fields.name,
  // The group is one value on the PBX, in which 50 numbers fit for certain.
  numbers: z.array(fields.phoneNumber).min(1).max(50),
});

const GROUPS = '/api/v1/tenants/:tenant/caller-id-groups';
const params = z.object({ group: z.uuid() });

export function callerIdGroupRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: GROUPS,
    summary: 'List caller ID groups',
    tag: 'caller ID groups',
    permission: 'numbers:read',
    query: pageQuery({}),
    response: { 200: pageOf(CallerIdGroup) },
    handler: async (ctx) => {
      const { limit, cursor } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ name: z.string() }))?.name ?? null;
      const rows = await inTenant(db, ctx, (work) => listGroups(work, after, limit + 1));
      return { status: 200, body: ctx.cursors.page(rows, limit, ({ name }) => ({ name })) };
    },
  });

  const read = defineRoute({
    method: 'get',
    path: `${GROUPS}/:group`,
    summary: 'Read a caller ID group',
    tag: 'caller ID groups',
    permission: 'numbers:read',
    params,
    response: { 200: CallerIdGroup },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readGroup(work, ctx.params.group));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  return [list, read];
}

function changingRoutes({ db }: FeatureDeps): Route[] {
  const create = defineRoute({
    method: 'post',
    path: GROUPS,
    summary: 'Create a caller ID group',
    tag: 'caller ID groups',
    permission: 'numbers:write',
    body: CreateGroup,
    response: { 201: CallerIdGroup },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate', 'number-not-owned'],
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createGroup(work, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/caller-id-groups/${body.id}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const change = defineRoute({
    method: 'patch',
    path: `${GROUPS}/:group`,
    summary: 'Change a caller ID group',
    description: '`numbers` replaces all of them.',
    tag: 'caller ID groups',
    permission: 'numbers:write',
    params,
    body: patchOf(CreateGroup),
    response: { 200: CallerIdGroup },
    etag: true,
    ifMatch: 'required',
    problems: ['conflict-duplicate', 'number-not-owned'],
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        updateGroup(work, ctx.params.group, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${GROUPS}/:group`,
    summary: 'Delete a caller ID group that no team shows',
    tag: 'caller ID groups',
    permission: 'numbers:write',
    params,
    response: { 204: null },
    ifMatch: 'optional',
    problems: ['in-use'],
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) => deleteGroup(work, ctx.params.group, ctx.ifMatch));
      return { status: 204 };
    },
  });

  return [create, change, remove];
}
