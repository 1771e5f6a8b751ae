import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { patchOf } from '../../api/patch.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { instant } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { memberRoutes } from './member-routes.ts';
import { createTeam, deleteTeam, listTeams, readTeam, updateTeam } from './service.ts';

const Team = z
  .object({
    id: z.uuid(),
    name: z.string(),
    callerIdGroupId: z
      .uuid()
      .nullable()
      .meta({ description: "Whose numbers the team's agents show outside." }),
    agents: z.int(),
    supervisors: z.int(),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Team' });

const CreateTeam = z.strictObject({
  name: fields.name,
  callerIdGroupId: z.uuid().nullable().optional(),
});

export const TEAMS = '/api/v1/tenants/:tenant/teams';
const params = z.object({ team: z.uuid() });

export function teamRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps), ...memberRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: TEAMS,
    summary: 'List teams',
    tag: 'teams',
    permission: 'users:read',
    query: pageQuery({}),
    response: { 200: pageOf(Team) },
    handler: async (ctx) => {
      const { limit, cursor } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ name: z.string() }))?.name ?? null;
      const rows = await inTenant(db, ctx, (work) => listTeams(work, after, limit + 1));
      return { status: 200, body: ctx.cursors.page(rows, limit, ({ name }) => ({ name })) };
    },
  });

  const read = defineRoute({
    method: 'get',
    path: `${TEAMS}/:team`,
    summary: 'Read a team',
    tag: 'teams',
    permission: 'users:read',
    params,
    response: { 200: Team },
    etag: true,
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) => readTeam(work, ctx.params.team));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  return [list, read];
}

function changingRoutes({ db }: FeatureDeps): Route[] {
  const create = defineRoute({
    method: 'post',
    path: TEAMS,
    summary: 'Create a team',
    tag: 'teams',
    permission: 'users:write',
    body: CreateTeam,
    response: { 201: Team },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: (ctx) =>
      inTenant(db, ctx, async (work) => {
        const body = await createTeam(work, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/teams/${body.id}`;
        const answer = { status: 201 as const, body, version: body.version, location };
        await ctx.remember?.(work.tx, answer);
        return answer;
      }),
  });

  const change = defineRoute({
    method: 'patch',
    path: `${TEAMS}/:team`,
    summary: 'Change a team',
    tag: 'teams',
    permission: 'users:write',
    params,
    body: patchOf(CreateTeam),
    response: { 200: Team },
    etag: true,
    ifMatch: 'required',
    problems: ['conflict-duplicate'],
    handler: async (ctx) => {
      const body = await inTenant(db, ctx, (work) =>
        updateTeam(work, ctx.params.team, ctx.body, ctx.ifMatch),
      );
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${TEAMS}/:team`,
    summary: 'Delete a team; its members stay users',
    tag: 'teams',
    permission: 'users:write',
    params,
    response: { 204: null },
    ifMatch: 'optional',
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) => deleteTeam(work, ctx.params.team, ctx.ifMatch));
      return { status: 204 };
    },
  });

  return [create, change, remove];
}
