import pg from 'pg';
import type { Database } from './client.ts';

/**
 * Lets a request wait until its change stands on the PBX. One connection listens for the reconciler's
 * "applied"; each waiter then asks the database whether its subject is off the list.
 */
export class AppliedWatch {
  readonly #syncUrl: string;
  readonly #waiting = new Set<() => void>();
  #client: pg.Client | null = null;
  #closed = false;

  constructor(syncUrl: string) {
    this.#syncUrl = syncUrl;
  }

  async start(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#syncUrl, application_name: 'patchbay applied' });
    const again = () => {
      if (this.#client === client) this.#client = null;
      if (!this.#closed) setTimeout(() => void this.start().catch(again), 1_000).unref();
    };
    client.once('error', again);
    client.on('notification', () => this.#wakeAll());
    await client.connect();
    await client.query('LISTEN patchbay_applied');
    this.#client = client;
  }

  /** Resolves true once none of the subjects waits any more, false when the time is up first. */
  wait(db: Database, tenantId: string, subjects: readonly string[], seconds: number): Promise<boolean> {
    return this.#until(seconds, () =>
      db.asTenant(tenantId, (tx) =>
        tx.syncPending.count({ where: { tenantId, subject: { in: [...subjects] } } }),
      ),
    );
  }

  /** Resolves true once the comparison of a node that was asked for is through, false when the time is up first. */
  waitCompared(db: Database, nodeId: string, seconds: number): Promise<boolean> {
    return this.#until(seconds, () =>
      db.asPlatform((tx) => tx.syncPending.count({ where: { nodeId, subject: 'all' } })),
    );
  }

  /** Without a listening connection it still looks now and then. */
  async #until(seconds: number, countLeft: () => Promise<number>): Promise<boolean> {
    const deadline = performance.now() + seconds * 1_000;
    for (;;) {
      if ((await countLeft()) === 0) return true;
      const remaining = deadline - performance.now();
      if (remaining <= 0) return false;
      await this.#nextBell(Math.min(remaining, 250));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wakeAll();
    await this.#client?.end().catch(() => undefined);
  }

  #nextBell(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
