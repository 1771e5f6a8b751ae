import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { whenApplied } from '../applied.ts';
import type { FeatureDeps } from '../deps.ts';
import { inTenant } from '../tenant-work.ts';
import { listMembers, setMember } from './service.ts';

const Capacity = z.enum(['agent', 'supervisor']);

const Member = z
  .object({ userId: z.uuid(), username: z.string(), name: z.string(), capacities: z.array(Capacity) })
  .meta({ id: 'TeamMember' });

const MEMBERS = '/api/v1/tenants/:tenant/teams/:team/members';
const params = z.object({ team: z.uuid(), member: z.uuid() });

export function memberRoutes(deps: FeatureDeps): Route[] {
  const { db } = deps;

  const list = defineRoute({
    method: 'get',
    path: MEMBERS,
    summary: "List a team's members",
    tag: 'teams',
    permission: 'users:read',
    params: z.object({ team: z.uuid() }),
    query: pageQuery({}),
    response: { 200: pageOf(Member) },
    handler: async (ctx) => {
      const { limit, cursor } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ id: z.uuid() }))?.id ?? null;
      const rows = await inTenant(db, ctx, (work) => listMembers(work, ctx.params.team, after, limit + 1));
      return { status: 200, body: ctx.cursors.page(rows, limit, ({ userId }) => ({ id: userId })) };
    },
  });

  const set = defineRoute({
    method: 'put',
    path: `${MEMBERS}/:member`,
    summary: 'Make a user a member of a team, as agent, supervisor or both',
    tag: 'teams',
    permission: 'users:write',
    params,
    body: z.strictObject({ capacities: z.array(Capacity).min(1).max(2) }),
    response: { 204: null },
    wait: true,
    handler: async (ctx) => {
      const { team, member } = ctx.params;
      await inTenant(db, ctx, (work) => setMember(work, team, member, ctx.body.capacities));
      await whenApplied(deps, ctx, member);
      return { status: 204 };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${MEMBERS}/:member`,
    summary: 'Take a user out of a team',
    tag: 'teams',
    permission: 'users:write',
    params,
    response: { 204: null },
    wait: true,
    handler: async (ctx) => {
      const { team, member } = ctx.params;
      await inTenant(db, ctx, (work) => setMember(work, team, member, []));
      await whenApplied(deps, ctx, member);
      return { status: 204 };
    },
  });

  return [list, set, remove];
}
