import { createHash, randomBytes } from 'node:crypto';
import { headerValues, type SipMessage } from './sip-message.ts';

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

/** The answer header to the first challenge of a 401 or 407 that we can do, or null. */
export function answerChallenge(
  response: SipMessage,
  request: { method: string; uri: string },
  credentials: DigestCredentials,
): { name: 'Authorization' | 'Proxy-Authorization'; value: string; stale: boolean } | null {
  const proxy = response.status === 407;
  const offers = headerValues(response, proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate').map(
    parseChallenge,
  );
  const challenge = offers.find((offer) => offer !== null && offer.algorithm in HASHES);
  if (!challenge) return null;
  return {
    name: proxy ? 'Proxy-Authorization' : 'Authorization',
    value: authorization(challenge, request, credentials),
    stale: challenge.stale,
  };
}

function parseChallenge(value: string): Challenge | null {
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

function authorization(
  challenge: Challenge,
  request: { method: string; uri: string },
  { user, password }: DigestCredentials,
): string {
  const hash = (text: string) => createHash(HASHES[challenge.algorithm]!).update(text).digest('hex');
  const secret = hash(`${user}:${challenge.realm}:${password}`);
  const resource = hash(`${request.method}:${request.uri}`);
  const cnonce = randomBytes(8).toString('hex');
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
