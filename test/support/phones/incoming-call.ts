import { type AnswerPlan, REFUSALS, type RefusalStatus } from './answer-plan.ts';
import { Call } from './call.ts';
import { Dialog } from './dialog.ts';
import { RtpPort } from './rtp-port.ts';
import { answeringDirection, parseSdp } from './sdp.ts';
import type { ServerTransaction } from './sip-agent.ts';
import {
  headerValue,
  headerValues,
  type NameAddress,
  parseNameAddress,
  parseSipUri,
  type SipHeader,
  type SipRequest,
} from './sip-message.ts';
import type { UaPhone } from './ua-phone.ts';
import { DEADLINE_MS } from './wait-for.ts';

/** A call that this phone receives. */
export class IncomingCall extends Call {
  readonly #transaction: ServerTransaction;
  #stopRepeating = () => {};
  #timer: NodeJS.Timeout | undefined;
  #refused = 0;
  #plan: AnswerPlan | undefined;
  /** The 200 is out: a CANCEL comes too late. */
  #accepted = false;

  constructor(phone: UaPhone, transaction: ServerTransaction) {
    super(phone, transaction.request, new RtpPort(phone.agent.local.host, `${phone.name} being called`));
    this.#transaction = transaction;
    transaction.respond(100, 'Trying');
    this.dialog = Dialog.ofCallee(transaction.request, transaction.localTag);
    transaction.onAck = () => {
      this.finish({ by: this.#refused === 487 ? 'them' : 'us' });
    };
  }

  /** The caller as the phone's display shows it: P-Asserted-Identity if the server sent one, else From. */
  get remote(): NameAddress {
    return this.assertedIdentity ?? this.from;
  }

  get from(): NameAddress {
    return parseNameAddress(this.header('From') ?? '');
  }

  get assertedIdentity(): NameAddress | undefined {
    const value = this.header('P-Asserted-Identity');
    return value === undefined ? undefined : parseNameAddress(value);
  }

  /** The user part of the request URI: the number that was dialled, on a trunk. */
  get dialled(): string {
    return parseSipUri(this.invite.uri).user;
  }

  header(name: string): string | undefined {
    return headerValue(this.invite, name);
  }

  headers(name: string): string[] {
    return headerValues(this.invite, name);
  }

  /** Carries out the plan. Resolves when the call is up, refused (and that acknowledged), or rings. */
  async follow(plan: AnswerPlan): Promise<this> {
    this.#plan = plan;
    if (plan.moved !== undefined)
      return this.reject(302, [['Contact', `<${plan.moved}>`], ...(plan.headers ?? [])]);
    if (plan.status !== undefined) return this.reject(plan.status, plan.headers);
    if (plan.ringing !== false) this.ring();
    if (plan.answer === false) return this;
    if (typeof plan.answer !== 'number') return this.answer(plan.headers);
    this.#timer = setTimeout(() => void this.answer(plan.headers).catch(() => {}), plan.answer);
    return this.until('its own answer to be acknowledged', () => this.settled && this);
  }

  /** Whether the plan has been carried out. */
  get settled(): boolean {
    return /^(?:up|ended)$/.test(this.state) || (this.state === 'ringing' && this.#plan?.answer === false);
  }

  ring(): void {
    if (this.state === 'ended') return;
    this.state = 'ringing';
    this.#transaction.respond(180, 'Ringing', this.#contact());
    this.waiters.changed();
  }

  /** Sends 200 and resolves when the call is up (ACK), or throws when the caller has given up. */
  async answer(headers: SipHeader[] = []): Promise<this> {
    await this.audio.ready;
    if (this.state === 'ended') throw new Error(this.phone.explain('a caller to answer, who has given up'));
    this.#accepted = true;
    const offer = parseSdp(this.invite.body);
    this.audio.sendTo(offer);
    const body = this.describeAudio(answeringDirection(offer?.direction ?? 'sendrecv'));
    this.#stopRepeating = this.phone.agent.repeatUntilStopped(() =>
      this.#transaction.respond(200, 'OK', [...this.#contact(), ...headers], body),
    );
    await this.until('the ACK of its answer', () => this.state === 'up' || this.state === 'ended');
    return this;
  }

  /** Refuses, and resolves when the refusal is acknowledged. */
  async reject(status: number, headers: SipHeader[] = [], within = DEADLINE_MS): Promise<this> {
    if (this.state === 'ended') return this;
    this.#refused = status;
    this.#transaction.respond(status, REFUSALS[status as RefusalStatus] ?? 'Refused', headers);
    await this.until(`the ACK of its ${status}`, () => this.end, within);
    return this;
  }

  override async hangup(within?: number): Promise<void> {
    if (this.state === 'up') await this.bye(within);
    else await this.reject(603, [], within);
  }

  /** The caller gave up before the answer. */
  cancelled(transaction: ServerTransaction): void {
    transaction.respond(200, 'OK');
    if (this.#accepted || this.state === 'ended') return;
    this.#refused = 487;
    this.#transaction.respond(487, 'Request Terminated');
    this.finish({ by: 'them', reason: headerValue(transaction.request, 'Reason') });
  }

  override finish(end: { by: 'us' | 'them'; reason?: string }): void {
    this.#stopRepeating();
    clearTimeout(this.#timer);
    super.finish(end);
  }

  protected override acknowledged(ack: SipRequest): void {
    super.acknowledged(ack);
    this.#stopRepeating();
    if (this.state !== 'ended') this.state = 'up'; // `receive` tells the waiters
  }

  #contact(): SipHeader[] {
    return [['Contact', `<${this.phone.contact}>`]];
  }
}
