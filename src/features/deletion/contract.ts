import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { whenApplied } from '../applied.ts';
import type { FeatureDeps } from '../deps.ts';
import { instant, Stored, UserRef, Who } from '../shared-schemas.ts';
import { inTenant, needHere } from '../tenant-work.ts';
import { cancelDeletion, listQueued, type QueuedDeletion, queueDeletion, readQueued } from './queue.ts';
import { deleteUser } from './service.ts';

const USERS = '/api/v1/tenants/:tenant/users';
const params = z.object({ user: z.uuid() });

const Queued = z
  .object({
    user: UserRef,
    requestedBy: Who,
    requestedAt: instant,
  })
  .meta({ id: 'QueuedDeletion', description: 'A deletion that happens as soon as the user is in no call.' });

const Deleted = z
  .object({
    id: z.uuid(),
    deletedAt: instant,
    deletedBy: Who,
    was: Stored.meta({
      description: 'What the user was: names, email, extension, numbers, roles. No secret.',
    }),
  })
  .meta({ id: 'DeletedUser', description: 'What remains of a user who was deleted.' });

const when = z.enum(['refuse', 'idle', 'hangup']).default('refuse').meta({
  description:
    'What to do when the user is in a call: `refuse` (409 with the calls), `idle` (delete as soon as the calls have ended), `hangup` (end them; needs the permission users:hangup-delete).',
});

export function deletionRoutes(deps: FeatureDeps): Route[] {
  return [removalRoute(deps), ...queueRoutes(deps), ...recordRoutes(deps)];
}

function removalRoute(deps: FeatureDeps): Route {
  return defineRoute({
    method: 'delete',
    path: `${USERS}/:user`,
    summary: 'Delete a user',
    description:
      'Frees the extension, ends registrations at once, revokes keys and lines, and keeps a record (`/deleted-users`). No call is cut unless `when=hangup`.',
    tag: 'users',
    permission: 'users:delete',
    params,
    query: z.object({ when }),
    response: { 202: Queued, 204: null },
    ifMatch: 'optional',
    wait: true,
    deadlineSeconds: 60,
    problems: [
      'user-in-call',
      'user-is-organisation-administrator',
      'pbx-not-connected',
      'pbx-failed',
      'timed-out',
    ],
    handler: async (ctx) => {
      const { tenant, params, query, ifMatch, actor, requestId, ip } = ctx;
      if (query.when === 'hangup') needHere(ctx, 'users:hangup-delete');
      try {
        await deleteUser(deps, {
          tenantId: tenant.id,
          userId: params.user,
          caller: { actor, requestId, ip },
          calls: query.when === 'hangup' ? 'hangup' : 'refuse',
          queued: false,
          version: ifMatch,
        });
      } catch (error) {
        if (query.when !== 'idle' || !canWait(error)) throw error;
        const row = await inTenant(deps.db, ctx, (work) => queueDeletion(work, params.user, ifMatch));
        deps.deletionQueued();
        return { status: 202, body: shown(row) };
      }
      await whenApplied(deps, ctx, params.user);
      return { status: 204 };
    },
  });
}

function queueRoutes(deps: FeatureDeps): Route[] {
  const queue = defineRoute({
    method: 'get',
    path: '/api/v1/tenants/:tenant/deletions',
    summary: 'List deletions that wait for the end of a call',
    tag: 'users',
    permission: 'users:read',
    query: pageQuery({}),
    response: { 200: pageOf(Queued) },
    handler: async (ctx) => {
      const { query, cursors } = ctx;
      const after = cursors.after(query.cursor, z.object({ requestedAt: z.coerce.date(), userId: z.uuid() }));
      const rows = await inTenant(deps.db, ctx, (work) => listQueued(work, after, query.limit + 1));
      const page = cursors.page(rows, query.limit, ({ requestedAt, user }) => ({
        requestedAt,
        userId: user.id,
      }));
      return { status: 200, body: { ...page, items: page.items.map(shown) } };
    },
  });

  const readOne = defineRoute({
    method: 'get',
    path: `${USERS}/:user/deletion`,
    summary: "Read a user's queued deletion",
    tag: 'users',
    permission: 'users:read',
    params,
    response: { 200: Queued },
    handler: async (ctx) => ({
      status: 200,
      body: shown(await inTenant(deps.db, ctx, (work) => readQueued(work, ctx.params.user))),
    }),
  });

  const cancel = defineRoute({
    method: 'delete',
    path: `${USERS}/:user/deletion`,
    summary: "Cancel a user's queued deletion",
    tag: 'users',
    permission: 'users:delete',
    params,
    response: { 204: null },
    handler: async (ctx) => {
      await inTenant(deps.db, ctx, (work) => cancelDeletion(work, ctx.params.user));
      return { status: 204 };
    },
  });

  return [queue, readOne, cancel];
}

function recordRoutes(deps: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: '/api/v1/tenants/:tenant/deleted-users',
    summary: 'List users who were deleted, the latest first',
    tag: 'users',
    permission: 'users:read',
    query: pageQuery({}),
    response: { 200: pageOf(Deleted) },
    handler: async (ctx) => {
      const { query, cursors } = ctx;
      const after = cursors.after(query.cursor, z.object({ deletedAt: z.coerce.date(), id: z.uuid() }));
      const rows = await inTenant(deps.db, ctx, ({ tx, tenantId }) =>
        tx.deletedUser.findMany({
          where: {
            tenantId,
            ...(after && {
              OR: [
                { deletedAt: { lt: after.deletedAt } },
                { deletedAt: after.deletedAt, id: { lt: after.id } },
              ],
            }),
          },
          orderBy: [{ deletedAt: 'desc' }, { id: 'desc' }],
          take: query.limit + 1,
        }),
      );
      const page = cursors.page(rows, query.limit, ({ deletedAt, id }) => ({ deletedAt, id }));
      return { status: 200, body: { ...page, items: page.items.map(remembered) } };
    },
  });

  const read = defineRoute({
    method: 'get',
    path: '/api/v1/tenants/:tenant/deleted-users/:user',
    summary: 'Read what remains of a deleted user',
    tag: 'users',
    permission: 'users:read',
    params,
    response: { 200: Deleted },
    handler: async (ctx) => {
      const { user } = ctx.params;
      const row = await inTenant(deps.db, ctx, ({ tx, tenantId }) =>
        tx.deletedUser.findFirst({ where: { tenantId, id: user } }),
      );
      if (!row) throw notFound('deleted user', user);
      return { status: 200, body: remembered(row) };
    },
  });

  return [list, read];
}

/** What passes by itself, so that a deletion may wait for it. */
function canWait(error: unknown): boolean {
  return (
    error instanceof DomainError &&
    ['user-in-call', 'pbx-not-connected', 'pbx-failed', 'timed-out'].includes(error.code)
  );
}

function shown({ user, requestedBy, requestedAt }: QueuedDeletion) {
  return { user, requestedBy: requestedBy.actor, requestedAt: requestedAt.toISOString() };
}

function remembered(row: { id: string; deletedAt: Date; deletedBy: unknown; snapshot: unknown }) {
  return {
    id: row.id,
    deletedAt: row.deletedAt.toISOString(),
    deletedBy: row.deletedBy as Who,
    was: row.snapshot as Stored,
  };
}
