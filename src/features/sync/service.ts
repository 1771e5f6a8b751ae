import type { DriftedField } from '../../db/sync-lead.ts';
import type { TenantWork } from '../tenant-work.ts';
import { conditionBody } from './schemas.ts';

/** How much of what stands here the tenant's PBX has. */
export async function syncSummary({ tx, tenantId }: TenantWork) {
  const rows = await tx.$queryRaw<SummaryRow[]>`
    SELECT t.node_id AS "nodeId",
      (SELECT count(*)::integer FROM sync_status s WHERE s.tenant_id = t.id AND s.observed_revision > 0
        AND NOT EXISTS (SELECT 1 FROM sync_pending p WHERE p.node_id = s.node_id AND p.subject = s.subject)) AS applied,
      (SELECT count(*)::integer FROM sync_pending p WHERE p.tenant_id = t.id AND p.attempts = 0) AS waiting,
      (SELECT count(*)::integer FROM sync_pending p WHERE p.tenant_id = t.id AND p.attempts > 0) AS failed,
      (SELECT min(p.since) FROM sync_pending p WHERE p.tenant_id = t.id) AS "oldestWait",
      (SELECT max(s.applied_at) FROM sync_status s WHERE s.tenant_id = t.id AND s.observed_revision > 0) AS "lastApplied",
      (SELECT count(*)::integer FROM sync_status s WHERE s.tenant_id = t.id AND s.drifted_at IS NOT NULL) AS drifted,
      (SELECT max(s.drifted_at) FROM sync_status s WHERE s.tenant_id = t.id) AS "lastDrift"
    FROM tenants t WHERE t.id = ${tenantId}::uuid`;
  const { nodeId, oldestWait, lastApplied, lastDrift, ...counts } = rows[0]!;
  const conditions = await tx.nodeCondition.findMany({ where: { nodeId }, orderBy: { type: 'asc' } });
  return {
    ...counts,
    oldestWait: oldestWait?.toISOString() ?? null,
    lastApplied: lastApplied?.toISOString() ?? null,
    lastDrift: lastDrift?.toISOString() ?? null,
    pbx: conditions.map(conditionBody),
  };
}

interface SummaryRow {
  nodeId: string;
  applied: number;
  waiting: number;
  failed: number;
  oldestWait: Date | null;
  lastApplied: Date | null;
  drifted: number;
  lastDrift: Date | null;
}

interface SubjectRow {
  subject: string;
  kind: string;
  id: string | null;
  name: string | null;
  extension: string | null;
}

export interface WaitingRow extends SubjectRow {
  /** Of the change, as text of a bigint: changes are brought to the PBX in this order. */
  revision: string;
  since: Date;
  attempts: number;
  retryAt: Date | null;
  reason: string | null;
  message: string | null;
}

/** The oldest change first. Names come from the tables of what each subject stands for. */
export function listWaiting(
  { tx, tenantId }: TenantWork,
  after: string | null,
  take: number,
): Promise<WaitingRow[]> {
  return tx.$queryRawUnsafe<WaitingRow[]>(
    `SELECT ${SUBJECT}, p.revision::text AS revision, p.since, p.attempts, p.retry_at AS "retryAt", p.reason, p.message
     FROM sync_pending p ${NAMES}
     WHERE p.tenant_id = $1::uuid AND ($2::bigint IS NULL OR p.revision > $2::bigint)
     ORDER BY p.revision LIMIT $3::integer`,
    tenantId,
    after,
    take,
  );
}

export interface DriftRow extends SubjectRow {
  /** `driftedAt` with its microseconds. */
  at: string;
  driftedAt: Date;
  fields: DriftedField[];
}

/** What was last found altered on the PBX without a change here, the latest first. It was repaired when it was found. */
export function listDrift(
  { tx, tenantId }: TenantWork,
  after: { at: string; subject: string } | null,
  take: number,
): Promise<DriftRow[]> {
  return tx.$queryRawUnsafe<DriftRow[]>(
    `SELECT ${SUBJECT}, p.drifted_at::text AS at, p.drifted_at AS "driftedAt", p.drift AS fields
     FROM sync_status p ${NAMES}
     WHERE p.tenant_id = $1::uuid AND p.drifted_at IS NOT NULL
       AND ($2::text IS NULL OR (p.drifted_at, p.subject) < ($2::text::timestamptz, $3::text))
     ORDER BY p.drifted_at DESC, p.subject DESC LIMIT $4::integer`,
    tenantId,
    after?.at ?? null,
    after?.subject ?? null,
    take,
  );
}

const SUBJECT = `p.subject, split_part(p.subject, ':', 1) AS kind, nullif(split_part(p.subject, ':', 2), '') AS id,
  coalesce(coalesce(u.caller_id_name, nullif(concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')), '')),
           n.e164, d.name, g.name, k.name, t.name) AS name, e.number AS extension`;

/** CASE, so that the id is a uuid wherever it is read as one, and the table's own index finds the row. */
const idOf = (kind: string) =>
  `CASE WHEN p.subject LIKE '${kind}:%' THEN split_part(p.subject, ':', 2)::uuid END`;

const NAMES = `
  LEFT JOIN users u ON u.tenant_id = p.tenant_id AND u.id = ${idOf('user')}
  LEFT JOIN extensions e ON e.user_id = u.id
  LEFT JOIN numbers n ON n.tenant_id = p.tenant_id AND n.id = ${idOf('number')}
  LEFT JOIN dial_profiles d ON d.tenant_id = p.tenant_id AND d.id = ${idOf('profile')}
  LEFT JOIN caller_id_groups g ON g.tenant_id = p.tenant_id AND g.id = ${idOf('callerid-group')}
  LEFT JOIN trunks k ON k.tenant_id = p.tenant_id AND k.id = ${idOf('trunk')}
  LEFT JOIN tenants t ON t.id = ${idOf('tenant')}`;
