import type { Call } from './call.ts';
import { answerChallenge } from './digest.ts';
import { type AnswerPlan, IncomingCall } from './incoming-call.ts';
import { closeLater } from './open-phones.ts';
import { type DialOptions, OutgoingCall } from './outgoing-call.ts';
import { newToken, type ServerTransaction, SipAgent } from './sip-agent.ts';
import {
  cseqOf,
  headerValue,
  headerValues,
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
  incoming?: AnswerPlan | ((call: IncomingCall) => AnswerPlan);
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
    if (/^(?:sips?|tel):/i.test(number)) return number;
    return `sip:${number.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/gu, encodeURIComponent)}@${this.domain}`;
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
    const response = await this.request(this.#outOfDialog('REGISTER', contact, { callId, cseq }));
    return {
      status: response.status,
      reason: response.reason,
      contacts: headerValues(response, 'Contact'),
    };
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
  async expectCall(plan: AnswerPlan = {}, within = DEADLINE_MS): Promise<IncomingCall> {
    this.#expecting++;
    try {
      const take = () => this.#unexpected.shift();
      const call = await this.#waiters.until(take, () => this.explain('an incoming call'), within);
      return await call.follow(plan);
    } finally {
      this.#expecting--;
    }
  }

  /**
   * Every call that has reached this phone until now. Asks the server something first: what it had
   * sent before its answer is then here, so that an empty list proves that the phone was not called.
   */
  async callsSoFar(): Promise<readonly IncomingCall[]> {
    await this.request(this.#outOfDialog('OPTIONS', []));
    return this.received;
  }

  /** What a test's author wants to read when this phone waited in vain. */
  explain(what: string): string {
    const { host, port } = this.agent.local;
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

  /**
   * The same request with the answer to a challenge, without Via; null when the response is none, or
   * when the credentials have been refused (an answered challenge that is not stale comes again).
   */
  authenticate(request: SipRequest, response: SipResponse): SipRequest | null {
    if (response.status !== 401 && response.status !== 407) return null;
    const { password, user } = this.#options;
    const answer = password === undefined ? null : answerChallenge(response, request, { user, password });
    const tried = headerValue(request, answer?.name ?? '') !== undefined;
    if (!answer || (tried && !answer.stale)) return null;
    const { number, method } = cseqOf(request);
    const kept = request.headers.filter(([name]) => !/^(?:via|cseq|(?:proxy-)?authorization)$/i.test(name));
    const added: SipHeader[] = [
      ['CSeq', `${number + 1} ${method}`],
      [answer.name, answer.value],
    ];
    return { ...request, headers: [...kept, ...added] };
  }

  #outOfDialog(method: string, headers: SipHeader[], { callId = newToken(16), cseq = 1 } = {}): SipRequest {
    return {
      method,
      uri: `sip:${this.domain}`,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<${this.address}>;tag=${newToken()}`],
        ['To', `<${this.address}>`],
        ['Call-ID', callId],
        ['CSeq', `${cseq} ${method}`],
        ...headers,
      ],
      body: '',
    };
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
      const plan = typeof incoming === 'function' ? incoming(call) : incoming;
      call.follow(plan).catch(() => {}); // who hung up first is the test's to look at
    } else {
      this.#unexpected.push(call);
      this.#waiters.changed();
    }
  }

  /** Hangs up what is up (the PBX is shared with the next suite) and frees the sockets. */
  async close(): Promise<void> {
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
