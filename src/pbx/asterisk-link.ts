import { AmiClient, type AmiState } from './ami/client.ts';
import type { AmiMessage } from './ami/message.ts';
import * as answers from './ari/answers.ts';
import { AriClient } from './ari/client.ts';
import type { AsteriskOptions, AsteriskTiming } from './asterisk-adapter.ts';
import { readEvent, WANTED_EVENTS } from './event-reader.ts';
import { readBacklog } from './health.ts';
import type { PbxError } from './pbx-error.ts';
import type { PbxEvent } from './pbx-event.ts';
import type { PbxHealth, PbxLink, PbxLinkState } from './port.ts';

const LINK_STATE: Record<AmiState, PbxLinkState> = {
  connecting: 'connecting',
  booting: 'connecting',
  connected: 'connected',
  disconnected: 'disconnected',
  'login-refused': 'login-refused',
  closed: 'closed',
};

/** The connection as subscribers see it. */
export class AsteriskLink implements PbxLink {
  readonly ami: AmiClient;
  /** Makes calls only while the link is connected: a PBX that is booting answers 404 for what it has. */
  readonly ari: AriClient;
  /** The same without that condition, to find out whether it is. */
  readonly #probe: AriClient;
  readonly #closing = new AbortController();
  readonly #onDefect: (error: unknown) => void;
  readonly #listeners = new Set<(event: PbxEvent) => void>();
  #info: answers.AsteriskInfo | null = null;
  #previousStart: Date | null = null;
  /** The last trouble told, so that ten vain tries to come back are one event. */
  #toldTrouble: string | null = null;

  constructor({ ami, ari, onDefect }: AsteriskOptions, timing: AsteriskTiming) {
    const access = { ...ari, deadlineMs: timing.actionMs, closed: this.#closing.signal };
    this.#probe = new AriClient(access);
    this.ari = new AriClient({ ...access, trouble: () => this.trouble });
    this.#onDefect = onDefect;
    this.ami = new AmiClient({
      host: ami.host,
      port: ami.port,
      account: { username: ami.username, secret: ami.secret },
      events: WANTED_EVENTS,
      window: timing.window,
      connectMs: timing.connectMs,
      actionMs: timing.actionMs,
      bootMs: timing.bootMs,
      keepAliveMs: timing.keepAliveMs,
      backoff: { firstMs: timing.firstRetryMs, maxMs: timing.maxRetryMs },
      loginRefusedMs: timing.loginRefusedMs,
      prepare: async () => {
        this.#info = await this.#readInfo();
      },
      onEvent: (message) => this.#receive(message),
      onState: (state, reason) => this.#enter(state, reason),
    });
  }

  get state(): PbxLinkState {
    return LINK_STATE[this.ami.state];
  }

  get trouble(): PbxError | null {
    return this.ami.state === 'connected' ? null : this.ami.reason;
  }

  subscribe(listener: (event: PbxEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  whenConnected(deadlineMs: number): Promise<void> {
    if (this.ami.state === 'connected') return Promise.resolve();
    if (this.ami.state === 'closed') return Promise.reject(this.ami.reason);
    return new Promise((resolve, reject) => {
      const unsubscribe = this.subscribe((event) => {
        if (event.type === 'connected') finish(resolve);
      });
      const timer = setTimeout(() => finish(() => reject(this.ami.reason)), deadlineMs);
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        unsubscribe();
        settle();
      };
    });
  }

  async health(): Promise<PbxHealth> {
    const [info, { response }] = await Promise.all([
      this.#readInfo(),
      this.ami.ask('Command', [['Command', 'core show taskprocessors']]),
    ]);
    return {
      version: info.system.version,
      startedAt: info.status.startup_time,
      uptimeSeconds: Math.max(0, (Date.now() - info.status.startup_time.getTime()) / 1000),
      lastReloadAt: info.status.last_reload_time,
      backlog: readBacklog(response.all('Output')),
    };
  }

  close(): Promise<void> {
    this.#closing.abort();
    return this.ami.close();
  }

  #readInfo(): Promise<answers.AsteriskInfo> {
    return this.#probe.read(answers.asteriskInfo, 'GET', { path: '/asterisk/info' });
  }

  #enter(state: AmiState, reason: PbxError | null): void {
    if (state === 'connected' && this.#info) {
      const startedAt = this.#info.status.startup_time;
      const restarted = this.#previousStart !== null && this.#previousStart.getTime() !== startedAt.getTime();
      this.#previousStart = startedAt;
      this.#toldTrouble = null;
      this.#emit({ type: 'connected', system: this.#info.config.name, startedAt, restarted });
    } else if (reason && reason.message !== this.#toldTrouble) {
      this.#toldTrouble = reason.message;
      this.#emit({ type: 'disconnected', reason });
    }
  }

  #receive(message: AmiMessage): void {
    const event = readEvent(message);
    if (event) this.#emit(event);
  }

  #emit(event: PbxEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onDefect(error);
      }
    }
  }
}
