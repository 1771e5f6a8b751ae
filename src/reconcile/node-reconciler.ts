import { type Condition, LeadLost, type PendingSubject, type SyncLead } from '../db/sync-lead.ts';
import { subjectOf } from '../domain/sync/subject.ts';
import { PbxError } from '../pbx/pbx-error.ts';
import type { PbxEvent } from '../pbx/pbx-event.ts';
import type { Pbx } from '../pbx/port.ts';
import { Bell } from './bell.ts';
import type { Extent } from './compare.ts';
import type { Projection } from './desired.ts';
import type { NodeState } from './node-state.ts';
import { changesPass, comparisonPass, type PassReport, type PassResult } from './passes.ts';
import { takeOverPhoneChanges } from './phone-box.ts';
import { refusedCallOf } from './refusals.ts';
import { Settler } from './settler.ts';
import { missingLines, orderLines, type StockLevels } from './stock.ts';

export interface ReconcilerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface NodeReconcilerOptions {
  node: { id: string; name: string };
  stock: StockLevels;
  pbx: Pbx;
  projection: Projection;
  /** Waits for nobody: null while another process has the lead of this node. */
  takeLead: (onWake: () => void, onLost: () => void) => Promise<SyncLead | null>;
  /** Milliseconds between two comparisons of everything when nothing else asks for one. */
  compareEvery: number;
  /** Milliseconds until a process that does not lead asks again. */
  askForLeadEvery: number;
  log: ReconcilerLog;
  onPass?: (report: PassReport) => void;
  onProgress?: (settled: number, total: number) => void;
}

/** The clock: a missed bell costs no more than this many milliseconds. */
const LOOK_EVERY = 1_000;

/** Milliseconds between two comparisons that take in the numbering plan, which only a hand on the PBX can change. */
const WHOLE_EVERY = 3_600_000;

/** More subjects than this are compared whole. */
const MOST_AT_ONCE = 20_000;

/**
 * Keeps one PBX node equal to the database. It takes no orders: whatever wakes it, it looks at what waits
 * (or at everything) and closes the difference. Woken by the database's bell, by the PBX coming back and by the
 * clock. One process leads a node; the others stand by.
 */
export class NodeReconciler {
  readonly #options: NodeReconcilerOptions;
  readonly #bell = new Bell();
  readonly #settler: Settler;
  #state: NodeState | null = null;
  #compareAt = 0;
  #wholeAt = 0;
  #houseAt = 0;
  #phoneChanges = true;
  #reports: Promise<unknown> = Promise.resolve();
  #shown = new Map<string, string>();

  constructor(options: NodeReconcilerOptions) {
    this.#options = options;
    this.#settler = new Settler(options.pbx, () => {
      this.#houseAt = 0;
      this.#bell.ring();
    });
  }

  /** Runs until the signal aborts; survives the loss of the database and of the PBX. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const lost = new AbortController();
      try {
        const lead = await this.#options.takeLead(
          () => this.#bell.ring(),
          () => lost.abort(),
        );
        if (lead) await this.#leadUntil(AbortSignal.any([signal, lost.signal]), lead);
      } catch (error) {
        this.#warn(error, 'The database is away; the PBX goes on with what it has');
      }
      if (!signal.aborted) await this.#bell.wait(this.#options.askForLeadEvery, signal);
    }
  }

  async #leadUntil(signal: AbortSignal, lead: SyncLead): Promise<void> {
    this.#options.log.info(
      { node: this.#options.node.name, epoch: lead.epoch },
      'This process writes to the node',
    );
    this.#shown.clear();
    this.#distrust();
    const unsubscribe = this.#options.pbx.link.subscribe((event) => this.#hear(event, lead));
    try {
      while (!signal.aborted) {
        await this.#look(lead, signal);
        await this.#bell.wait(LOOK_EVERY, signal);
      }
    } finally {
      unsubscribe();
      await this.#reports;
      await lead.release();
    }
  }

  /** One look: level-triggered, so that it does not matter what woke it or whether it was woken twice. */
  async #look(lead: SyncLead, signal: AbortSignal): Promise<void> {
    const { pbx } = this.#options;
    if (pbx.link.state !== 'connected') {
      this.#distrust();
      const reason = pbx.link.trouble?.code ?? 'pbx-not-connected';
      await this.#show(lead, {
        type: 'connected',
        status: 'false',
        reason,
        message: pbx.link.trouble?.message ?? '',
      });
      return;
    }
    try {
      await this.#show(lead, { type: 'connected', status: 'true', reason: 'connected', message: '' });
      if (this.#phoneChanges) {
        this.#phoneChanges = false;
        await takeOverPhoneChanges(pbx, lead);
      }
      await this.#closeTheDifference(lead, signal);
      await this.#keepHouse(lead);
    } catch (error) {
      this.#distrust();
      if (error instanceof LeadLost || !(error instanceof PbxError)) throw error;
      this.#warn(error, 'The PBX did not take everything; it will be compared whole');
      await this.#show(lead, {
        type: 'in-sync',
        status: 'unknown',
        reason: error.code,
        message: error.message,
      });
      await this.#bell.wait(LOOK_EVERY, signal);
    }
  }

  async #closeTheDifference(lead: SyncLead, signal: AbortSignal): Promise<void> {
    const { pbx, projection, onProgress } = this.#options;
    const context = { pbx, lead, projection, signal, onProgress };
    const pending = await lead.pending(MOST_AT_ONCE);
    if (this.#mustCompare(pending)) {
      const result = await comparisonPass(context, this.#extent(pending));
      this.#state = result.state;
      this.#compareAt = performance.now() + this.#options.compareEvery;
      if (result.report.kind === 'whole comparison') this.#wholeAt = performance.now() + WHOLE_EVERY;
      await this.#afterPass(lead, result);
    } else if (pending.length > 0) {
      await this.#afterPass(lead, await changesPass(context, this.#state!, pending));
    }
  }

  /**
   * When the belief about the node is no good, or not worth using: a subject that failed before may stand half
   * written, and a part of very many could remove what a later part has just given to someone else.
   */
  #mustCompare(pending: readonly PendingSubject[]): boolean {
    return (
      this.#state === null ||
      performance.now() >= this.#compareAt ||
      pending.length === MOST_AT_ONCE ||
      pending.some((p) => p.subject === 'all' || p.attempts > 0)
    );
  }

  /** Everything on meeting the node again, on request and once an hour; else what belongs to tenants. */
  #extent(pending: readonly PendingSubject[]): Extent {
    const whole =
      this.#state === null || performance.now() >= this.#wholeAt || pending.some((p) => p.subject === 'all');
    return whole ? 'whole' : 'tenants';
  }

  async #afterPass(lead: SyncLead, { report, newAors, state }: PassResult): Promise<void> {
    this.#options.onPass?.(report);
    this.#settler.want(newAors, state.lines);
    const message = `${report.failed} subjects could not be written`;
    await this.#show(lead, {
      type: 'in-sync',
      status: report.failed === 0 ? 'true' : 'false',
      reason: report.failed === 0 ? 'equal' : 'entries-refused',
      message: report.failed === 0 ? '' : message,
    });
  }

  /** What can wait until after the changes, and is done once a second at most. */
  async #keepHouse(lead: SyncLead): Promise<void> {
    if (performance.now() < this.#houseAt) return;
    this.#houseAt = performance.now() + LOOK_EVERY;
    await lead.endWhatRanOut();
    await this.#keepStock(lead);
  }

  /** Renews spare lines when they run low, and says which are ready once Asterisk has looked at them. */
  async #keepStock(lead: SyncLead): Promise<void> {
    const tracked = this.#settler.takeTracked();
    if (tracked.length > 0) await lead.spareLinesSettled(tracked);
    await this.#show(lead, this.#settler.condition());
    const spare = await lead.spareLines();
    const state = this.#state;
    if (state) {
      const written = spare.filter((line) => !line.settled && state.get(subjectOf('spare', line.id)));
      this.#settler.want(
        written.map((line) => line.id),
        state.lines,
      );
    }
    const missing = missingLines(this.#options.stock, spare);
    if (missing.sip + missing.webrtc === 0) return;
    await orderLines(lead, missing);
    // The stock is compared with the rest, so that no second way of writing it is needed.
    this.#compareAt = 0;
    this.#bell.ring();
  }

  #hear(event: PbxEvent, lead: SyncLead): void {
    if (event.type === 'connected') this.#distrust();
    if (event.type === 'user-event' && event.name === 'PbRefused') this.#record(lead, event.fields);
    if (event.type === 'user-event' && event.name === 'PbBox') this.#phoneChanges = true;
    if (event.type === 'connected' || event.type === 'disconnected' || event.type === 'user-event')
      this.#bell.ring();
  }

  #record(lead: SyncLead, fields: Record<string, string>): void {
    const call = refusedCallOf(fields);
    if (!call) return;
    this.#reports = this.#reports
      .then(() => lead.refused(call))
      .catch((error) => this.#warn(error, 'A refused call could not be recorded'));
  }

  /** What is believed to stand on the PBX may be wrong: read it anew at the next look. */
  #distrust(): void {
    this.#state = null;
    this.#phoneChanges = true;
  }

  /** Conditions are written when they change, not at every look. */
  async #show(lead: SyncLead, condition: Condition): Promise<void> {
    const text = `${condition.status} ${condition.reason} ${condition.message}`;
    if (this.#shown.get(condition.type) === text) return;
    this.#shown.set(condition.type, text);
    await lead.condition(condition);
  }

  #warn(error: unknown, message: string): void {
    const { code, message: detail } = error as { code?: string; message: string };
    this.#options.log.warn({ node: this.#options.node.name, code, detail }, message);
  }
}
