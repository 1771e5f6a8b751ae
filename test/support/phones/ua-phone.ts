import type { AnswerPlan } from './answer-plan.ts';
import type { Call } from './call.ts';
import { requestOutOfDialog } from './dialog.ts';
import { answerChallenge } from './digest.ts';
import { IncomingCall } from './incoming-call.ts';
import { closeLater } from './open-phones.ts';
import { type DialOptions, OutgoingCall } from './outgoing-call.ts';
import { newToken, type ServerTransaction, SipAgent } from './sip-agent.ts';
import {
  headerValue,
  headerValues,
  numberUri,
  type SipHeader,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts';
import type { Address, Transport } from './sip-socket.ts';
import { SipTrace } from './sip-trace.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

/** What a server that may be gone is given to answer the goodbyes. */
const CLOSING_MS = 1_000;

export type PhoneOptions = {
  server: Address;
  /** The SIP user name that registers and authenticates. */
  user: string;
  password?: string;
  displayName?: string;
  /** For error messages; default the user. */
  name?: string;
  /** Host part of the addresses; default the server's host and port. */
  domain?: string;
  /** Any 127.x.y.z: the address that the server sees. */
  localIp?: string;
  /** Default: any free one. */
  localPort?: number;
  transport?: Transport;
  /** What to do with calls that no `expectCall` waits for; default: they wait for the next `expectCall`. */
  incoming?: () => AnswerPlan;
};

export type RegisterResult = { status: number; reason: string; contacts: string[] };

/** A SIP phone that a test drives step by step, written on sockets so that it can also be hostile. */
export class UaPhone {
  readonly name: string;
  readonly user: string;
  readonly displayName: string | undefined;
  readonly domain: string;
  readonly agent: SipAgent;
  readonly trace: SipTrace;
  /** All calls received so far, answered or not. */
  readonly received: IncomingCall[] = [];
  /** Out-of-dialog requests other than INVITE and OPTIONS (MESSAGE, NOTIFY of a mailbox …). */
  readonly requests: SipRequest[] = [];
  readonly #options: PhoneOptions;
  readonly #calls = new Set<Call>();
  readonly #waiters = new Waiters();
  readonly #unexpected: IncomingCall[] = [];
  readonly #registration = { callId: newToken(16), cseq: 0 };
  #expecting = 0;
  #closed: Promise<void> | undefined;

  private constructor(options: PhoneOptions, agent: SipAgent, trace: SipTrace) {
    this.#options = options;
    this.user = options.user;
    this.name = options.name ?? options.user;
    this.displayName = options.displayName;
    this.domain = options.domain ?? `${options.server.host}:${options.server.port}`;
    this.agent = agent;
    this.trace = trace;
    agent.onRequest = (transaction) => this.#receive(transaction);
  }

  static async open(options: PhoneOptions): Promise<UaPhone> {
    const trace = new SipTrace();
    const { server, localIp = '127.0.0.1', localPort = 0, transport = 'udp' } = options;
    const agent = await SipAgent.open({ server, localIp, localPort, transport, trace });
    return closeLater(new UaPhone(options, agent, trace));
  }

  get local(): Address {
    return this.agent.local;
  }

  /** sip:user@domain */
  get address(): string {
    return `sip:${this.user}@${this.domain}`;
  }

  get contact(): string {
    const { host, port } = this.agent.local;
    return `sip:${this.user}@${host}:${port}${this.agent.transport === 'tcp' ? ';transport=tcp' : ''}`;
  }

  /** A number as a URI at the server; a whole URI stays as it is. */
  uriOf(number: string): string {
    return numberUri(number, this.domain);
  }

  /** @param expires seconds. Resolves with the registrar's final answer, whichever it is. */
  async register({ expires = 300 }: { expires?: number } = {}): Promise<RegisterResult> {
    const { callId } = this.#registration;
    const cseq = this.#registration.cseq + 1;
    this.#registration.cseq += 2; // the second one is for the answer to the challenge
    const contact: SipHeader[] = [
      ['Contact', `<${this.contact}>`],
      ['Expires', String(expires)],
    ];
    const request = requestOutOfDialog('REGISTER', this, contact, { callId, cseq });
    const response = await this.request(request);
    const { status, reason } = response;
    return { status, reason, contacts: headerValues(response, 'Contact') };
  }

  deregister(): Promise<RegisterResult> {
    return this.register({ expires: 0 });
  }

  /** Calls, and resolves with the first final answer: look at `status`. */
  async dial(number: string, options: DialOptions & { within?: number } = {}): Promise<OutgoingCall> {
    const call = await OutgoingCall.start(this, number, options);
    await call.answered(options.within);
    return call;
  }

  /** Calls, and resolves at once: for ringing, early media and giving up. */
  startCall(number: string, options: DialOptions = {}): Promise<OutgoingCall> {
    return OutgoingCall.start(this, number, options);
  }

  /** Takes the next call that comes in (or the oldest that waits) and does with it what the plan says. */
  async expectCall(plan: AnswerPlan = {}, within = DEADLINE_MS, signal?: AbortSignal): Promise<IncomingCall> {
    this.#expecting++;
    try {
      const call = await this.#waiters.until(
        () => this.#takeUnexpected(),
        () => this.explain('an incoming call'),
        within,
        signal,
      );
      return await call.follow(plan);
    } finally {
      this.#expecting--;
    }
  }

  /** Calls that were given up meanwhile are nothing to answer; they are in `received`. */
  #takeUnexpected(): IncomingCall | undefined {
    for (;;) {
      const call = this.#unexpected.shift();
      if (call?.state !== 'ended') return call;
    }
  }

  /**
   * Every call that has reached this phone until now. Asks the server something first: what it had
   * sent before its answer is then here, so that an empty list proves that the phone was not called.
   */
  async callsSoFar(): Promise<readonly IncomingCall[]> {
    await this.request(requestOutOfDialog('OPTIONS', this));
    return this.received;
  }

  /** The call that came in as number `index`, once what was planned for it has been done. */
  async takeReceived(index: number, within = DEADLINE_MS): Promise<IncomingCall> {
    const missing = () => this.explain(`incoming call number ${index + 1}`);
    const call = await this.#waiters.until(() => this.received[index], missing, within);
    await call.until('its plan to be carried out', () => call.settled, within);
    return call;
  }

  /** What a test's author wants to read when this phone waited in vain. */
  explain(what: string): string {
    const { host, port } = this.local;
    return `${this.name} (${this.user} at ${host}:${port}) waited for ${what}. Its last SIP messages:\n${this.trace.tail()}`;
  }

  /** Sends a request (without Via), answers challenges, resolves with the final response. */
  async request(request: SipRequest, within = DEADLINE_MS): Promise<SipResponse> {
    const transaction = this.agent.start({
      ...request,
      headers: [this.agent.viaHeader(), ...request.headers],
    });
    const waiters = new Waiters();
    transaction.onResponse = () => waiters.changed();
    const response = await waiters.until(
      () => transaction.responses.find(({ status }) => status >= 200),
      () => this.explain(`the answer to its ${request.method}`),
      within,
    );
    const again = this.authenticate(transaction.request, response);
    return again ? this.request(again, within) : response;
  }

  /** The same request with the answer to the response's challenge, without Via; null when there is none to give. */
  authenticate(request: SipRequest, response: SipResponse): SipRequest | null {
    const { password, user } = this.#options;
    return password === undefined ? null : answerChallenge(request, response, { user, password });
  }

  adopt(call: Call): void {
    this.#calls.add(call);
  }

  #receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    const call = this.#callOf(request);
    if (request.method === 'CANCEL' && call instanceof IncomingCall) call.cancelled(transaction);
    else if (call) call.receive(transaction);
    else if (request.method === 'INVITE') this.#receiveInvite(transaction);
    else if (request.method === 'BYE') transaction.respond(481, 'Call Does Not Exist');
    else if (request.method !== 'ACK') {
      if (request.method !== 'OPTIONS') this.requests.push(request);
      transaction.respond(200, 'OK');
    }
  }

  #callOf(request: SipRequest): Call | undefined {
    const callId = headerValue(request, 'Call-ID');
    return [...this.#calls].find((call) => call.callId === callId);
  }

  #receiveInvite(transaction: ServerTransaction): void {
    const call = new IncomingCall(this, transaction);
    this.adopt(call);
    this.received.push(call);
    const { incoming } = this.#options;
    if (incoming && this.#expecting === 0) {
      call.follow(incoming()).catch(() => {}); // who hung up first is the test's to look at
    } else {
      this.#unexpected.push(call);
    }
    this.#waiters.changed();
  }

  /** Hangs up what is up (the PBX is shared with the next suite) and frees the sockets. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const goodbyes = [...this.#calls].map((call) => call.hangup(CLOSING_MS));
    await Promise.allSettled(goodbyes);
    for (const call of this.#calls) call.finish({ by: 'us' });
    await this.agent.close();
  }
}

/** Registers nothing yet: `await (await phone({...})).register()`. */
export function phone(options: PhoneOptions): Promise<UaPhone> {
  return UaPhone.open(options);
}
