import pg from 'pg';
import type { NodeFacts } from '../domain/sync/facts.ts';
import { readFacts } from './facts.ts';

/** A deletion that waits for the end of the user's calls, with what is needed to see whether it has come. */
export interface WaitingDeletion {
  tenantId: string;
  userId: string;
  nodeId: string;
  requestedBy: unknown;
  /** Lines that the user has, or had in the last days. */
  lines: string[];
}

/** How much there is on a node, and how much of it waits. */
export interface NodeFigures {
  tenants: number;
  users: number;
  lines: number;
  /** Spare lines: ready ones, and those that Asterisk does not track yet. */
  stock: { kind: 'sip' | 'webrtc'; wanted: number; ready: number; ordered: number }[];
  waiting: number;
  /** Of those that wait: how many the PBX has refused at least once. */
  failed: number;
  oldestWait: Date | null;
}

/**
 * Questions that concern all tenants at once, asked as the role that reads everything and writes none of it. For what the
 * service does by itself; requests go through `Database`, where they see one tenant.
 */
export class SyncReader {
  readonly #pool: pg.Pool;

  constructor(syncUrl: string) {
    this.#pool = new pg.Pool({ connectionString: syncUrl, max: 2, application_name: 'patchbay reader' });
    // A connection that breaks while it is idle; the next question opens another.
    this.#pool.on('error', () => undefined);
  }

  async waitingDeletions(): Promise<WaitingDeletion[]> {
    return (await this.#pool.query<WaitingDeletion>(WAITING_DELETIONS)).rows;
  }

  /** Every fact of a node and the subjects that wait for it, as of one moment, which is told. */
  async snapshot(nodeId: string): Promise<{ facts: NodeFacts; waiting: Set<string>; at: Date }> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await client.query<{ at: Date; waiting: string[] }>(
        'SELECT now() AS at, array(SELECT subject FROM sync_pending WHERE node_id = $1) AS waiting',
        [nodeId],
      );
      const facts = await readFacts(client, nodeId);
      await client.query('COMMIT');
      return { facts, at: rows[0]!.at, waiting: new Set(rows[0]!.waiting) };
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  /** Subjects that wait for the node, or were brought to it since. */
  async movingSince(nodeId: string, since: Date): Promise<Set<string>> {
    const { rows } = await this.#pool.query<{ subject: string }>(MOVING, [nodeId, since]);
    return new Set(rows.map((row) => row.subject));
  }

  /** Null: there is no such node. */
  async figures(nodeId: string): Promise<NodeFigures | null> {
    return (await this.#pool.query<NodeFigures>(FIGURES, [nodeId])).rows[0] ?? null;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const WAITING_DELETIONS = `
  SELECT d.tenant_id AS "tenantId", d.user_id AS "userId", t.node_id AS "nodeId", d.requested_by AS "requestedBy",
         array(SELECT l.id FROM lines l WHERE l.user_id = d.user_id
               UNION SELECT r.id FROM retired_lines r WHERE r.user_id = d.user_id) AS lines
  FROM pending_deletions d JOIN tenants t ON t.id = d.tenant_id
  ORDER BY d.requested_at`;

const MOVING = `
  SELECT subject FROM sync_pending WHERE node_id = $1
  UNION SELECT subject FROM sync_status WHERE node_id = $1 AND applied_at >= $2`;

const STOCK = (kind: 'sip' | 'webrtc') => `json_build_object('kind', '${kind}', 'wanted', n.spare_${kind},
  'ready', (SELECT count(*) FROM spare_lines s WHERE s.node_id = n.id AND s.kind = '${kind}' AND s.settled_at IS NOT NULL),
  'ordered', (SELECT count(*) FROM spare_lines s WHERE s.node_id = n.id AND s.kind = '${kind}' AND s.settled_at IS NULL))`;

const FIGURES = `
  SELECT (SELECT count(*)::integer FROM tenants t WHERE t.node_id = n.id) AS tenants,
         (SELECT count(*)::integer FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE t.node_id = n.id) AS users,
         (SELECT count(*)::integer FROM lines l JOIN tenants t ON t.id = l.tenant_id WHERE t.node_id = n.id) AS lines,
         json_build_array(${STOCK('sip')}, ${STOCK('webrtc')}) AS stock,
         (SELECT count(*)::integer FROM sync_pending p WHERE p.node_id = n.id) AS waiting,
         (SELECT count(*)::integer FROM sync_pending p WHERE p.node_id = n.id AND p.attempts > 0) AS failed,
         (SELECT min(since) FROM sync_pending p WHERE p.node_id = n.id) AS "oldestWait"
  FROM pbx_nodes n WHERE n.id = $1`;
