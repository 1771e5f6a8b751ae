import { randomBytes } from 'node:crypto';
import {
  branchOf,
  cseqOf,
  headerValue,
  headerValues,
  isRequest,
  isResponse,
  type SipHeader,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  tagOf,
} from './sip-message.ts';
import { type Address, SipSocket, type SipSocketOptions } from './sip-socket.ts';

/** RFC 3261 section 17.1.1.1 */
const T1_MS = 500;
const T2_MS = 4_000;

export function newToken(bytes = 8): string {
  return randomBytes(bytes).toString('hex');
}

/** A request sent, and what came back. */
export type ClientTransaction = {
  readonly request: SipRequest;
  readonly responses: SipResponse[];
  /** Called for every response, also a repeated 2xx of an INVITE. */
  onResponse: (response: SipResponse) => void;
};

/** A request received; `respond` may be called several times (1xx, then a final one). */
export type ServerTransaction = {
  readonly request: SipRequest;
  readonly from: Address;
  /** Ours, the same in all responses. */
  readonly localTag: string;
  respond(status: number, reason: string, headers?: SipHeader[], body?: string): void;
  /** Called when the ACK of a non-2xx final response arrives. */
  onAck: () => void;
};

/**
 * SIP's transaction layer for a phone (RFC 3261 section 17): retransmits over UDP, answers
 * retransmitted requests with what was answered before, acknowledges refusals of INVITE.
 */
export class SipAgent {
  /** New requests but ACK of refusals; an ACK of a 2xx comes here too (`respond` is then without effect). */
  onRequest: (transaction: ServerTransaction) => void = () => {};
  readonly #socket: SipSocket;
  readonly #server: Address;
  readonly #clients = new Map<string, ClientTransaction & { stop: () => void }>();
  readonly #servers = new Map<string, ServerTransaction & { last?: SipResponse }>();
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(socket: SipSocket, server: Address) {
    this.#socket = socket;
    this.#server = server;
    socket.receive = (message, from) => this.#receive(message, from);
  }

  static async open(options: SipSocketOptions): Promise<SipAgent> {
    return new SipAgent(await SipSocket.bind(options), options.server);
  }

  get local(): Address {
    return this.#socket.local;
  }

  get transport(): 'udp' | 'tcp' {
    return this.#socket.reliable ? 'tcp' : 'udp';
  }

  viaHeader(branch = `z9hG4bK${newToken()}`): SipHeader {
    const { host, port } = this.local;
    return ['Via', `SIP/2.0/${this.transport.toUpperCase()} ${host}:${port};branch=${branch};rport`];
  }

  /** Sends without a transaction: the ACK of a 2xx, or whatever a hostile phone would send. */
  send(message: SipMessage): void {
    this.#socket.send(message, this.#server);
  }

  /** @param request with its Via on top (`viaHeader`). */
  start(request: SipRequest): ClientTransaction {
    const key = transactionKey(request);
    const stop = this.#repeat(
      () => this.#socket.send(request, this.#server),
      request.method === 'INVITE' ? Infinity : T2_MS,
    );
    const transaction = { request, responses: [], onResponse: () => {}, stop };
    this.#clients.set(key, transaction);
    return transaction;
  }

  /** Repeats `send` at T1, 2·T1, … over UDP until stopped. @returns the stop */
  #repeat(send: () => void, longest: number): () => void {
    send();
    if (this.#socket.reliable) return () => {};
    let wait = T1_MS;
    let timer: NodeJS.Timeout;
    const again = () => {
      this.#timers.delete(timer);
      send();
      wait = Math.min(wait * 2, longest);
      arm();
    };
    const arm = () => {
      if (wait > 64 * T1_MS) return;
      timer = setTimeout(again, wait);
      this.#timers.add(timer);
    };
    arm();
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  /** A 2xx to INVITE is repeated by the phone itself until the ACK (RFC 3261 section 13.3.1.4). */
  repeatUntilStopped(respond: () => void): () => void {
    return this.#repeat(respond, T2_MS);
  }

  #receive(message: SipMessage, from: Address): void {
    if (isResponse(message)) this.#receiveResponse(message);
    else if (isRequest(message)) this.#receiveRequest(message, from);
  }

  #receiveResponse(response: SipResponse): void {
    const transaction = this.#clients.get(transactionKey(response));
    if (!transaction) return;
    transaction.stop();
    const invite = transaction.request.method === 'INVITE';
    if (invite && response.status >= 300)
      this.#socket.send(ackOfRefusal(transaction.request, response), this.#server);
    const repeated = transaction.responses.some((known) => known.status >= 200);
    if (repeated && !(invite && response.status < 300)) return;
    transaction.responses.push(response);
    transaction.onResponse(response);
  }

  #receiveRequest(request: SipRequest, from: Address): void {
    const key = transactionKey(request);
    const known = this.#servers.get(key);
    if (known) {
      if (request.method === 'ACK') known.onAck();
      else if (known.last) this.#socket.send(known.last, from);
      return;
    }
    const transaction = this.#serve(request, from);
    if (request.method !== 'ACK') this.#servers.set(key, transaction);
    this.onRequest(transaction);
  }

  #serve(request: SipRequest, from: Address): ServerTransaction & { last?: SipResponse } {
    const localTag = tagOf(headerValue(request, 'To')) ?? newToken();
    const transaction: ServerTransaction & { last?: SipResponse } = {
      request,
      from,
      localTag,
      onAck: () => {},
      respond: (status, reason, headers = [], body = '') => {
        const response = responseTo(request, localTag, { status, reason, headers, body });
        transaction.last = response;
        this.#socket.send(response, from);
      },
    };
    return transaction;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.#socket.close();
  }
}

/** Branch and method, where the ACK of a refusal belongs to its INVITE (RFC 3261 section 17.1.3, 17.2.3). */
function transactionKey(message: SipMessage): string {
  const { method } = cseqOf(message);
  return `${branchOf(message)} ${method === 'ACK' ? 'INVITE' : method}`;
}

function responseTo(
  request: SipRequest,
  localTag: string,
  response: { status: number; reason: string; headers: SipHeader[]; body: string },
): SipResponse {
  const copied = request.headers.filter(([name]) =>
    /^(?:via|v|record-route|from|f|call-id|i|cseq)$/i.test(name),
  );
  const to = headerValue(request, 'To') ?? '';
  const tagged = tagOf(to) || response.status === 100 ? to : `${to};tag=${localTag}`;
  const type: SipHeader[] = response.body ? [['Content-Type', 'application/sdp']] : [];
  return { ...response, headers: [...copied, ['To', tagged], ...response.headers, ...type] };
}

/** RFC 3261 section 17.1.1.3: same Via and request URI as the INVITE, To as in the response. */
function ackOfRefusal(invite: SipRequest, response: SipResponse): SipRequest {
  const kept = invite.headers.filter(([name]) => /^(?:from|call-id|route|max-forwards)$/i.test(name));
  return {
    method: 'ACK',
    uri: invite.uri,
    headers: [
      ['Via', headerValues(invite, 'Via')[0]!],
      ...kept,
      ['To', headerValue(response, 'To') ?? ''],
      ['CSeq', `${cseqOf(invite).number} ACK`],
    ],
    body: '',
  };
}
