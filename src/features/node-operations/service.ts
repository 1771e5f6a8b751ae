import { type Caller, recordAudit } from '../../db/audit.ts';
import type { Tx } from '../../db/client.ts';
import type { DriftedField } from '../../db/sync-lead.ts';
import { notFound } from '../../domain/errors.ts';
import type { Pbx } from '../../pbx/port.ts';
import type { FeatureDeps } from '../deps.ts';
import { connectedPbx, onPbx } from '../pbx-door.ts';
import { conditionBody } from '../sync/schemas.ts';

/** More would be read by nobody; a lost AstDB differs in everything. */
const MOST_SUBJECTS = 200;

export async function nodeStatus(deps: FeatureDeps, nodeId: string) {
  const figures = await deps.nodeFigures(nodeId);
  if (!figures) throw notFound('PBX node', nodeId);
  const conditions = await deps.db.asPlatform((tx) =>
    tx.nodeCondition.findMany({ where: { nodeId }, orderBy: { type: 'asc' } }),
  );
  const pbx = deps.pbxOf(nodeId);
  const trouble = pbx?.link.trouble;
  return {
    link: {
      state: pbx?.link.state ?? ('unknown' as const),
      trouble: trouble ? { code: trouble.code, message: trouble.message } : null,
    },
    conditions: conditions.map(conditionBody),
    ...(await asked(pbx)),
    ...figures,
    oldestWait: figures.oldestWait?.toISOString() ?? null,
  };
}

/** What the PBX says itself. That it does not answer is part of its status and no reason to refuse to tell the rest. */
async function asked(pbx: Pbx | null) {
  if (pbx?.link.state !== 'connected') return { health: null, calls: null };
  try {
    const [health, channels] = await Promise.all([pbx.link.health(), pbx.calls.channels()]);
    return {
      health: {
        ...health,
        startedAt: health.startedAt.toISOString(),
        lastReloadAt: health.lastReloadAt.toISOString(),
      },
      calls: channels.filter((channel) => channel.endpoint !== null).length,
    };
  } catch {
    return { health: null, calls: null };
  }
}

/** Asks for a comparison; true when it is through within the seconds. */
export async function repairNode(
  deps: FeatureDeps,
  { actor, requestId, ip }: Caller,
  nodeId: string,
  waitSeconds: number,
): Promise<boolean> {
  await deps.db.asPlatform(async (tx) => {
    if ((await tx.pbxNode.count({ where: { id: nodeId } })) === 0) throw notFound('PBX node', nodeId);
    await tx.$queryRaw`SELECT request_comparison(${nodeId}::uuid)::text`;
    const caller = { actor, requestId, ip };
    await recordAudit(tx, null, caller, { action: 'node.repair', objectType: 'node', objectId: nodeId });
  });
  return waitSeconds > 0 && deps.waitCompared(nodeId, waitSeconds);
}

export interface NodeDriftRow {
  subject: string;
  tenantId: string | null;
  /** `driftedAt` with its microseconds. */
  at: string;
  driftedAt: Date;
  fields: DriftedField[];
}

export function listNodeDrift(
  tx: Tx,
  nodeId: string,
  after: { at: string; subject: string } | null,
  take: number,
): Promise<NodeDriftRow[]> {
  return tx.$queryRaw<NodeDriftRow[]>`
    SELECT subject, tenant_id AS "tenantId", drifted_at::text AS at, drifted_at AS "driftedAt", drift AS fields
    FROM sync_status
    WHERE node_id = ${nodeId}::uuid AND drifted_at IS NOT NULL
      AND (${after?.at ?? null}::text IS NULL
        OR (drifted_at, subject) < (${after?.at ?? null}::text::timestamptz, ${after?.subject ?? null}::text))
    ORDER BY drifted_at DESC, subject DESC LIMIT ${take}::integer`;
}

export async function planOfNode(deps: FeatureDeps, nodeId: string) {
  if (!(await deps.nodeFigures(nodeId))) throw notFound('PBX node', nodeId);
  connectedPbx(deps, nodeId);
  const run = await onPbx(() => deps.dryRun(nodeId));
  if (!run) throw notFound('PBX node', nodeId);
  const { plan, subjects, entries, milliseconds } = run;
  return {
    inSync: subjects.length === 0,
    entries,
    puts: plan.puts.length,
    removals: plan.removedEntries.length + plan.removedObjects.length,
    registrationsEnded: plan.endContacts.length,
    settles: plan.newAors.length > 0,
    subjects: subjects.slice(0, MOST_SUBJECTS),
    moreSubjects: Math.max(0, subjects.length - MOST_SUBJECTS),
    milliseconds,
  };
}
