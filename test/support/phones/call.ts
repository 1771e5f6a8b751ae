import type { Dialog } from './dialog.ts';
import type { RtpPort } from './rtp-port.ts';
import { answeringDirection, formatSdp, type MediaDirection, parseSdp } from './sdp.ts';
import type { ServerTransaction } from './sip-agent.ts';
import {
  cseqOf,
  headerValue,
  type NameAddress,
  parseNameAddress,
  type SipHeader,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts';
import type { UaPhone } from './ua-phone.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

export type CallState = 'calling' | 'ringing' | 'up' | 'ended';

/** How a call ended: who hung up, and the Reason header of a BYE or CANCEL if there was one. */
export type CallEnd = { by: 'us' | 'them'; reason?: string };

/** What became of a REFER (RFC 3515): the answer to it, and the statuses that the NOTIFYs reported. */
export type ReferOutcome = { status: number; notified: number[] };

/** `stay`: a transfer that succeeds does not end the call on this side. */
export type ReferOptions = { headers?: SipHeader[]; stay?: boolean };

const SDP_TYPE: SipHeader = ['Content-Type', 'application/sdp'];

/** What a call is for both sides; how it begins is in outgoing-call.ts and incoming-call.ts. */
export abstract class Call {
  readonly phone: UaPhone;
  readonly audio: RtpPort;
  readonly invite: SipRequest;
  readonly waiters = new Waiters();
  state: CallState = 'calling';
  end: CallEnd | undefined;
  /** Digits received by INFO; those received in RTP are in `audio.digits`. */
  infoDigits = '';
  /** The direction that the other side asked for last: 'sendonly' or 'inactive' means it holds us. */
  remoteDirection: MediaDirection = 'sendrecv';
  /** Requests received within the call, in order. */
  readonly requests: SipRequest[] = [];
  protected dialog: Dialog | undefined;
  #sdpVersion = 0;
  #notified: number[] = [];
  #referEnded = false;

  protected constructor(phone: UaPhone, invite: SipRequest, audio: RtpPort) {
    this.phone = phone;
    this.invite = invite;
    this.audio = audio;
  }

  get callId(): string {
    return headerValue(this.invite, 'Call-ID') ?? '';
  }

  /** Who is at the other end, as the phone's display would show it. */
  abstract get remote(): NameAddress;

  /** Ends the call whatever its state: BYE, CANCEL or a refusal. Resolves when it has ended. */
  abstract hangup(within?: number): Promise<void>;

  /** Resolves when the other side (or this one) has ended the call. */
  waitEnded(within = DEADLINE_MS): Promise<CallEnd> {
    return this.until('the end of the call', () => this.end, within);
  }

  /** Puts the other side on hold (a re-INVITE with a=sendonly), or takes it back. @returns the answer's status */
  async hold(): Promise<number> {
    return (await this.reinvite({ direction: 'sendonly' })).status;
  }

  async resume(): Promise<number> {
    return (await this.reinvite({ direction: 'sendrecv' })).status;
  }

  async reinvite({ direction = 'sendrecv' }: { direction?: MediaDirection } = {}): Promise<SipResponse> {
    const dialog = this.established('a re-INVITE');
    const contact: SipHeader = ['Contact', `<${this.phone.contact}>`];
    const request = dialog.request('INVITE', [contact, SDP_TYPE], this.describeAudio(direction));
    const response = await this.phone.request(request);
    if (response.status < 300) {
      this.phone.agent.send(this.withVia(dialog.request('ACK', [], '', cseqOf(request).number)));
      this.audio.sendTo(parseSdp(response.body));
    }
    return response;
  }

  /**
   * Blind transfer (REFER): resolves with its outcome, and hangs up if that is success, as phones do.
   * @param target a number, or a whole URI
   * @param options.stay do not hang up
   */
  async refer(target: string, options: ReferOptions = {}): Promise<ReferOutcome> {
    const outcome = await this.#sendRefer(`<${this.phone.uriOf(target)}>`, options);
    if (hasSucceeded(outcome) && !options.stay) await this.hangup();
    return outcome;
  }

  /** Attended transfer: connects the far sides of this call and of `other`, a call of the same phone. */
  async referReplaces(other: Call, options: ReferOptions = {}): Promise<ReferOutcome> {
    const consultation = other.established('being transferred to');
    await other.audio.flows();
    const replaces = encodeURIComponent(consultation.replaces());
    const target = this.phone.uriOf(parseNameAddress(consultation.remote).user);
    const outcome = await this.#sendRefer(`<${target}?Replaces=${replaces}>`, options);
    if (hasSucceeded(outcome) && !options.stay) await Promise.all([this.hangup(), other.hangup()]);
    return outcome;
  }

  async #sendRefer(referTo: string, { headers = [] }: ReferOptions): Promise<ReferOutcome> {
    const dialog = this.established('REFER');
    await this.audio.flows();
    this.#notified = [];
    this.#referEnded = false;
    const own: SipHeader[] = [
      ['Refer-To', referTo],
      ['Referred-By', `<${this.phone.address}>`],
      ['Contact', `<${this.phone.contact}>`],
    ];
    const { status } = await this.phone.request(dialog.request('REFER', [...own, ...headers]));
    if (status < 300)
      await this.until('the outcome of its REFER (NOTIFY)', () => this.#referEnded || this.end !== undefined);
    return { status, notified: [...this.#notified] };
  }

  /** What names this call in a Replaces header (RFC 3891). */
  replaces(): string {
    return this.established('being replaced').replaces();
  }

  /** Presses keys: telephone-events in RTP, or INFO requests. */
  async sendDtmf(digits: string, by: 'rtp' | 'info' = 'rtp'): Promise<void> {
    if (by === 'rtp') return this.audio.sendDigits(digits);
    for (const digit of digits) {
      const type: SipHeader = ['Content-Type', 'application/dtmf-relay'];
      const body = `Signal=${digit}\r\nDuration=100\r\n`;
      await this.phone.request(this.established('INFO').request('INFO', [type], body));
    }
  }

  /** Waits for something about this call; the error says which phone, for what, and what was said on the wire. */
  until<T>(what: string, look: () => T | undefined | false, within = DEADLINE_MS): Promise<T> {
    return this.waiters.until(look, () => this.phone.explain(`${what} (call ${this.state})`), within);
  }

  protected established(purpose: string): Dialog {
    if (!this.dialog || this.state !== 'up')
      throw new Error(this.phone.explain(`a call that is up, for ${purpose}, but it is ${this.state}`));
    return this.dialog;
  }

  protected describeAudio(direction: MediaDirection): string {
    return formatSdp({ ...this.audio.local, direction }, ++this.#sdpVersion);
  }

  protected withVia(request: SipRequest): SipRequest {
    return { ...request, headers: [this.phone.agent.viaHeader(), ...request.headers] };
  }

  protected async bye(within?: number): Promise<void> {
    const request = this.established('BYE').request('BYE');
    this.finish({ by: 'us' });
    await this.phone.request(request, within);
  }

  finish(end: CallEnd): void {
    if (this.end) return;
    this.state = 'ended';
    this.end = end;
    this.audio.close();
    this.waiters.changed();
  }

  /** A request of the other side within this call. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    if (request.method !== 'ACK') this.requests.push(request);
    const answers: Record<string, () => void> = {
      ACK: () => this.acknowledged(request),
      BYE: () => this.#receiveBye(transaction),
      INVITE: () => this.#receiveOffer(transaction),
      UPDATE: () => this.#receiveOffer(transaction),
      INFO: () => this.#receiveInfo(transaction),
      NOTIFY: () => this.#receiveNotify(transaction),
    };
    (answers[request.method] ?? (() => transaction.respond(200, 'OK')))();
    this.waiters.changed();
  }

  /** The ACK of a 2xx, ours or a re-INVITE's. */
  protected acknowledged(ack: SipRequest): void {
    const answer = parseSdp(ack.body);
    if (answer) this.audio.sendTo(answer);
  }

  #receiveBye(transaction: ServerTransaction): void {
    transaction.respond(200, 'OK');
    this.finish({ by: 'them', reason: headerValue(transaction.request, 'Reason') });
  }

  #receiveOffer(transaction: ServerTransaction): void {
    const contact: SipHeader = ['Contact', `<${this.phone.contact}>`];
    const offer = parseSdp(transaction.request.body);
    if (!offer) {
      transaction.respond(200, 'OK', [contact]); // an UPDATE of the caller ID alone
      return;
    }
    this.remoteDirection = offer.direction;
    this.audio.sendTo(offer);
    transaction.respond(200, 'OK', [contact], this.describeAudio(answeringDirection(offer.direction)));
  }

  #receiveInfo(transaction: ServerTransaction): void {
    this.infoDigits += /^Signal=\s*(\S)/im.exec(transaction.request.body)?.[1] ?? '';
    transaction.respond(200, 'OK');
  }

  #receiveNotify(transaction: ServerTransaction): void {
    transaction.respond(200, 'OK');
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(transaction.request.body)?.[1] ?? 0);
    if (status) this.#notified.push(status);
    const terminated = /^terminated/i.test(headerValue(transaction.request, 'Subscription-State') ?? '');
    if (status >= 200 || terminated) this.#referEnded = true;
  }
}

function hasSucceeded({ notified }: ReferOutcome): boolean {
  const last = notified.at(-1) ?? 0;
  return last >= 200 && last < 300;
}
