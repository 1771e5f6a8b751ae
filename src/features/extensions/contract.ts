import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { flag } from '../../api/query.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { whenApplied } from '../applied.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { instant } from '../shared-schemas.ts';
import { inTenant, need } from '../tenant-work.ts';
import { assign, unassign } from './assign.ts';
import { reassignExtension } from './reassign.ts';
import { listExtensions, nextFreeExtension, readExtension } from './service.ts';

const Extension = z
  .object({
    number: z.string(),
    free: z.boolean(),
    user: z.object({ id: z.uuid(), username: z.string(), name: z.string() }).nullable(),
    assignedAt: instant.nullable(),
  })
  .meta({ id: 'Extension' });

const EXTENSIONS = '/api/v1/tenants/:tenant/extensions';
const params = z.object({ extension: fields.extension });
const Holder = z.strictObject({ userId: z.uuid() });

export function extensionRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: EXTENSIONS,
    summary: "List the extensions of the tenant's ranges",
    tag: 'extensions',
    permission: 'extensions:read',
    query: pageQuery({
      free: flag()
        .optional()
        .meta({ description: 'Only free ones, or only assigned ones; all when left out.' }),
    }),
    response: { 200: pageOf(Extension) },
    handler: async (ctx) => {
      const { free, limit, cursor } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ number: z.string() }))?.number ?? null;
      const rows = await inTenant(db, ctx, (work) => listExtensions(work, { free, after, take: limit + 1 }));
      return { status: 200, body: ctx.cursors.page(rows, limit, ({ number }) => ({ number })) };
    },
  });

  const next = defineRoute({
    method: 'get',
    path: `${EXTENSIONS}/next-free`,
    summary: 'The lowest free extension',
    description:
      'It is not reserved: to take it without a race, create the user (or assign) with extension `next`.',
    tag: 'extensions',
    permission: 'extensions:read',
    response: { 200: z.object({ number: z.string() }) },
    problems: ['no-free-extension'],
    handler: async (ctx) => ({
      status: 200,
      body: { number: await inTenant(db, ctx, nextFreeExtension) },
    }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${EXTENSIONS}/:extension`,
    summary: 'Read an extension: free, or whose',
    tag: 'extensions',
    permission: 'extensions:read',
    params,
    response: { 200: Extension },
    handler: async (ctx) => ({
      status: 200,
      body: await inTenant(db, ctx, (work) => readExtension(work, ctx.params.extension)),
    }),
  });

  return [list, next, read];
}

function changingRoutes(deps: FeatureDeps): Route[] {
  const { db } = deps;

  const assignRoute = defineRoute({
    method: 'put',
    path: `${EXTENSIONS}/:extension`,
    summary: 'Assign a free extension to a user',
    tag: 'extensions',
    permission: 'extensions:write',
    params,
    body: Holder,
    response: { 200: Extension },
    wait: true,
    problems: ['extension-taken', 'extension-out-of-range', 'conflict-duplicate'],
    handler: async (ctx) => {
      const { userId } = ctx.body;
      const body = await inTenant(db, ctx, (work) => assign(work, ctx.params.extension, userId));
      await whenApplied(deps, ctx, userId);
      return { status: 200, body };
    },
  });

  const unassignRoute = defineRoute({
    method: 'delete',
    path: `${EXTENSIONS}/:extension`,
    summary: 'Take an extension away from its user',
    description: 'The user keeps phones and numbers; the extension is free for others.',
    tag: 'extensions',
    permission: 'extensions:write',
    params,
    response: { 204: null },
    wait: true,
    handler: async (ctx) => {
      const userId = await inTenant(db, ctx, (work) => unassign(work, ctx.params.extension));
      await whenApplied(deps, ctx, userId);
      return { status: 204 };
    },
  });

  const reassign = defineRoute({
    method: 'post',
    path: `${EXTENSIONS}/:extension/reassign`,
    summary: 'Give an extension to another person',
    description:
      'Phones, number and dial profile go with it; its secrets are new, and the registrations of the one before end at once. Also needs `users:write` and `lines:write`.',
    tag: 'extensions',
    permission: 'extensions:write',
    params,
    body: Holder,
    response: { 200: Extension },
    wait: true,
    problems: ['conflict-duplicate'],
    handler: async (ctx) => {
      const done = await inTenant(db, ctx, (work) => {
        need(work, 'users:write');
        need(work, 'lines:write');
        return reassignExtension(work, deps, ctx.params.extension, ctx.body.userId);
      });
      await whenApplied(deps, ctx, done.from, done.to);
      return { status: 200, body: done.extension };
    },
  });

  return [assignRoute, unassignRoute, reassign];
}
