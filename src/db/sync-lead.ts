import pg from 'pg';
import type { NodeFacts, SpareLineFacts } from '../domain/sync/facts.ts';
import { readFacts, readSpareLines } from './facts.ts';

/** A subject whose change has not been seen on the node yet. */
export interface PendingSubject {
  subject: string;
  tenantId: string | null;
  /** Decimal text of a bigint: compared for equality only. */
  revision: string;
  attempts: number;
}

/** One field of one entry that was found different on the PBX though nothing had changed here. */
export interface DriftedField {
  path: string;
  field: string;
  expected: string | null;
  found: string | null;
}

export type ConditionType = 'connected' | 'in-sync' | 'settled' | 'stocked';

/** As in the Kubernetes API conventions: what is so, since when, and why, in words. */
export interface Condition {
  type: ConditionType;
  status: 'true' | 'false' | 'unknown';
  reason: string;
  message: string;
}

/** The database session that held the writer's lock is gone, or another writer has taken over. */
export class LeadLost extends Error {}

/**
 * The right to write to one node. It is a database session that holds an advisory lock; every
 * question about what is to be written goes through this same session, so an answer proves that the
 * lock is still held. The epoch fences a writer that was cut off and does not know it yet.
 */
export class SyncLead {
  readonly nodeId: string;
  readonly epoch: string;
  readonly #client: pg.Client;

  private constructor(nodeId: string, epoch: string, client: pg.Client) {
    this.nodeId = nodeId;
    this.epoch = epoch;
    this.#client = client;
  }

  /** Takes the lead of a node, or returns null while another session has it. */
  static async take(
    syncUrl: string,
    nodeId: string,
    onWake: () => void,
    onLost: () => void,
  ): Promise<SyncLead | null> {
    const client = new pg.Client({
      connectionString: syncUrl,
      application_name: 'patchbay writer',
      keepAlive: true,
    });
    client.on('error', onLost);
    client.on('end', onLost);
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended('patchbay writer ' || $1, 0)) AS taken",
      [nodeId],
    );
    if (!rows[0]?.taken) {
      client.removeListener('end', onLost);
      await client.end();
      return null;
    }
    const bumped = await client.query<{ epoch: string }>(
      'UPDATE pbx_nodes SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch',
      [nodeId],
    );
    client.on('notification', (message) => {
      if (message.payload === nodeId) onWake();
    });
    await client.query('LISTEN patchbay_sync');
    return new SyncLead(nodeId, bumped.rows[0]?.epoch ?? '0', client);
  }

  /** Subjects that wait and are due, oldest revision first; those after `limit` come with the next pass. */
  async pending(limit = 20_000): Promise<PendingSubject[]> {
    const { rows } = await this.#client.query<PendingSubject & { epoch: string }>(PENDING, [
      this.nodeId,
      limit,
    ]);
    if (rows.length > 0 && rows[0]!.epoch !== this.epoch)
      throw new LeadLost('Another writer has taken over.');
    return rows;
  }

  /** Facts of the named subjects, at least as new as the revisions that `pending` named. */
  facts(subjects: readonly string[]): Promise<NodeFacts> {
    return readFacts(this.#client, this.nodeId, subjects);
  }

  /** Every fact of the node and every subject that waits (due or not), as of one moment. */
  async snapshot(): Promise<{ facts: NodeFacts; pending: PendingSubject[] }> {
    await this.#client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      const pending = await this.#client.query<PendingSubject & { epoch: string }>(ALL_PENDING, [
        this.nodeId,
      ]);
      const facts = await readFacts(this.#client, this.nodeId);
      await this.#client.query('COMMIT');
      return { facts, pending: pending.rows };
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Takes subjects off the list, unless they were changed again meanwhile, and tells who waits for them. */
  async applied(subjects: readonly PendingSubject[]): Promise<void> {
    if (subjects.length === 0) return;
    await this.#client.query(APPLIED, [
      this.nodeId,
      subjects.map((s) => s.subject),
      subjects.map((s) => s.revision),
      subjects.map((s) => s.tenantId),
    ]);
  }

  /** Keeps subjects on the list with the reason, due again after a pause that doubles up to a minute. */
  async failed(subjects: readonly string[], reason: string, message: string): Promise<void> {
    await this.#client.query(FAILED, [this.nodeId, subjects, reason, message]);
  }

  async drifted(subject: string, tenantId: string | null, fields: readonly DriftedField[]): Promise<void> {
    await this.#client.query(DRIFTED, [this.nodeId, subject, tenantId, JSON.stringify(fields)]);
  }

  async condition(condition: Condition): Promise<void> {
    const { type, status, reason, message } = condition;
    await this.#client.query(CONDITION, [this.nodeId, type, status, reason, message]);
  }

  spareLines(): Promise<SpareLineFacts[]> {
    return readSpareLines(this.#client, this.nodeId);
  }

  async addSpareLines(kind: 'sip' | 'webrtc', ids: readonly string[]): Promise<void> {
    await this.#client.query(
      'INSERT INTO spare_lines (id, node_id, kind) SELECT unnest($3::text[]), $1, $2',
      [this.nodeId, kind, ids],
    );
  }

  async spareLinesSettled(ids: readonly string[]): Promise<void> {
    await this.#client.query(
      'UPDATE spare_lines SET settled_at = now() WHERE node_id = $1 AND id = ANY ($2)',
      [this.nodeId, ids],
    );
  }

  /** Removes webphone lines past their time and fences that a crash left; the triggers put their users on the list. */
  async endWhatRanOut(): Promise<void> {
    await this.#client.query('DELETE FROM lines WHERE expires_at <= now()');
    await this.#client.query("DELETE FROM fences WHERE since < now() - interval '30 seconds'");
  }

  /** Takes over one kind of forwarding that a person set on the phone; null ends it. False: there is no such user. */
  async takeOverForward(
    userId: string,
    kind: 'always' | 'busy' | 'no_answer' | 'unregistered',
    target: string | null,
  ): Promise<boolean> {
    const { rowCount } = await this.#client.query(
      `INSERT INTO call_forwards (user_id, tenant_id, ${kind})
       SELECT u.id, u.tenant_id, $2 FROM users u JOIN tenants t ON t.id = u.tenant_id
       WHERE u.id = $1 AND t.node_id = $3
       ON CONFLICT (user_id) DO UPDATE SET ${kind} = EXCLUDED.${kind}`,
      [userId, target, this.nodeId],
    );
    return rowCount === 1;
  }

  async refused(call: RefusedCall): Promise<void> {
    await this.#client.query(REFUSED, [
      this.nodeId,
      call.tenantId,
      call.userId,
      call.dialled,
      call.number,
      call.class,
      call.rule,
      call.reason,
      call.path,
    ]);
  }

  async release(): Promise<void> {
    this.#client.removeAllListeners('end');
    await this.#client.end().catch(() => undefined);
  }
}

export interface RefusedCall {
  tenantId: string;
  userId: string | null;
  dialled: string;
  number: string | null;
  class: string | null;
  rule: string | null;
  reason: string;
  path: string;
}

const PENDING = `
  SELECT p.subject, p.tenant_id AS "tenantId", p.revision, p.attempts, n.epoch
  FROM sync_pending p JOIN pbx_nodes n ON n.id = p.node_id
  WHERE p.node_id = $1 AND (p.retry_at IS NULL OR p.retry_at <= now())
  ORDER BY p.revision LIMIT $2`;

const ALL_PENDING = `
  SELECT subject, tenant_id AS "tenantId", revision, attempts FROM sync_pending WHERE node_id = $1`;

const APPLIED = `
  WITH done AS (SELECT * FROM unnest($2::text[], $3::bigint[], $4::uuid[]) AS d (subject, revision, tenant_id)),
  gone AS (
    DELETE FROM sync_pending p USING done d
    WHERE p.node_id = $1 AND p.subject = d.subject AND p.revision = d.revision),
  seen AS (
    INSERT INTO sync_status AS s (node_id, subject, tenant_id, observed_revision)
    SELECT $1, subject, tenant_id, revision FROM done WHERE subject <> 'all'
    ON CONFLICT (node_id, subject) DO UPDATE
      SET observed_revision = EXCLUDED.observed_revision, applied_at = now(), tenant_id = EXCLUDED.tenant_id
      WHERE s.observed_revision <= EXCLUDED.observed_revision)
  SELECT pg_notify('patchbay_applied', $1::text)`;

const FAILED = `
  UPDATE sync_pending
  SET attempts = attempts + 1, reason = $3, message = $4,
      retry_at = now() + make_interval(secs => least(60, 0.5 * 2 ^ least(attempts, 10)))
  WHERE node_id = $1 AND subject = ANY ($2)`;

const DRIFTED = `
  INSERT INTO sync_status AS s (node_id, subject, tenant_id, observed_revision, drifted_at, drift)
  VALUES ($1, $2, $3, 0, now(), $4)
  ON CONFLICT (node_id, subject) DO UPDATE SET drifted_at = now(), drift = EXCLUDED.drift`;

const CONDITION = `
  INSERT INTO node_conditions AS c (node_id, type, status, reason, message) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (node_id, type) DO UPDATE
    SET status = EXCLUDED.status, reason = EXCLUDED.reason, message = EXCLUDED.message,
        changed_at = CASE WHEN c.status = EXCLUDED.status THEN c.changed_at ELSE now() END`;

// A report that names a tenant which is not of this node, or a user who is not of the tenant, is not kept.
const REFUSED = `
  INSERT INTO refused_calls (tenant_id, node_id, user_id, dialled, number, class, rule, reason, path)
  SELECT t.id, $1, (SELECT u.id FROM users u WHERE u.id = $3 AND u.tenant_id = t.id), $4, $5, $6, $7, $8, $9
  FROM tenants t WHERE t.id = $2 AND t.node_id = $1`;
