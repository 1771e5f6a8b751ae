import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { UserRef, userRef } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { type LabelKind, labelName } from './labels.ts';
import { deleteLabel, listLabels, listSkilled, readLabel, renameLabel } from './service.ts';

const label = (id: 'Tag' | 'Skill') =>
  z
    .object({
      id: z.uuid(),
      name: z.string(),
      users: z.int().meta({ description: 'How many have it.' }),
      version: z.int(),
    })
    .meta({ id });
const SCHEMAS = { tag: label('Tag'), skill: label('Skill') } as const;

const params = z.object({ label: z.uuid() });

/** Tags and skills are made by giving them to a user; here they are listed, renamed and removed. */
export function labelRoutes(deps: FeatureDeps): Route[] {
  return [...routesOf(deps, 'tag'), ...routesOf(deps, 'skill'), skilledRoute(deps)];
}

function routesOf(deps: FeatureDeps, kind: LabelKind): Route[] {
  return [...readingRoutes(deps, kind), ...changingRoutes(deps, kind)];
}

const pathOf = <K extends LabelKind>(kind: K) => `/api/v1/tenants/:tenant/${kind}s` as const;

function readingRoutes({ db }: FeatureDeps, kind: LabelKind): Route[] {
  const list = defineRoute({
    method: 'get',
    path: pathOf(kind),
    summary: `List ${kind}s with how many users have each`,
    tag: `${kind}s`,
    permission: 'users:read',
    response: { 200: z.object({ items: z.array(SCHEMAS[kind]) }) },
    handler: async (ctx) => ({
      status: 200,
      body: { items: await inTenant(db, ctx, (work) => listLabels(work, kind)) },
    }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${pathOf(kind)}/:label`,
    summary: `Read a ${kind}`,
    tag: `${kind}s`,
    permission: 'users:read',
    params,
    response: { 200: SCHEMAS[kind] },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readLabel(work, kind, ctx.params.label));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  return [list, read];
}

function changingRoutes({ db }: FeatureDeps, kind: LabelKind): Route[] {
  const rename = defineRoute({
    method: 'patch',
    path: `${pathOf(kind)}/:label`,
    summary: `Rename a ${kind}, for all who have it`,
    tag: `${kind}s`,
    permission: 'users:write',
    params,
    body: z.strictObject({ name: labelName(kind).optional() }),
    response: { 200: SCHEMAS[kind] },
    etag: true,
    ifMatch: 'required',
    problems: ['conflict-duplicate'],
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        renameLabel(work, kind, ctx.params.label, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${pathOf(kind)}/:label`,
    summary: `Delete a ${kind}; whoever has it loses it`,
    tag: `${kind}s`,
    permission: 'users:write',
    params,
    response: { 204: null },
    ifMatch: 'optional',
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) => deleteLabel(work, kind, ctx.params.label, ctx.ifMatch));
      return { status: 204 };
    },
  });

  return [rename, remove];
}

const SkilledUser = z.object({ user: UserRef, level: z.int() });

function skilledRoute({ db }: FeatureDeps): Route {
  return defineRoute({
    method: 'get',
    path: '/api/v1/tenants/:tenant/skills/:label/users',
    summary: 'List who has a skill, the best first',
    tag: 'skills',
    permission: 'users:read',
    params,
    query: pageQuery({}),
    response: { 200: pageOf(SkilledUser) },
    handler: async (ctx) => {
      const { limit, cursor } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ level: z.int(), id: z.uuid() }));
      const rows = await inTenant(db, ctx, async (work) => {
        await readLabel(work, 'skill', ctx.params.label);
        return listSkilled(work, ctx.params.label, after, limit + 1);
      });
      const page = ctx.cursors.page(rows, limit, ({ level, userId }) => ({ level, id: userId }));
      const items = page.items.map(({ user, level }) => ({ user: userRef(user), level }));
      return { status: 200, body: { ...page, items } };
    },
  });
}
