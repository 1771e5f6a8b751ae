import { z } from 'zod';
import { defineRoute, type Route } from '../../api/route.ts';
import { whenApplied } from '../applied.ts';
import type { FeatureDeps } from '../deps.ts';
import { inTenant, need } from '../tenant-work.ts';
import { ofLine, ofUser } from './address.ts';
import { Credentials } from './credentials.ts';
import { closeWebphone, LONGEST_SESSION_SECONDS, openWebphone } from './webphone.ts';

const SESSIONS = '/api/v1/tenants/:tenant/users/:user/webphone-credentials';
const OpenSession = z.strictObject({
  seconds: z
    .int()
    .min(60)
    .max(LONGEST_SESSION_SECONDS)
    .default(LONGEST_SESSION_SECONDS)
    .meta({ description: 'How long at most, 12 hours if left out.' }),
});

export function webphoneRoutes(deps: FeatureDeps): Route[] {
  const { db } = deps;

  const open = defineRoute({
    method: 'post',
    path: SESSIONS,
    summary: 'Credentials for one webphone session',
    description:
      'A line of its own, which ends with its time, with DELETE, or with the API key that asked for it, whichever comes first. Needs `secrets:reveal` as well, unless asked by the user. Recorded in the audit log.',
    tag: 'lines',
    permission: 'lines:write',
    ownUser: true,
    params: ofUser,
    body: OpenSession,
    response: { 201: Credentials },
    idempotent: true,
    wait: true,
    handler: async (ctx) => {
      const { user } = ctx.params;
      const answer = await inTenant(db, ctx, async (work) => {
        if (ctx.actor.userId !== user) need(work, 'secrets:reveal');
        const body = await openWebphone(work, deps, user, ctx.body.seconds);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/users/${user}/lines/${body.lineId}`;
        const created = { status: 201 as const, body, location };
        await ctx.remember?.(work.tx, created);
        return created;
      });
      await whenApplied(deps, ctx, user);
      return answer;
    },
  });

  const close = defineRoute({
    method: 'delete',
    path: `${SESSIONS}/:line`,
    summary: 'End a webphone session',
    tag: 'lines',
    permission: 'lines:write',
    ownUser: true,
    params: ofLine,
    response: { 204: null },
    wait: true,
    handler: async (ctx) => {
      await inTenant(db, ctx, (work) => closeWebphone(work, ctx.params.user, ctx.params.line));
      await whenApplied(deps, ctx, ctx.params.user);
      return { status: 204 };
    },
  });

  return [open, close];
}
