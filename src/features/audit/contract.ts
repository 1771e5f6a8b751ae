import { z } from 'zod';
import { type Cursors, pageOf, pageQuery } from '../../api/cursor.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { instant, Stored, Who } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { type AuditRow, listAudit } from './service.ts';

const Entry = z
  .object({
    id: z.string(),
    at: instant,
    actor: Who,
    requestId: z.string().nullable(),
    ip: z.string().nullable(),
    action: z.string().meta({ example: 'user.update' }),
    objectType: z.string(),
    objectId: z.string(),
    before: Stored.nullable(),
    after: Stored.nullable(),
  })
  .meta({
    id: 'AuditEntry',
    description: 'A change: who, from where, what, before and after; without secrets.',
  });

/** A moment, as people and programs write one. */
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const period = {
  from: moment.optional().meta({ description: 'From this moment on.', example: '2026-11-01T00:00:00Z' }),
  to: moment.optional().meta({ description: 'Before this moment.' }),
};

const FilterQuery = pageQuery({
  actor: z.string().max(100).optional().meta({ description: 'Id of the key or user who did it.' }),
  action: z.string().max(100).optional().meta({ example: 'user.delete' }),
  objectType: z.string().max(100).optional().meta({ example: 'user' }),
  objectId: z.string().max(100).optional(),
  user: z
    .uuid()
    .optional()
    .meta({ description: 'What was done to this user or to something of theirs, also when deleted since.' }),
  ...period,
});

const TENANT = '/api/v1/tenants/:tenant';

export function auditRoutes({ db }: FeatureDeps): Route[] {
  const ofTenant = defineRoute({
    method: 'get',
    path: `${TENANT}/audit`,
    summary: 'Who changed what, the latest first',
    tag: 'audit',
    permission: 'audit:read',
    query: FilterQuery,
    response: { 200: pageOf(Entry) },
    handler: async (ctx) => {
      const { limit, cursor, user, ...filter } = ctx.query;
      const read = (after: string | null, take: number) =>
        inTenant(db, ctx, ({ tx, tenantId }) =>
          listAudit(tx, tenantId, { ...filter, concerning: user }, after, take),
        );
      return { status: 200, body: await page(ctx.cursors, { limit, cursor }, read) };
    },
  });

  const ofUser = defineRoute({
    method: 'get',
    path: `${TENANT}/users/:user/history`,
    summary: 'What was done to a user, the latest first',
    description: 'To the user, the lines, the keys, the extension. Also of a user who was deleted.',
    tag: 'audit',
    permission: 'audit:read',
    params: z.object({ user: z.uuid() }),
    query: pageQuery(period),
    response: { 200: pageOf(Entry) },
    handler: async (ctx) => {
      const { limit, cursor, ...filter } = ctx.query;
      const read = (after: string | null, take: number) =>
        inTenant(db, ctx, ({ tx, tenantId }) =>
          listAudit(tx, tenantId, { ...filter, concerning: ctx.params.user }, after, take),
        );
      return { status: 200, body: await page(ctx.cursors, { limit, cursor }, read) };
    },
  });

  const ofPlatform = defineRoute({
    method: 'get',
    path: '/api/v1/audit',
    summary: 'Who changed what on the platform, the latest first',
    description: 'Tenants, nodes, keys of the platform. What happened inside a tenant stands in its own log.',
    tag: 'audit',
    permission: 'platform-audit:read',
    query: FilterQuery.omit({ user: true }),
    response: { 200: pageOf(Entry) },
    handler: async (ctx) => {
      const { limit, cursor, ...filter } = ctx.query;
      const read = (after: string | null, take: number) =>
        db.asPlatform((tx) => listAudit(tx, null, filter, after, take));
      return { status: 200, body: await page(ctx.cursors, { limit, cursor }, read) };
    },
  });

  return [ofTenant, ofUser, ofPlatform];
}

async function page(
  cursors: Cursors,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  read: (after: string | null, take: number) => Promise<AuditRow[]>,
) {
  const after = cursors.after(cursor, z.object({ id: z.string() }));
  const rows = await read(after?.id ?? null, limit + 1);
  const { items, next } = cursors.page(rows, limit, ({ id }) => ({ id }));
  return { items: items.map((row) => ({ ...row, at: row.at.toISOString() })), next };
}
