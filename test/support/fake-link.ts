import { PbxError } from '../../src/pbx/pbx-error.ts';
import type { PbxEvent } from '../../src/pbx/pbx-event.ts';
import type { PbxHealth, PbxLink, PbxLinkState } from '../../src/pbx/port.ts';

/** The connection to the fake PBX: tests end it and bring it back. */
export class FakeLink implements PbxLink {
  /** Called before every operation with its name and subject (a path, an id): throw a PbxError to fail it. */
  intercept: (operation: string, subject: string) => void | Promise<void> = () => {};
  /** Tasks waiting inside the PBX, as `health` tells. */
  waitingTasks = 0;
  state: PbxLinkState = 'connected';
  trouble: PbxError | null = null;
  #startedAt = new Date();
  readonly #listeners = new Set<(event: PbxEvent) => void>();

  subscribe(listener: (event: PbxEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async whenConnected(_deadlineMs: number): Promise<void> {
    if (this.trouble) throw this.trouble;
  }

  async health(): Promise<PbxHealth> {
    await this.before('health', '');
    return {
      version: '22.0',
      startedAt: this.#startedAt,
      uptimeSeconds: (Date.now() - this.#startedAt.getTime()) / 1000,
      lastReloadAt: this.#startedAt,
      backlog: {
        total: this.waitingTasks,
        deepest: this.waitingTasks > 0 ? { name: 'fake', waiting: this.waitingTasks } : null,
      },
    };
  }

  async close(): Promise<void> {
    this.#leave('closed', new PbxError('pbx-not-connected', 'Closed'));
  }

  emit(event: PbxEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Every operation goes through here: it fails without a connection, or as the test wants. */
  async before(operation: string, subject: string): Promise<void> {
    if (this.trouble) {
      throw new PbxError('pbx-not-connected', `${operation}: ${this.trouble.message}`, { at: operation });
    }
    await this.intercept(operation, subject);
  }

  /** The connection is lost; nothing works until `reconnect`. */
  disconnect(reason = new PbxError('pbx-connection-lost', 'Lost')): void {
    this.#leave('disconnected', reason);
  }

  reconnect({ restarted = false } = {}): void {
    if (restarted) this.#startedAt = new Date(this.#startedAt.getTime() + 1);
    this.state = 'connected';
    this.trouble = null;
    this.emit({ type: 'connected', system: 'fake', startedAt: this.#startedAt, restarted });
  }

  #leave(state: PbxLinkState, reason: PbxError): void {
    if (this.state === 'closed') return;
    this.state = state;
    this.trouble = reason;
    this.emit({ type: 'disconnected', reason });
  }
}
