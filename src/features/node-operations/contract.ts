import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { instant } from '../shared-schemas.ts';
import { Condition, DriftedField } from '../sync/schemas.ts';
import { listNodeDrift, nodeStatus, planOfNode, repairNode } from './service.ts';

const NODE = '/api/v1/nodes/:node';
const params = z.object({ node: z.uuid() });

const Status = z
  .object({
    link: z.object({
      state: z.enum(['connecting', 'connected', 'disconnected', 'login-refused', 'closed', 'unknown']),
      trouble: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
    conditions: z.array(Condition),
    health: z
      .object({
        version: z.string(),
        startedAt: instant,
        uptimeSeconds: z.number(),
        lastReloadAt: instant,
        backlog: z.object({
          total: z
            .int()
            .meta({ description: 'Tasks that wait inside the PBX; it drops SIP when they pile up.' }),
          deepest: z.object({ name: z.string(), waiting: z.int() }).nullable(),
        }),
      })
      .nullable()
      .meta({ description: 'As the PBX says itself; null while it cannot be asked.' }),
    calls: z
      .int()
      .nullable()
      .meta({ description: 'Channels of lines and trunks; null while it cannot be asked.' }),
    tenants: z.int(),
    users: z.int(),
    lines: z.int(),
    stock: z
      .array(z.object({ kind: z.enum(['sip', 'webrtc']), wanted: z.int(), ready: z.int(), ordered: z.int() }))
      .meta({ description: 'Spare lines.' }),
    waiting: z.int(),
    failed: z.int(),
    oldestWait: instant.nullable(),
  })
  .meta({ id: 'NodeStatus' });

const Repair = z
  .object({ done: z.boolean().meta({ description: 'Whether the comparison is through.' }) })
  .meta({ id: 'NodeRepair' });

const NodeDrift = z
  .object({
    subject: z.string(),
    tenantId: z.uuid().nullable(),
    driftedAt: instant,
    fields: z.array(DriftedField),
  })
  .meta({ id: 'NodeDrift' });

const Plan = z
  .object({
    inSync: z.boolean(),
    entries: z.int().meta({ description: 'Entries of ours that stand on the node.' }),
    puts: z.int(),
    removals: z.int(),
    registrationsEnded: z.int().meta({ description: 'Lines whose secret or owner is another.' }),
    settles: z.boolean().meta({ description: 'Whether the PBX would have to look at all lines anew.' }),
    subjects: z
      .array(
        z.object({
          subject: z.string(),
          because: z.enum(['change', 'drift']).meta({
            description: '`change`: on its way to the PBX. `drift`: altered or lost there.',
          }),
          fields: z.array(DriftedField),
        }),
      )
      .meta({ description: 'At most 200 of them.' }),
    moreSubjects: z.int().meta({ description: 'How many there are beyond those.' }),
    milliseconds: z.number(),
  })
  .meta({ id: 'NodePlan', description: 'What a comparison would find and do now.' });

export function nodeOperationRoutes(deps: FeatureDeps): Route[] {
  return [...lookingRoutes(deps), ...comparingRoutes(deps)];
}

function lookingRoutes(deps: FeatureDeps): Route[] {
  const status = defineRoute({
    method: 'get',
    path: `${NODE}/status`,
    summary: "A node's connection, health, backlog, lines and stock",
    tag: 'nodes',
    permission: 'pbx:read',
    params,
    response: { 200: Status },
    handler: async (ctx) => ({ status: 200, body: await nodeStatus(deps, ctx.params.node) }),
  });

  const drift = defineRoute({
    method: 'get',
    path: `${NODE}/drift`,
    summary: 'List what was last found altered on a node, the latest first',
    tag: 'nodes',
    permission: 'pbx:read',
    params,
    query: pageQuery({}),
    response: { 200: pageOf(NodeDrift) },
    handler: async ({ params: { node }, query, cursors }) => {
      const after = cursors.after(query.cursor, z.object({ at: z.string(), subject: z.string() }));
      const rows = await deps.db.asPlatform((tx) => listNodeDrift(tx, node, after, query.limit + 1));
      const page = cursors.page(rows, query.limit, ({ at, subject }) => ({ at, subject }));
      const items = page.items.map(({ driftedAt, ...row }) => ({
        ...row,
        driftedAt: driftedAt.toISOString(),
      }));
      return { status: 200, body: { ...page, items } };
    },
  });

  return [status, drift];
}

function comparingRoutes(deps: FeatureDeps): Route[] {
  const repair = defineRoute({
    method: 'post',
    path: `${NODE}/repair`,
    summary: 'Compare a node with the database and repair it',
    description: 'It happens by itself every minute; this is for now. 202: asked for, and not through yet.',
    tag: 'nodes',
    permission: 'pbx:repair',
    params,
    body: null,
    response: { 200: Repair, 202: Repair },
    wait: true,
    handler: async (ctx) => {
      const done = await repairNode(deps, ctx, ctx.params.node, ctx.waitSeconds);
      return { status: done ? 200 : 202, body: { done } };
    },
  });

  const plan = defineRoute({
    method: 'get',
    path: `${NODE}/plan`,
    summary: 'What a comparison of a node would do now, without doing it',
    tag: 'nodes',
    permission: 'pbx:read',
    params,
    response: { 200: Plan },
    problems: ['pbx-not-connected', 'pbx-failed'],
    handler: async (ctx) => ({ status: 200, body: await planOfNode(deps, ctx.params.node) }),
  });

  return [repair, plan];
}
