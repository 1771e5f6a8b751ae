import { newToken } from './sip-agent.ts';
import {
  cseqOf,
  headerValue,
  headerValues,
  parseNameAddress,
  type SipHeader,
  type SipMessage,
  type SipRequest,
  tagOf,
} from './sip-message.ts';

/** What two phones agree on for the length of a call (RFC 3261 section 12). */
export class Dialog {
  readonly callId: string;
  /** From and To as this side writes them: own address first, with tags. */
  readonly local: string;
  readonly remote: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** The other side's Contact: where the next request goes. */
  target: string;
  readonly #routes: string[];
  #cseq: number;

  private constructor(side: {
    callId: string;
    local: string;
    remote: string;
    target: string;
    routes: string[];
    cseq: number;
  }) {
    this.callId = side.callId;
    this.local = side.local;
    this.remote = side.remote;
    this.target = side.target;
    this.localTag = tagOf(side.local) ?? '';
    this.remoteTag = tagOf(side.remote) ?? '';
    this.#routes = side.routes;
    this.#cseq = side.cseq;
  }

  static ofCaller(invite: SipRequest, response: SipMessage): Dialog {
    return new Dialog({
      callId: headerValue(invite, 'Call-ID') ?? '',
      local: headerValue(invite, 'From') ?? '',
      remote: headerValue(response, 'To') ?? '',
      target: contactUri(response) ?? invite.uri,
      routes: headerValues(response, 'Record-Route').reverse(),
      cseq: cseqOf(invite).number,
    });
  }

  static ofCallee(invite: SipRequest, localTag: string): Dialog {
    return new Dialog({
      callId: headerValue(invite, 'Call-ID') ?? '',
      local: `${headerValue(invite, 'To') ?? ''};tag=${localTag}`,
      remote: headerValue(invite, 'From') ?? '',
      target: contactUri(invite) ?? '',
      routes: headerValues(invite, 'Record-Route'),
      cseq: 0,
    });
  }

  /** A request of this dialog, without Via. @param cseq only for the ACK, which repeats its INVITE's. */
  request(method: string, headers: SipHeader[] = [], body = '', cseq = ++this.#cseq): SipRequest {
    return {
      method,
      uri: this.target,
      headers: [
        ['Max-Forwards', '70'],
        ...this.#routes.map((route): SipHeader => ['Route', route]),
        ['From', this.local],
        ['To', this.remote],
        ['Call-ID', this.callId],
        ['CSeq', `${cseq} ${method}`],
        ...headers,
      ],
      body,
    };
  }

  /** The Replaces of RFC 3891 by which the other side finds this dialog: its tags, not ours. */
  replaces(): string {
    return `${this.callId};to-tag=${this.remoteTag};from-tag=${this.localTag}`;
  }
}

export function contactUri(message: SipMessage): string | undefined {
  const contact = headerValue(message, 'Contact');
  return contact === undefined ? undefined : parseNameAddress(contact).uri;
}

/** A request of a phone to its server, without Via: REGISTER, OPTIONS. */
export function requestOutOfDialog(
  method: string,
  { address, domain }: { address: string; domain: string },
  headers: SipHeader[] = [],
  { callId = newToken(16), cseq = 1 } = {},
): SipRequest {
  return {
    method,
    uri: `sip:${domain}`,
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<${address}>;tag=${newToken()}`],
      ['To', `<${address}>`],
      ['Call-ID', callId],
      ['CSeq', `${cseq} ${method}`],
      ...headers,
    ],
    body: '',
  };
}
