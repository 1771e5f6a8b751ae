import { PbxError } from '../pbx-error.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { AmiConnection, type AmiConnectionOptions } from './connection.ts';
import type { AmiAnswer } from './exchange.ts';
import { type AmiAccount, logIn } from './login.ts';
import type { AmiField, AmiMessage } from './message.ts';

/**
 *                    ┌──────────────────── wait (back-off) ◄───────────────┐
 *                    ▼                                                     │
 *   start ──► connecting ──► booting ──► connected ──► (connection over) ──┤
 *                    │          │                                          │
 *                    └──────────┴──────── login refused ── wait (slow) ────┘
 *
 * `close` leads to `closed` from everywhere.
 */
export type AmiState = 'connecting' | 'booting' | 'connected' | 'disconnected' | 'login-refused' | 'closed';

export interface AmiClientOptions extends AmiConnectionOptions {
  account: AmiAccount;
  /** Names of the events wanted, as in manager's documentation. FullyBooted has to be among them. */
  events: readonly string[];
  /** Deadline of an action that names none. */
  actionMs: number;
  /** How long an Asterisk that accepts logins may take to load its modules (217 s with 50,000 lines). */
  bootMs: number;
  backoff: BackoffOptions;
  /** Between two tries after a refused login. Slow: nothing gets better by itself, but a person may act. */
  loginRefusedMs: number;
  /** The last step of connecting; when it fails the connection is given up and tried again. */
  prepare?: () => Promise<void>;
  onEvent: (message: AmiMessage) => void;
  onState: (state: AmiState, reason: PbxError | null) => void;
}

/** Keeps one connection to AMI alive and asks questions on it. */
export class AmiClient {
  readonly #options: AmiClientOptions;
  readonly #backoff: Backoff;
  #connection: AmiConnection | null = null;
  #state: AmiState = 'connecting';
  #reason: PbxError = new PbxError('pbx-not-connected', 'The PBX has not been reached yet');
  #booted: () => void = () => {};
  #retry: NodeJS.Timeout | undefined;
  #attempt: Promise<void> = Promise.resolve();

  constructor(options: AmiClientOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
    this.#attempt = this.#run();
  }

  get state(): AmiState {
    return this.#state;
  }

  /** Why there is no connection; meaningless while there is one. */
  get reason(): PbxError {
    return this.#reason;
  }

  /**
   * Asks and resolves with the answer; a list is complete. Rejects with a PbxError, at once when there
   * is no connection: nothing is kept for later, because the reconciler compares anew when it is back.
   */
  async ask(action: string, fields: readonly AmiField[], deadlineMs?: number): Promise<AmiAnswer> {
    if (this.#state !== 'connected' || !this.#connection) {
      throw new PbxError('pbx-not-connected', `${action}: ${this.#reason.message}`, {
        at: action,
        cause: this.#reason,
      });
    }
    return this.#connection.ask({ action, fields, deadlineMs: deadlineMs ?? this.#options.actionMs });
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return this.#attempt;
    clearTimeout(this.#retry);
    const reason = new PbxError('pbx-not-connected', 'The connection to the PBX has been closed');
    this.#enter('closed', reason);
    this.#connection?.destroy(reason);
    await this.#attempt;
  }

  /** One life of a connection, from the first packet to its end. Never rejects. */
  async #run(): Promise<void> {
    try {
      this.#enter('connecting', null);
      const connection = new AmiConnection(this.#options, (message) => this.#receive(message));
      this.#connection = connection;
      await this.#open(connection);
      throw await connection.ended;
    } catch (error) {
      const reason = error as PbxError;
      this.#connection?.destroy(reason);
      this.#connection = null;
      if (this.#state !== 'closed') this.#retryAfter(reason);
    }
  }

  async #open(connection: AmiConnection): Promise<void> {
    const { account, events, actionMs, prepare } = this.#options;
    const booted = new Promise<void>((resolve) => {
      this.#booted = resolve;
    });
    await connection.introduced();
    await logIn(connection, account, events, actionMs);
    this.#enter('booting', null);
    await this.#untilBooted(connection, booted);
    await prepare?.();
    connection.keepAlive();
    this.#backoff.reset();
    this.#enter('connected', null);
  }

  /** Before its FullyBooted event Asterisk answers, but PJSIP and ARI may not be loaded. */
  async #untilBooted(connection: AmiConnection, booted: Promise<void>): Promise<void> {
    const timer = setTimeout(
      () =>
        connection.destroy(
          new PbxError(
            'pbx-timeout',
            'No FullyBooted event came: the PBX is still loading, or its AMI account lacks read = system',
          ),
        ),
      this.#options.bootMs,
    );
    const first = await Promise.race([booted, connection.ended]);
    clearTimeout(timer);
    if (first) throw first;
  }

  #retryAfter(reason: PbxError): void {
    const refused = reason.code === 'pbx-login-refused';
    const waitMs = refused ? this.#options.loginRefusedMs : this.#backoff.next();
    this.#enter(refused ? 'login-refused' : 'disconnected', reason);
    this.#retry = setTimeout(() => {
      this.#attempt = this.#run();
    }, waitMs);
  }

  #enter(state: AmiState, reason: PbxError | null): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    if (reason) this.#reason = reason;
    this.#options.onState(state, reason);
  }

  #receive(message: AmiMessage): void {
    if (message.get('Event') === 'FullyBooted') this.#booted();
    else this.#options.onEvent(message);
  }
}
