import type { SyncReader, WaitingDeletion } from '../../db/sync-reader.ts';
import { DomainError } from '../../domain/errors.ts';
import type { PbxEvent } from '../../pbx/pbx-event.ts';
import type { Pbx } from '../../pbx/port.ts';
import { Bell } from '../../reconcile/bell.ts';
import type { FeatureDeps } from '../deps.ts';
import { callsInTheWay } from './calls-in-the-way.ts';
import { cancelDeletion, isHopeless, type Requester } from './queue.ts';
import { deleteUser } from './service.ts';

export interface IdleDeletionsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The clock: a call's end that nobody told costs no more than this many milliseconds. */
const LOOK_EVERY = 1_000;
/** While nothing waits here, only another process can have queued something. */
const LOOK_SELDOM = 5_000;
/** A channel that ends is told a moment before it is off the list of channels. */
const AFTER_AN_END = 30;

/**
 * Carries out the deletions that wait for the end of the user's calls. Level-triggered: whatever wakes it, it looks who
 * waits and who is in no call. All that it knows stands in the database, so it does not matter which process looks, nor
 * whether this one was restarted; that two of them decide at once is what the fence's holder is for.
 */
export class IdleDeletions {
  readonly #deps: FeatureDeps;
  readonly #reader: SyncReader;
  readonly #log: IdleDeletionsLog;
  readonly #bell = new Bell();
  readonly #heard = new Map<Pbx, () => void>();
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: FeatureDeps, reader: SyncReader, log: IdleDeletionsLog) {
    this.#deps = deps;
    this.#reader = reader;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something was queued here: look now. */
  wake(): void {
    this.#bell.ring();
  }

  /** What is being decided is finished first. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      let waiting: WaitingDeletion[] = [];
      try {
        waiting = await this.#reader.waitingDeletions();
        this.#listenTo(waiting);
        await this.#lookAt(waiting);
      } catch (error) {
        this.#warn(error, 'Queued deletions could not be looked at');
      }
      await this.#bell.wait(waiting.length > 0 ? LOOK_EVERY : LOOK_SELDOM, signal);
    }
    this.#listenTo([]);
  }

  /** Hears those PBXs, and no others, on which somebody's call is waited for. */
  #listenTo(waiting: readonly WaitingDeletion[]): void {
    const wanted = new Set(waiting.map(({ nodeId }) => this.#deps.pbxOf(nodeId)));
    for (const [pbx, unsubscribe] of this.#heard)
      if (!wanted.has(pbx)) {
        unsubscribe();
        this.#heard.delete(pbx);
      }
    for (const pbx of wanted)
      if (pbx && !this.#heard.has(pbx))
        this.#heard.set(
          pbx,
          pbx.link.subscribe((event) => this.#hear(event)),
        );
  }

  #hear(event: PbxEvent): void {
    if (event.type === 'connected') this.#bell.ring();
    if (event.type === 'channel-ended') setTimeout(() => this.#bell.ring(), AFTER_AN_END).unref();
  }

  async #lookAt(waiting: readonly WaitingDeletion[]): Promise<void> {
    for (const nodeId of new Set(waiting.map((deletion) => deletion.nodeId))) {
      const pbx = this.#deps.pbxOf(nodeId);
      const connected = pbx?.link.state === 'connected';
      const channels = connected ? await pbx.calls.channels() : [];
      for (const deletion of waiting.filter((each) => each.nodeId === nodeId)) {
        if (this.#stopped.signal.aborted) return;
        const mayBeIdle = deletion.lines.length === 0 || connected;
        if (mayBeIdle && callsInTheWay(new Set(deletion.lines), channels).length === 0)
          await this.#carryOut(deletion);
      }
    }
  }

  async #carryOut({ tenantId, userId, requestedBy }: WaitingDeletion): Promise<void> {
    const caller = requestedBy as Requester;
    try {
      await deleteUser(this.#deps, {
        tenantId,
        userId,
        caller,
        calls: 'refuse',
        queued: true,
        version: null,
      });
      this.#log.info({ tenantId, userId }, 'A queued deletion was carried out');
    } catch (error) {
      if (isHopeless(error)) await this.#giveUp(tenantId, userId, error);
      // A call that began meanwhile, another process that was quicker: the next look sees it.
      else if (!isPassing(error)) this.#warn(error, 'A queued deletion has to wait');
    }
  }

  async #giveUp(tenantId: string, userId: string, error: DomainError): Promise<void> {
    const caller = {
      actor: { kind: 'system' as const, id: 'idle-deletions', name: 'queued deletions' },
      requestId: null,
      ip: null,
    };
    await this.#deps.db.asTenant(tenantId, (tx) =>
      cancelDeletion({ tx, tenantId, caller }, userId, error.code),
    );
  }

  #warn(error: unknown, message: string): void {
    const { code, message: detail } = error as { code?: string; message: string };
    this.#log.warn({ code, detail }, message);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'user-in-call' || error.code === 'not-found');
}
