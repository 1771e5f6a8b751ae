import type { CallEnd } from './call.ts';
import type { AnswerPlan } from './incoming-call.ts';
import type { RtpPort } from './rtp-port.ts';
import { parseSdp } from './sdp.ts';
import {
  cseqOf,
  headerValue,
  isRequest,
  isResponse,
  type NameAddress,
  parseNameAddress,
  parseSipUri,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts';
import type { SippPhone } from './sipp-phone.ts';
import { type PhoneCommand, REFUSALS, type RefusalStatus } from './sipp-scenario.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

type Direction = 'sent' | 'received';

/** A call of a sipp phone: told by the messages that sipp traced, steered by commands to it. */
export class SippCall {
  readonly phone: SippPhone;
  readonly callId: string;
  readonly audio: RtpPort;
  readonly #waiters = new Waiters();
  readonly #messages: { direction: Direction; message: SipMessage }[] = [];

  constructor(phone: SippPhone, callId: string, audio: RtpPort) {
    this.phone = phone;
    this.callId = callId;
    this.audio = audio;
  }

  /** The INVITE that counts: after a challenge, the second one. */
  get invite(): SipRequest | undefined {
    return this.#requests('INVITE').at(-1)?.message;
  }

  get final(): SipResponse | undefined {
    return this.#responses.find(({ status }) => status >= 200);
  }

  /** The final answer's status, 0 while there is none. */
  get status(): number {
    return this.final?.status ?? 0;
  }

  get reason(): string {
    return this.final?.reason ?? '';
  }

  /** An outgoing call's responses, and what this phone responded to an incoming one. */
  get #responses(): SipResponse[] {
    const responses = this.#messages.map(({ message }) => message).filter(isResponse);
    return responses.filter(
      (response) =>
        cseqOf(response).method === 'INVITE' &&
        // sipp answers the first challenge whatever comes, so that one is never the call's answer.
        !(response.status === 401 && cseqOf(response).number === 1),
    );
  }

  #requests(method: string): { direction: Direction; message: SipRequest }[] {
    return this.#messages.filter(
      (entry): entry is { direction: Direction; message: SipRequest } =>
        isRequest(entry.message) && entry.message.method === method,
    );
  }

  get earlyMedia(): boolean {
    return this.#responses.some((response) => response.status < 200 && response.body !== '');
  }

  /** A header of the INVITE received, or of the final response to the INVITE sent. */
  header(name: string): string | undefined {
    const source = this.incoming ? this.invite : this.final;
    return source && headerValue(source, name);
  }

  get incoming(): boolean {
    return this.#requests('INVITE')[0]?.direction === 'received';
  }

  get remote(): NameAddress {
    return parseNameAddress(
      this.header('P-Asserted-Identity') ?? this.header(this.incoming ? 'From' : 'To') ?? '',
    );
  }

  get dialled(): string {
    return parseSipUri(this.invite?.uri ?? '').user;
  }

  get isUp(): boolean {
    return this.status >= 200 && this.status < 300 && this.#acknowledged && !this.end;
  }

  /** Whether the ACK of the final response has passed; that of an answered challenge does not count. */
  get #acknowledged(): boolean {
    const number = this.final && cseqOf(this.final).number;
    return this.#requests('ACK').some(({ message }) => cseqOf(message).number === number);
  }

  get end(): CallEnd | undefined {
    const bye = this.#requests('BYE')[0] ?? this.#requests('CANCEL')[0];
    if (bye)
      return {
        by: bye.direction === 'sent' ? 'us' : 'them',
        reason: headerValue(bye.message, 'Reason'),
      };
    return this.status >= 300 ? { by: this.incoming ? 'us' : 'them' } : undefined;
  }

  /** Resolves with the final response, once sipp has acknowledged it and can be told the next thing. */
  answered(within = DEADLINE_MS): Promise<SipResponse> {
    return this.#until('the final answer to its call', () => this.#acknowledged && this.final, within);
  }

  provisional(status: number, within = DEADLINE_MS): Promise<SipResponse> {
    return this.#until(
      `${status} on its call`,
      () => this.#responses.find((response) => response.status === status),
      within,
    );
  }

  waitEnded(within = DEADLINE_MS): Promise<CallEnd> {
    return this.#until('the end of the call', () => this.end, within);
  }

  /** BYE, or CANCEL before the answer. Resolves when the server has acknowledged it. */
  async hangup(within = DEADLINE_MS): Promise<void> {
    if (this.end || !this.invite) return;
    if (!this.isUp && this.incoming) {
      await this.refuse(603);
      return;
    }
    this.#command('HANGUP');
    const last = this.isUp ? 'BYE' : 'CANCEL';
    const answered = () =>
      this.#messages.some(({ message }) => isResponse(message) && cseqOf(message).method === last);
    await this.#until(`the answer to its ${last}`, answered, within);
  }

  /** Carries out the plan. Resolves when the call is up, refused (and that acknowledged), or rings. */
  async follow({ answer = true, ringing = true, status, moved }: AnswerPlan): Promise<this> {
    if (moved !== undefined) return this.refuse(302, moved);
    if (status !== undefined) return this.refuse(status as RefusalStatus);
    if (ringing) this.#command('RING');
    if (answer === false) {
      await this.provisional(180);
      return this;
    }
    if (typeof answer === 'number') await new Promise((resolve) => setTimeout(resolve, answer));
    return this.answer();
  }

  async answer(): Promise<this> {
    this.#command('ANSWER');
    await this.#until('the ACK of its answer', () => this.isUp || this.end !== undefined);
    return this;
  }

  async refuse(status: RefusalStatus, moved?: string): Promise<this> {
    if (!(status in REFUSALS)) throw new Error(`a sipp phone refuses with ${Object.keys(REFUSALS)} only`);
    this.#command(`REFUSE${status}`, moved);
    await this.#until(`the ACK of its ${status}`, () => this.#acknowledged);
    return this;
  }

  /** A message of this call that sipp sent or received. */
  note(direction: Direction, message: SipMessage): void {
    this.#messages.push({ direction, message });
    if (direction === 'received' || message.status === 200) this.#routeAudio(message);
    if (this.end) this.audio.sendTo(null);
    this.#waiters.changed();
  }

  /** Lets the waiters look again: sipp may have ended. */
  changed(): void {
    this.#waiters.changed();
  }

  #routeAudio(message: SipMessage): void {
    const theirs = this.incoming ? this.invite : message;
    const remote = theirs && parseSdp(theirs.body);
    if (remote && (!this.incoming || message.status === 200)) this.audio.sendTo(remote);
  }

  #command(command: PhoneCommand, contact?: string): void {
    const invite = this.invite;
    if (!invite) throw new Error(this.phone.explain('an INVITE'));
    const copied = invite.headers.filter(([name]) => /^(?:via|from|to|call-id|cseq)$/i.test(name));
    this.phone.command(command, contact ? [...copied, ['Contact', contact]] : copied);
  }

  #until<T>(what: string, look: () => T | undefined | false, within = DEADLINE_MS): Promise<T> {
    return this.#waiters.until(
      () => look() || this.phone.mustRun(),
      () => this.phone.explain(what),
      within,
    );
  }
}
