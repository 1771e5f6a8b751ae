/**
 * SIP messages as text and back (RFC 3261 section 7), just as much as a phone needs. Header values
 * stay the strings that were on the wire: tests assert what a phone received, so nothing is tidied.
 */

export type SipHeader = readonly [name: string, value: string];

export type SipMessage = {
  /** Set on a request. */
  method?: string;
  uri?: string;
  /** Set on a response. */
  status?: number;
  reason?: string;
  headers: SipHeader[];
  body: string;
};

export type SipRequest = SipMessage & { method: string; uri: string };
export type SipResponse = SipMessage & { status: number; reason: string };

/** RFC 3261 section 7.3.3 and the registry's later additions. */
const COMPACT: Record<string, string> = {
  i: 'call-id',
  f: 'from',
  t: 'to',
  v: 'via',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  k: 'supported',
  r: 'refer-to',
  b: 'referred-by',
  o: 'event',
  s: 'subject',
  x: 'session-expires',
};

function canonical(name: string): string {
  const lower = name.trim().toLowerCase();
  return COMPACT[lower] ?? lower;
}

export function isRequest(message: SipMessage): message is SipRequest {
  return message.method !== undefined;
}

export function isResponse(message: SipMessage): message is SipResponse {
  return message.status !== undefined;
}

/** All values of a header, in order; header names are compared without case, compact forms included. */
export function headerValues(message: SipMessage, name: string): string[] {
  const wanted = canonical(name);
  return message.headers.filter(([key]) => canonical(key) === wanted).map(([, value]) => value);
}

export function headerValue(message: SipMessage, name: string): string | undefined {
  return headerValues(message, name)[0];
}

export function cseqOf(message: SipMessage): { number: number; method: string } {
  const [number = '0', method = ''] = (headerValue(message, 'CSeq') ?? '').split(/\s+/);
  return { number: Number(number), method };
}

/** The topmost Via's branch, which names the transaction (RFC 3261 section 17.1.3). */
export function branchOf(message: SipMessage): string {
  return /;\s*branch=([^;,\s]+)/i.exec(headerValue(message, 'Via') ?? '')?.[1] ?? '';
}

export function tagOf(value: string | undefined): string | undefined {
  return /;\s*tag=([^;,\s]+)/i.exec(value?.slice(value.lastIndexOf('>') + 1) ?? '')?.[1];
}

/** "200 OK" or "INVITE sip:…": how a message is named in a trace. */
export function startLine(message: SipMessage): string {
  return isRequest(message) ? `${message.method} ${message.uri}` : `${message.status} ${message.reason}`;
}

/** @returns null for what is not SIP: keep-alives (an empty datagram, CR LF) and rubbish. */
export function parseSipMessage(text: string): SipMessage | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line): SipHeader => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const body = text.slice(end + 4);
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(first);
  if (response) return { status: Number(response[1]), reason: response[2]!, headers, body };
  const request = /^([A-Za-z]+) (\S+) SIP\/2\.0$/.exec(first);
  if (request) return { method: request[1]!, uri: request[2]!, headers, body };
  return null;
}

export function serializeSipMessage(message: SipMessage): string {
  const first = isRequest(message)
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;
  const headers = message.headers
    .filter(([name]) => canonical(name) !== 'content-length')
    .map(([name, value]) => `${name}: ${value}`);
  return [first, ...headers, `Content-Length: ${Buffer.byteLength(message.body)}`, '', message.body].join(
    '\r\n',
  );
}

/** A From, To, Contact or P-Asserted-Identity taken apart (RFC 3261 section 20.10). */
export type NameAddress = {
  /** The display name as shown to a person: quotes and backslashes removed; '' when there is none. */
  display: string;
  uri: string;
  /** The URI's user part, percent-decoded ('' when there is none). */
  user: string;
  host: string;
};

export function parseNameAddress(value: string): NameAddress {
  const quoted = /^\s*"((?:[^"\\]|\\.)*)"\s*<([^>]*)>/.exec(value);
  const plain = /^\s*([^<"]*?)\s*<([^>]*)>/.exec(value);
  const display = quoted ? quoted[1]!.replace(/\\(.)/g, '$1') : (plain?.[1] ?? '');
  const uri = quoted?.[2] ?? plain?.[2] ?? value.split(';')[0]!.trim();
  return { display, uri, ...parseSipUri(uri) };
}

export function parseSipUri(uri: string): { user: string; host: string } {
  const match = /^(?:sips?|tel):(?:([^@]*)@)?([^;?]*)/i.exec(uri);
  if (!match) return { user: '', host: '' };
  if (/^tel:/i.test(uri)) return { user: match[2]!, host: '' };
  return { user: percentDecode(match[1]?.split(';')[0] ?? ''), host: match[2]! };
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A lone % is what some phones send: show it as it came.
  }
}

/** `"Name" <sip:…>` with the name quoted as RFC 3261 section 25.1 (quoted-string) wants it. */
export function formatNameAddress(display: string | undefined, uri: string): string {
  return display === undefined || display === ''
    ? `<${uri}>`
    : `"${display.replace(/["\\]/g, '\\$&')}" <${uri}>`;
}

/** A number as a URI at `domain`, its unusual characters percent-encoded; a whole URI stays as it is. */
export function numberUri(number: string, domain: string): string {
  if (/^(?:sips?|tel):/i.test(number)) return number;
  return `sip:${number.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/gu, encodeURIComponent)}@${domain}`;
}
