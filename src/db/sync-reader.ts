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

  /** Every fact of a node and the subjects that wait for it, as of one moment. */
  async snapshot(nodeId: string): Promise<{ facts: NodeFacts; waiting: Set<string> }> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await client.query<{ subject: string }>(
        'SELECT subject FROM sync_pending WHERE node_id = $1',
        [nodeId],
      );
      const facts = await readFacts(client, nodeId);
      await client.query('COMMIT');
      return { facts, waiting: new Set(rows.map((row) => row.subject)) };
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
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
