import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { instant } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { Condition, DriftedField, Subject } from './schemas.ts';
import { type DriftRow, listDrift, listWaiting, syncSummary, type WaitingRow } from './service.ts';

const Summary = z
  .object({
    applied: z
      .int()
      .meta({ description: 'How many users, numbers, profiles … the PBX has as they are here.' }),
    waiting: z.int(),
    failed: z.int().meta({ description: 'The PBX refused these; they are tried again.' }),
    oldestWait: instant.nullable(),
    lastApplied: instant.nullable(),
    drifted: z.int().meta({ description: 'How many were ever found altered on the PBX (and repaired).' }),
    lastDrift: instant.nullable(),
    pbx: z.array(Condition).meta({ description: 'Conditions of the PBX; none: it was never reached.' }),
  })
  .meta({ id: 'SyncSummary' });

const Waiting = Subject.extend({
  since: instant,
  ageSeconds: z.number(),
  attempts: z.int(),
  retryAt: instant.nullable(),
  reason: z
    .string()
    .nullable()
    .meta({ description: 'Why it was refused, as a code. Null: it was not tried yet.' }),
  message: z.string().nullable(),
}).meta({ id: 'WaitingSubject' });

const Drift = Subject.extend({ driftedAt: instant, fields: z.array(DriftedField) }).meta({
  id: 'DriftedSubject',
  description:
    'What somebody altered on the PBX by hand, or what it lost. It was repaired when it was found.',
});

const SYNC = '/api/v1/tenants/:tenant/sync';

export function syncRoutes({ db }: FeatureDeps): Route[] {
  const summary = defineRoute({
    method: 'get',
    path: SYNC,
    summary: 'How much of what stands here the PBX has',
    tag: 'synchronisation',
    permission: 'sync:read',
    response: { 200: Summary },
    handler: async (ctx) => ({ status: 200, body: await inTenant(db, ctx, syncSummary) }),
  });

  const waiting = defineRoute({
    method: 'get',
    path: `${SYNC}/waiting`,
    summary: 'List what the PBX does not have yet, the oldest change first',
    tag: 'synchronisation',
    permission: 'sync:read',
    query: pageQuery({}),
    response: { 200: pageOf(Waiting) },
    handler: async (ctx) => {
      const { query, cursors } = ctx;
      const after = cursors.after(query.cursor, z.object({ revision: z.string() }));
      const rows = await inTenant(db, ctx, (work) =>
        listWaiting(work, after?.revision ?? null, query.limit + 1),
      );
      const page = cursors.page(rows, query.limit, ({ revision }) => ({ revision }));
      return { status: 200, body: { ...page, items: page.items.map(waitingBody) } };
    },
  });

  const drift = defineRoute({
    method: 'get',
    path: `${SYNC}/drift`,
    summary: 'List what was last found altered on the PBX, field by field',
    tag: 'synchronisation',
    permission: 'sync:read',
    query: pageQuery({}),
    response: { 200: pageOf(Drift) },
    handler: async (ctx) => {
      const { query, cursors } = ctx;
      const after = cursors.after(query.cursor, z.object({ at: z.string(), subject: z.string() }));
      const rows = await inTenant(db, ctx, (work) => listDrift(work, after, query.limit + 1));
      const page = cursors.page(rows, query.limit, ({ at, subject }) => ({ at, subject }));
      return { status: 200, body: { ...page, items: page.items.map(driftBody) } };
    },
  });

  return [summary, waiting, drift];
}

function waitingBody({ since, retryAt, ...row }: WaitingRow) {
  return {
    ...row,
    since: since.toISOString(),
    ageSeconds: Math.max(0, (Date.now() - since.getTime()) / 1_000),
    retryAt: retryAt?.toISOString() ?? null,
  };
}

function driftBody({ driftedAt, ...row }: DriftRow) {
  return { ...row, driftedAt: driftedAt.toISOString() };
}
