import type { CallEnd } from './call.ts';
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
import { DEADLINE_MS, Waiters } from './wait-for.ts';

export type MessageDirection = 'sent' | 'received';

type Traced<M extends SipMessage> = { direction: MessageDirection; message: M };

/** A call of a phone that is another program, told by the SIP messages that this program traced. */
export abstract class TracedCall {
  readonly callId: string;
  readonly #waiters = new Waiters();
  readonly #messages: Traced<SipMessage>[] = [];

  constructor(callId: string) {
    this.callId = callId;
  }

  /** Names the phone, what it waited for and its last messages. */
  protected abstract explain(what: string): string;
  /** Throws when the other program has ended, so that nothing more can come. */
  protected abstract mustRun(): undefined;
  abstract hangup(within?: number): Promise<void>;

  get incoming(): boolean {
    return this.requests('INVITE')[0]?.direction === 'received';
  }

  /** The INVITE that made the call: the first one received, or the one sent that was not challenged. */
  get invite(): SipRequest | undefined {
    const invites = this.requests('INVITE').map(({ message }) => message);
    if (this.incoming) return invites[0];
    const final = this.final;
    return final ? invites.find((invite) => cseqOf(invite).number === cseqOf(final).number) : invites.at(-1);
  }

  /** The final response to it, sent or received. */
  get final(): SipResponse | undefined {
    return this.responses().find(({ status }) => status >= 200);
  }

  /** The final answer's status, 0 while there is none. */
  get status(): number {
    return this.final?.status ?? 0;
  }

  get reason(): string {
    return this.final?.reason ?? '';
  }

  get earlyMedia(): boolean {
    return this.responses().some((response) => response.status < 200 && response.body !== '');
  }

  /** A header of the INVITE received, or of the final response to the INVITE sent. */
  header(name: string): string | undefined {
    const source = this.incoming ? this.invite : this.final;
    return source && headerValue(source, name);
  }

  /** Who is at the other end, as the phone's display shows it. */
  get remote(): NameAddress {
    return this.assertedIdentity ?? (this.incoming ? this.from : parseNameAddress(this.header('To') ?? ''));
  }

  get from(): NameAddress {
    return parseNameAddress(this.header('From') ?? '');
  }

  get assertedIdentity(): NameAddress | undefined {
    const value = this.header('P-Asserted-Identity');
    return value === undefined ? undefined : parseNameAddress(value);
  }

  /** The user part of the request URI. */
  get dialled(): string {
    return parseSipUri(this.invite?.uri ?? '').user;
  }

  get isUp(): boolean {
    return this.status >= 200 && this.status < 300 && this.acknowledged && !this.end;
  }

  /** Whether what was planned for an incoming call has been done, or it is over. */
  get settled(): boolean {
    return this.isUp || this.end !== undefined || this.ringsOn;
  }

  /** Set when the plan is to ring and no more. */
  protected ringsOn = false;

  get end(): CallEnd | undefined {
    const bye = this.requests('BYE')[0] ?? this.requests('CANCEL')[0];
    if (bye)
      return {
        by: bye.direction === 'sent' ? 'us' : 'them',
        reason: headerValue(bye.message, 'Reason'),
      };
    return this.status >= 300 ? { by: this.incoming ? 'us' : 'them' } : undefined;
  }

  /** Resolves with the final response, once it is acknowledged and the phone can be told the next thing. */
  answered(within = DEADLINE_MS): Promise<SipResponse> {
    return this.until('the final answer to its call', () => this.acknowledged && this.final, within);
  }

  /** Resolves with the first response of this status: 180, 183. */
  provisional(status: number, within = DEADLINE_MS): Promise<SipResponse> {
    const look = () => this.responses().find((response) => response.status === status);
    return this.until(`${status} on its call`, look, within);
  }

  waitEnded(within = DEADLINE_MS): Promise<CallEnd> {
    return this.until('the end of the call', () => this.end, within);
  }

  /** A message of this call. */
  note(direction: MessageDirection, message: SipMessage): void {
    this.#messages.push({ direction, message });
    this.#waiters.changed();
  }

  /** Lets the waiters look again. */
  changed(): void {
    this.#waiters.changed();
  }

  /** Whether the ACK of the final response has passed; that of a challenge has another CSeq. */
  protected get acknowledged(): boolean {
    const number = this.final && cseqOf(this.final).number;
    return this.requests('ACK').some(({ message }) => cseqOf(message).number === number);
  }

  protected requests(method: string): Traced<SipRequest>[] {
    return this.#messages.filter(
      (entry): entry is Traced<SipRequest> => isRequest(entry.message) && entry.message.method === method,
    );
  }

  /** Responses to requests of this method, without the challenges: the phones here answer each once. */
  protected responses(method = 'INVITE'): SipResponse[] {
    return this.#messages
      .map(({ message }) => message)
      .filter(isResponse)
      .filter((response) => cseqOf(response).method === method && !this.#isChallenge(response));
  }

  #isChallenge(response: SipResponse): boolean {
    if (response.status !== 401 && response.status !== 407) return false;
    const { number, method } = cseqOf(response);
    const request = this.requests(method).find(({ message }) => cseqOf(message).number === number);
    return !request?.message.headers.some(([name]) => /^(?:proxy-)?authorization$/i.test(name));
  }

  protected until<T>(what: string, look: () => T | undefined | false, within = DEADLINE_MS): Promise<T> {
    return this.#waiters.until(
      () => look() || this.mustRun(),
      () => this.explain(what),
      within,
    );
  }
}
