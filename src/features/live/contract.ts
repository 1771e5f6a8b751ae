import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { repeated } from '../../api/query.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { notFound } from '../../domain/errors.ts';
import type { FeatureDeps } from '../deps.ts';
import { instant, UserRef } from '../shared-schemas.ts';
import { hangUpCall, type LiveUser, liveUsers, liveUsersById, startCall } from './service.ts';

const Registration = z
  .object({
    line: z.string(),
    address: z.string().meta({ description: 'Where the phone registered from.', example: '192.0.2.7:5060' }),
    contact: z.string().meta({ description: 'The SIP address at which it wants to be called.' }),
    userAgent: z.string(),
    expiresAt: instant,
    reachable: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether it answers; null: it is not asked (webphones).' }),
    roundtripMs: z.number().nullable(),
  })
  .meta({ id: 'Registration' });

const Call = z
  .object({
    id: z.string(),
    line: z.string(),
    direction: z.enum(['in', 'out']),
    state: z.enum(['dialling', 'ringing', 'up']),
    peer: z.object({ name: z.string(), number: z.string() }),
    since: instant,
  })
  .meta({ id: 'LiveCall', description: "One phone's part in a call" });

const Live = z
  .object({ user: UserRef, registrations: z.array(Registration), calls: z.array(Call) })
  .meta({ id: 'LiveUser', description: 'What a user’s phones do at this moment, as the PBX says it' });

const TENANT = '/api/v1/tenants/:tenant';

export function liveRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...callRoutes(deps)];
}

function readingRoutes(deps: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: `${TENANT}/live`,
    summary: 'Who is registered, and who is in a call',
    description: 'Without `user`: everybody who is either. With it: these users, whatever they do.',
    tag: 'live',
    permission: 'calls:read',
    query: pageQuery({ user: repeated(z.uuid(), 200).meta({ description: 'For the rows of a page, say.' }) }),
    response: { 200: pageOf(Live) },
    problems: ['pbx-not-connected', 'pbx-failed'],
    handler: async (ctx) => {
      const { limit, cursor, user } = ctx.query;
      if (user) {
        const items = await liveUsersById(deps, ctx, user);
        return { status: 200, body: { items: items.map(liveBody), next: null } };
      }
      const after = ctx.cursors.after(cursor, z.object({ user: z.uuid() }));
      const rows = await liveUsers(deps, ctx, { after: after?.user ?? null, take: limit + 1 });
      const page = ctx.cursors.page(rows, limit, (row) => ({ user: row.user.id }));
      return { status: 200, body: { ...page, items: page.items.map(liveBody) } };
    },
  });

  const ofUser = defineRoute({
    method: 'get',
    path: `${TENANT}/users/:user/live`,
    summary: "What a user's phones do now",
    tag: 'live',
    permission: 'calls:read',
    ownUser: true,
    params: z.object({ user: z.uuid() }),
    response: { 200: Live },
    problems: ['pbx-not-connected', 'pbx-failed'],
    handler: async (ctx) => {
      const [row] = await liveUsersById(deps, ctx, [ctx.params.user]);
      if (!row) throw notFound('user', ctx.params.user);
      return { status: 200, body: liveBody(row) };
    },
  });

  return [list, ofUser];
}

function callRoutes(deps: FeatureDeps): Route[] {
  const start = defineRoute({
    method: 'post',
    path: `${TENANT}/calls`,
    summary: 'Start a call for a user: their phones ring, then what they want is dialled',
    description:
      'With the rights of the user, as if they had dialled. 202: the phones ring; nobody has answered yet.',
    tag: 'live',
    permission: 'calls:originate',
    body: z.strictObject({
      user: z.uuid(),
      to: z.string().min(1).max(80).meta({ description: 'As it is dialled.', example: '1002' }),
    }),
    response: { 202: z.object({ id: z.string().meta({ description: 'For ending it.' }) }) },
    idempotent: true,
    problems: ['pbx-not-connected', 'pbx-failed'],
    handler: async (ctx) => ({ status: 202, body: { id: await startCall(deps, ctx, ctx.body) } }),
  });

  const end = defineRoute({
    method: 'delete',
    path: `${TENANT}/calls/:call`,
    summary: 'End a call in progress',
    tag: 'live',
    permission: 'calls:hangup',
    params: z.object({ call: z.string().regex(/^[A-Za-z0-9._-]{1,150}$/, 'Send the id of a call.') }),
    response: { 204: null },
    problems: ['pbx-not-connected', 'pbx-failed'],
    handler: async (ctx) => {
      await hangUpCall(deps, ctx, ctx.params.call);
      ctx.log.info({ call: ctx.params.call }, 'a call was ended by request');
      return { status: 204 };
    },
  });

  return [start, end];
}

function liveBody({ user, registrations, calls }: LiveUser) {
  return {
    user,
    registrations: registrations.map((contact) => ({
      line: contact.aor,
      address: contact.source,
      contact: contact.uri,
      userAgent: contact.userAgent,
      expiresAt: contact.expiresAt.toISOString(),
      reachable:
        contact.status === 'unqualified' || contact.status === 'unknown'
          ? null
          : contact.status === 'reachable',
      roundtripMs: contact.roundtripMicroseconds === null ? null : contact.roundtripMicroseconds / 1_000,
    })),
    calls: calls.map((call) => ({ ...call, since: call.since.toISOString() })),
  };
}
