import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { flag, repeated } from '../../api/query.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { whenApplied } from '../applied.ts';
import type { FeatureDeps } from '../deps.ts';
import { LineKind } from '../lines/presentation.ts';
import { type Asker, inTenant } from '../tenant-work.ts';
import { ChangeUser, CreateUser } from './fields.ts';
import { findUsers, USER_SORTS } from './list.ts';
import { User, type UserBody, userBody } from './presentation.ts';
import { createUser, readUser, setUserStatus, updateUser } from './service.ts';

const USERS = '/api/v1/tenants/:tenant/users';
const params = z.object({ user: z.uuid() });

const ListQuery = pageQuery({
  search: z.string().max(200).optional().meta({
    description:
      'Words that must all be found, anywhere in name, username, alias, email, employee ID, extension or number.',
  }),
  status: repeated(z.enum(['pending', 'active', 'suspended'])),
  phone: repeated(z.union([z.literal('none'), LineKind])).meta({
    description: 'Users with a line of this kind; `none`: without any.',
  }),
  team: repeated(z.uuid()),
  role: repeated(z.string().max(100)).meta({ description: 'Key or id.' }),
  tag: repeated(z.string().max(100)).meta({ description: 'Name; users with any of them.' }),
  skill: repeated(z.string().max(110)).meta({
    description: 'Name, or name and least level (`english:5`); users with any of them.',
  }),
  inSync: flag()
    .optional()
    .meta({ description: 'Whether the PBX has what stands here; false: still waiting or failed.' }),
  sort: z.enum(USER_SORTS).default('name'),
  order: z.enum(['asc', 'desc']).default('asc'),
});

const UserList = pageOf(User).extend({
  total: z.int().meta({ description: 'How many match, on all pages.' }),
});

export function userRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps), ...statusRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: USERS,
    summary: 'List and search users',
    tag: 'users',
    permission: 'users:read',
    query: ListQuery,
    response: { 200: UserList },
    handler: async (ctx) => {
      const { limit, cursor, sort, order, team, ...filter } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ key: z.string(), id: z.string() }));
      const options = { sort, descending: order === 'desc', after, take: limit + 1 };
      const { rows, total } = await inTenant(db, ctx, ({ tx, tenantId }) =>
        findUsers(tx, tenantId, { ...filter, teamId: team }, options),
      );
      const page = ctx.cursors.page(rows, limit, (row) => row.position);
      return { status: 200, body: { ...page, items: page.items.map(userBody), total } };
    },
  });

  const read = defineRoute({
    method: 'get',
    path: `${USERS}/:user`,
    summary: 'Read a user',
    description: 'The ETag stands for what can be changed; `sync`, `lines` and `teams` move beside it.',
    tag: 'users',
    permission: 'users:read',
    ownUser: true,
    params,
    response: { 200: User },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readUser(work, ctx.params.user));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  return [list, read];
}

function changingRoutes(deps: FeatureDeps): Route[] {
  const { db } = deps;

  const create = defineRoute({
    method: 'post',
    path: USERS,
    summary: 'Create a user',
    description:
      'An extension also needs `extensions:write`, a phone `lines:write`; a role can be given by who holds its permissions.',
    tag: 'users',
    permission: 'users:write',
    body: CreateUser,
    response: { 201: User },
    etag: true,
    idempotent: true,
    wait: true,
    problems: [
      'conflict-duplicate',
      'extension-taken',
      'extension-out-of-range',
      'no-free-extension',
      'number-not-owned',
    ],
    handler: async (ctx) => {
      const answer = await inTenant(db, ctx, async (work) => {
        const body = await createUser(work, deps, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/users/${body.id}`;
        const created = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, created);
        return created;
      });
      return { ...answer, body: await asApplied(deps, ctx, answer.body) };
    },
  });

  const change = defineRoute({
    method: 'patch',
    path: `${USERS}/:user`,
    summary: 'Change a user',
    description:
      'Only what is sent is changed; null clears. The extension also needs `extensions:write`, the status `users:suspend`.',
    tag: 'users',
    permission: 'users:write',
    params,
    body: ChangeUser,
    response: { 200: User },
    etag: true,
    ifMatch: 'required',
    wait: true,
    problems: [
      'conflict-duplicate',
      'extension-taken',
      'extension-out-of-range',
      'no-free-extension',
      'number-not-owned',
      'last-organisation-administrator',
    ],
    handler: async (ctx) => {
      const { user } = ctx.params;
      const changed = await inTenant(db, ctx, (work) => updateUser(work, deps, user, ctx.body, ctx.ifMatch));
      const body = await asApplied(deps, ctx, changed);
      return { status: 200, body, version: body.version };
    },
  });

  return [create, change];
}

function statusRoutes(deps: FeatureDeps): Route[] {
  return (
    [
      ['suspend', 'suspended', 'Suspend a user: no sign-in, no registration, no call; everything is kept'],
      ['activate', 'active', 'Activate a user again'],
    ] as const
  ).map(([verb, status, summary]) =>
    defineRoute({
      method: 'post',
      path: `${USERS}/:user/${verb}`,
      summary,
      tag: 'users',
      permission: 'users:suspend',
      params,
      body: null,
      response: { 200: User },
      etag: true,
      ifMatch: 'optional',
      wait: true,
      problems: ['last-organisation-administrator'],
      handler: async (ctx) => {
        const { user } = ctx.params;
        const changed = await inTenant(deps.db, ctx, (work) =>
          setUserStatus(work, user, status, ctx.ifMatch),
        );
        const body = await asApplied(deps, ctx, changed);
        return { status: 200, body, version: body.version };
      },
    }),
  );
}

/** With `Prefer: wait`, the user as it is once the PBX has it (or the time is up); else as it is now. */
async function asApplied(
  deps: FeatureDeps,
  ctx: Asker & { waitSeconds: number },
  body: UserBody,
): Promise<UserBody> {
  if (ctx.waitSeconds === 0) return body;
  await whenApplied(deps, ctx, body.id);
  return inTenant(deps.db, ctx, (work) => readUser(work, body.id));
}
