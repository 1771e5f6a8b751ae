import pg from 'pg';
import type { NodeFacts, SpareLineFacts } from '../domain/sync/facts.ts';
import { readFacts, readSpareLines } from './facts.ts';
import { ALL_PENDING, APPLIED, CONDITION, DRIFTED, FAILED, PENDING, REFUSED } from './sync-sql.ts';

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

export interface DriftedSubject {
  subject: string;
  tenantId: string | null;
  fields: readonly DriftedField[];
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

  /** Keeps (or puts) a subject on the list with the reason, due again after a pause that doubles up to a minute. */
  async failed(subject: string, reason: string, message: string): Promise<void> {
    await this.#client.query(FAILED, [this.nodeId, subject, reason, message]);
  }

  /** In one statement: of a PBX that lost its AstDB, all 10,000 users have drifted. */
  async drifted(subjects: readonly DriftedSubject[]): Promise<void> {
    await this.#client.query(DRIFTED, [
      this.nodeId,
      subjects.map(({ subject }) => subject),
      subjects.map(({ tenantId }) => tenantId),
      subjects.map(({ fields }) => JSON.stringify(fields)),
    ]);
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
