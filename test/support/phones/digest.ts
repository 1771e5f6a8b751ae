import { createHash, randomBytes } from 'node:crypto';
import {
  cseqOf,
  headerValue,
  headerValues,
  type SipHeader,
  type SipMessage,
  type SipRequest,
} from './sip-message.ts';

/** Digest access authentication as a client (RFC 2617, RFC 7616, RFC 8760 for SIP). */

export type DigestCredentials = { user: string; password: string };

type Challenge = {
  realm: string;
  nonce: string;
  algorithm: string;
  qop: boolean;
  opaque?: string;
  stale: boolean;
};

const HASHES: Record<string, string> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };

/**
 * The request of a 401 or 407 once more, with the answer to the first challenge that we can do and
 * without Via. Null when the response asks for nothing, or when the credentials have been refused: an
 * answered challenge comes again and is not stale.
 */
export function answerChallenge(
  request: SipRequest,
  response: SipMessage,
  credentials: DigestCredentials,
): SipRequest | null {
  if (response.status !== 401 && response.status !== 407) return null;
  const [offered, header] =
    response.status === 401
      ? ['WWW-Authenticate', 'Authorization']
      : ['Proxy-Authenticate', 'Proxy-Authorization'];
  const challenges = headerValues(response, offered!).map(parseChallenge);
  const challenge = challenges.find((offer) => offer !== null && offer.algorithm in HASHES);
  const refused = headerValue(request, header!) !== undefined && !challenge?.stale;
  if (!challenge || refused) return null;
  const { number, method } = cseqOf(request);
  const kept = request.headers.filter(([name]) => !/^(?:via|cseq|(?:proxy-)?authorization)$/i.test(name));
  const added: SipHeader[] = [
    ['CSeq', `${number + 1} ${method}`],
    [header!, digestAuthorization(challenge, request, credentials)],
  ];
  return { ...request, headers: [...kept, ...added] };
}

export function parseChallenge(value: string): Challenge | null {
  if (!/^digest\s/i.test(value)) return null;
  const fields = new Map<string, string>();
  for (const match of value.slice(7).matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g))
    fields.set(match[1]!.toLowerCase(), match[2] ?? match[3]!);
  return {
    realm: fields.get('realm') ?? '',
    nonce: fields.get('nonce') ?? '',
    algorithm: (fields.get('algorithm') ?? 'MD5').toUpperCase(),
    qop: (fields.get('qop') ?? '').split(/\s*,\s*/).includes('auth'),
    opaque: fields.get('opaque'),
    stale: fields.get('stale')?.toLowerCase() === 'true',
  };
}

/** @param cnonce given only to compute a published example */
export function digestAuthorization(
  challenge: Challenge,
  request: { method: string; uri: string },
  { user, password }: DigestCredentials,
  cnonce = randomBytes(8).toString('hex'),
): string {
  const hash = (text: string) => createHash(HASHES[challenge.algorithm]!).update(text).digest('hex');
  const secret = hash(`${user}:${challenge.realm}:${password}`);
  const resource = hash(`${request.method}:${request.uri}`);
  const digest = challenge.qop
    ? hash(`${secret}:${challenge.nonce}:00000001:${cnonce}:auth:${resource}`)
    : hash(`${secret}:${challenge.nonce}:${resource}`);
  const quoted: [string, string | undefined][] = [
    ['username', user],
    ['realm', challenge.realm],
    ['nonce', challenge.nonce],
    ['uri', request.uri],
    ['response', digest],
    ['opaque', challenge.opaque],
  ];
  const parts = quoted.filter(([, value]) => value !== undefined).map(([key, value]) => `${key}="${value}"`);
  parts.push(`algorithm=${challenge.algorithm}`);
  if (challenge.qop) parts.push('qop=auth', 'nc=00000001', `cnonce="${cnonce}"`);
  return `Digest ${parts.join(', ')}`;
}
