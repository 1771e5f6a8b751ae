import { z } from 'zod';
import { patchOf } from '../../api/patch.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { whenApplied } from '../applied.ts';
import type { FeatureDeps } from '../deps.ts';
import { inTenant } from '../tenant-work.ts';
import { changeForwarding, readForwarding } from './service.ts';

const target = (when: string) =>
  z
    .string()
    .max(40)
    .nullable()
    .default(null)
    .meta({
      description: `Where calls go ${when}: an extension, or a number as dialled; null: nowhere else.`,
    });

const Forwarding = z
  .strictObject({
    always: target('always'),
    busy: target('while the user is in a call'),
    noAnswer: target('when nobody answers'),
    unregistered: target('when no phone is registered'),
    noAnswerSeconds: z.int().min(5).max(120).default(20),
  })
  .meta({ id: 'Forwarding' });

const FORWARDING = '/api/v1/tenants/:tenant/users/:user/forwarding';
const params = z.object({ user: z.uuid() });

export function forwardingRoutes(deps: FeatureDeps): Route[] {
  const { db } = deps;

  const read = defineRoute({
    method: 'get',
    path: FORWARDING,
    summary: "Read a user's call forwarding",
    tag: 'forwarding',
    permission: 'users:read',
    ownUser: true,
    params,
    response: { 200: Forwarding },
    handler: async (ctx) => ({
      status: 200,
      body: await inTenant(db, ctx, (work) => readForwarding(work, ctx.params.user)),
    }),
  });

  const replace = defineRoute({
    method: 'put',
    path: FORWARDING,
    summary: "Set a user's call forwarding; what is left out is cleared",
    tag: 'forwarding',
    permission: 'users:write',
    ownUser: true,
    params,
    body: Forwarding,
    response: { 200: Forwarding },
    wait: true,
    handler: async (ctx) => {
      const { user } = ctx.params;
      const body = await inTenant(db, ctx, (work) => changeForwarding(work, deps, user, ctx.body));
      await whenApplied(deps, ctx, user);
      return { status: 200, body };
    },
  });

  const change = defineRoute({
    method: 'patch',
    path: FORWARDING,
    summary: "Change a user's call forwarding",
    description:
      'Only what is sent is changed; null clears. Phones change it too, by code, so it has no version of its own.',
    tag: 'forwarding',
    permission: 'users:write',
    ownUser: true,
    params,
    body: patchOf(Forwarding),
    response: { 200: Forwarding },
    wait: true,
    handler: async (ctx) => {
      const { user } = ctx.params;
      const body = await inTenant(db, ctx, (work) => changeForwarding(work, deps, user, ctx.body));
      await whenApplied(deps, ctx, user);
      return { status: 200, body };
    },
  });

  return [read, replace, change];
}
