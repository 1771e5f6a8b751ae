import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * API keys: `pbk_<id>_<secret>`, e.g. `pbk_3f9c0d2a7b61e845_` and 64 hexadecimal digits.
 *
 * The prefix lets secret scanners find a key that was committed by mistake; hexadecimal has one
 * spelling for each value (base64 has several) and a double click selects all of it. The id finds
 * the row, so that the secret is compared and never searched for.
 */
export type ApiKeyToken = { readonly id: string; readonly secret: string };

const TOKEN = /^pbk_([0-9a-f]{16})_([0-9a-f]{64})$/;
/** Matches keys, whole or cut short, inside other text: logs use it to take them out. */
export const API_KEY_IN_TEXT = /pbk_([0-9a-zA-Z]{1,16})_[0-9a-zA-Z]+/g;

export function generateApiKey(): ApiKeyToken {
  return { id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('hex') };
}

export function formatApiKey(token: ApiKeyToken): string {
  return `pbk_${token.id}_${token.secret}`;
}

/** null for anything that cannot be a key. */
export function parseApiKey(text: string): ApiKeyToken | null {
  const match = TOKEN.exec(text);
  return match === null ? null : { id: match[1]!, secret: match[2]! };
}

/**
 * What is stored: SHA-256 (32 bytes) of the secret's text. A slow hash would add nothing, since
 * the secret is 256 random bits and not a password, and it would cost every request.
 */
export function hashApiKeySecret(secret: string): Uint8Array {
  return createHash('sha256').update(secret, 'utf8').digest();
}

/** Compares in constant time. */
export function apiKeySecretMatches(secret: string, storedHash: Uint8Array): boolean {
  const hash = hashApiKeySecret(secret);
  return storedHash.length === hash.length && timingSafeEqual(hash, storedHash);
}
