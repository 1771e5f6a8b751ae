import { z } from 'zod';
import { defineRoute, type Route } from '../../api/route.ts';
import { whenApplied } from '../applied.ts';
import type { FeatureDeps } from '../deps.ts';
import { fields } from '../fields.ts';
import { inTenant } from '../tenant-work.ts';
import { LINES, ofLine, ofUser } from './address.ts';
import { credentialRoutes } from './credential-routes.ts';
import { Line, LineKind, lineBody } from './presentation.ts';
import { createLine, listLines, readLine, revokeLine, rotateLine } from './service.ts';
import { webphoneRoutes } from './webphone-routes.ts';

const CreateLine = z.strictObject({
  kind: LineKind,
  label: fields.name.optional().meta({ description: 'To tell phones apart.', example: 'Reception' }),
});

export function lineRoutes(deps: FeatureDeps): Route[] {
  return [
    ...readingRoutes(deps),
    ...changingRoutes(deps),
    ...credentialRoutes(deps),
    ...webphoneRoutes(deps),
  ];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: LINES,
    summary: "List a user's lines",
    tag: 'lines',
    permission: 'lines:read',
    ownUser: true,
    params: ofUser,
    response: { 200: z.object({ items: z.array(Line) }) },
    handler: async (ctx) => {
      const rows = await inTenant(db, ctx, (work) => listLines(work, ctx.params.user));
      return { status: 200, body: { items: rows.map(lineBody) } };
    },
  });

  const read = defineRoute({
    method: 'get',
    path: `${LINES}/:line`,
    summary: 'Read a line',
    tag: 'lines',
    permission: 'lines:read',
    ownUser: true,
    params: ofLine,
    response: { 200: Line },
    etag: true,
    handler: async (ctx) => {
      const row = await inTenant(db, ctx, (work) => readLine(work, ctx.params.user, ctx.params.line));
      return { status: 200, body: lineBody(row), version: row.version };
    },
  });

  return [list, read];
}

function changingRoutes(deps: FeatureDeps): Route[] {
  const { db } = deps;

  const create = defineRoute({
    method: 'post',
    path: LINES,
    summary: 'Give a user a line',
    description: 'Its secret is generated; read it under `credentials`.',
    tag: 'lines',
    permission: 'lines:write',
    params: ofUser,
    body: CreateLine,
    response: { 201: Line },
    etag: true,
    idempotent: true,
    wait: true,
    handler: async (ctx) => {
      const answer = await inTenant(db, ctx, async (work) => {
        const row = await createLine(work, deps, ctx.params.user, ctx.body);
        const location = `/api/v1/tenants/${ctx.tenant.slug}/users/${ctx.params.user}/lines/${row.id}`;
        const created = { status: 201 as const, body: lineBody(row), version: row.version, location };
        await ctx.remember?.(work.tx, created);
        return created;
      });
      await whenApplied(deps, ctx, ctx.params.user);
      return answer;
    },
  });

  const rotate = defineRoute({
    method: 'post',
    path: `${LINES}/:line/rotate`,
    summary: 'Give a line a new secret',
    description: 'The old one is refused at once, also for a phone that is registered with it.',
    tag: 'lines',
    permission: 'lines:write',
    ownUser: true,
    params: ofLine,
    body: null,
    response: { 200: Line },
    etag: true,
    ifMatch: 'optional',
    wait: true,
    handler: async (ctx) => {
      const { user, line } = ctx.params;
      const row = await inTenant(db, ctx, (work) => rotateLine(work, deps, user, line, ctx.ifMatch));
      await whenApplied(deps, ctx, user);
      return { status: 200, body: lineBody(row), version: row.version };
    },
  });

  const revoke = defineRoute({
    method: 'delete',
    path: `${LINES}/:line`,
    summary: 'Take a line away',
    description: 'Its registration ends at once; a call in progress goes on to its end.',
    tag: 'lines',
    permission: 'lines:write',
    params: ofLine,
    response: { 204: null },
    ifMatch: 'optional',
    wait: true,
    handler: async (ctx) => {
      const { user, line } = ctx.params;
      await inTenant(db, ctx, (work) => revokeLine(work, user, line, ctx.ifMatch));
      await whenApplied(deps, ctx, user);
      return { status: 204 };
    },
  });

  return [create, rotate, revoke];
}
