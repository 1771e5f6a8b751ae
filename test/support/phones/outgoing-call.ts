import { Call } from './call.ts';
import { Dialog } from './dialog.ts';
import { RtpPort } from './rtp-port.ts';
import { parseSdp } from './sdp.ts';
import { type ClientTransaction, newToken } from './sip-agent.ts';
import {
  cseqOf,
  formatNameAddress,
  headerValue,
  type NameAddress,
  parseNameAddress,
  type SipHeader,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts';
import type { UaPhone } from './ua-phone.ts';
import { DEADLINE_MS } from './wait-for.ts';

/** What a caller may say beyond the number; the hostile ones use it all. */
export type DialOptions = {
  /** What the From header claims, instead of the phone's own address. */
  from?: { display?: string; user?: string; host?: string };
  headers?: SipHeader[];
  /** false: never answer a 401 or 407. */
  authenticate?: boolean;
};

/** A call that this phone makes. */
export class OutgoingCall extends Call {
  /** All responses to the INVITE but those that asked for authentication. */
  readonly responses: SipResponse[] = [];
  readonly #number: string;
  readonly #options: DialOptions;
  #transaction: ClientTransaction | undefined;
  #cancelled = false;

  private constructor(phone: UaPhone, number: string, options: DialOptions, audio: RtpPort) {
    super(phone, firstInvite(phone, number, options), audio);
    this.#number = number;
    this.#options = options;
  }

  static async start(phone: UaPhone, number: string, options: DialOptions = {}): Promise<OutgoingCall> {
    const audio = new RtpPort(phone.agent.local.host, `${phone.name} calling ${number}`);
    await audio.ready;
    const call = new OutgoingCall(phone, number, options, audio);
    phone.adopt(call);
    call.#send({ ...call.invite, body: call.describeAudio('sendrecv') });
    return call;
  }

  /** The final answer's status, 0 while there is none. */
  get status(): number {
    return this.final?.status ?? 0;
  }

  get reason(): string {
    return this.final?.reason ?? '';
  }

  get final(): SipResponse | undefined {
    return this.responses.find((response) => response.status >= 200);
  }

  /** Whether anything was to be heard before the answer: a provisional response with a description of audio. */
  get earlyMedia(): boolean {
    return this.responses.some((response) => response.status < 200 && response.body !== '');
  }

  /** A header of the final response, or of the one with this status. */
  header(name: string, status = this.status): string | undefined {
    const response = this.responses.find((candidate) => candidate.status === status);
    return response && headerValue(response, name);
  }

  get remote(): NameAddress {
    return parseNameAddress(
      this.header('P-Asserted-Identity') ?? this.header('Remote-Party-ID') ?? this.header('To') ?? '',
    );
  }

  /** Resolves with the first response of this status: 180, 183. */
  provisional(status: number, within = DEADLINE_MS): Promise<SipResponse> {
    return this.until(
      `${status} on its call to ${this.#number}`,
      () => this.responses.find((response) => response.status === status),
      within,
    );
  }

  /** Resolves with the final response, whichever it is. */
  answered(within = DEADLINE_MS): Promise<SipResponse> {
    return this.until(`the final answer to its call to ${this.#number}`, () => this.final, within);
  }

  /** Gives up before the answer (CANCEL). Resolves with the INVITE's final status: 487, or 200 if it was too late. */
  async cancel(within = DEADLINE_MS): Promise<number> {
    this.#cancelled = true;
    await this.until(
      'any response, before which CANCEL is not allowed',
      () => this.responses.length > 0,
      within,
    );
    if (!this.final) this.#sendCancel(this.#transaction!.request);
    return (await this.answered(within)).status;
  }

  override async hangup(within?: number): Promise<void> {
    if (this.state === 'ended') return;
    if (this.state !== 'up') await this.cancel(within);
    if (this.state === 'up') await this.bye(within);
  }

  #send(invite: SipRequest): void {
    const request = this.withVia(invite);
    const transaction = this.phone.agent.start(request);
    this.#transaction = transaction;
    transaction.onResponse = (response) => {
      this.#receiveResponse(request, response);
      this.waiters.changed();
    };
  }

  #receiveResponse(invite: SipRequest, response: SipResponse): void {
    if (this.#authenticates(invite, response)) return;
    const repeated = response.status >= 200 && this.final !== undefined;
    if (!repeated) this.responses.push(response);
    if (response.status >= 300) this.finish({ by: 'them', reason: headerValue(response, 'Reason') });
    else if (response.status >= 200) this.#accept(invite, response, repeated);
    else if (response.status > 100) this.#proceed(response);
  }

  #proceed(response: SipResponse): void {
    this.state = 'ringing';
    if (response.body) this.audio.sendTo(parseSdp(response.body));
  }

  #accept(invite: SipRequest, response: SipResponse, repeated: boolean): void {
    this.dialog ??= Dialog.ofCaller(invite, response);
    this.phone.agent.send(this.withVia(this.dialog.request('ACK', [], '', cseqOf(invite).number)));
    if (repeated) return;
    this.state = 'up';
    this.audio.sendTo(parseSdp(response.body));
  }

  /** @returns whether the INVITE was sent again with the answer to a challenge. */
  #authenticates(invite: SipRequest, response: SipResponse): boolean {
    if (this.#options.authenticate === false || this.#cancelled) return false;
    const again = this.phone.authenticate(invite, response);
    if (!again) return false;
    this.#send(again);
    return true;
  }

  #sendCancel(invite: SipRequest): void {
    const kept = invite.headers.filter(([name]) => /^(?:via|from|to|call-id|max-forwards)$/i.test(name));
    const cseq: SipHeader = ['CSeq', `${cseqOf(invite).number} CANCEL`];
    this.phone.agent.start({ ...invite, method: 'CANCEL', headers: [...kept, cseq], body: '' });
  }
}

function firstInvite(phone: UaPhone, number: string, { from = {}, headers = [] }: DialOptions): SipRequest {
  const uri = phone.uriOf(number);
  const claimed = `sip:${from.user ?? phone.user}@${from.host ?? phone.domain}`;
  return {
    method: 'INVITE',
    uri,
    headers: [
      ['Max-Forwards', '70'],
      ['From', `${formatNameAddress(from.display ?? phone.displayName, claimed)};tag=${newToken()}`],
      ['To', `<${uri}>`],
      ['Call-ID', newToken(16)],
      ['CSeq', '1 INVITE'],
      ['Contact', `<${phone.contact}>`],
      ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, UPDATE'],
      ['Supported', 'replaces'],
      ...headers,
      ['Content-Type', 'application/sdp'],
    ],
    body: '',
  };
}
