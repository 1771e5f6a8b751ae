import { hkdfSync } from 'node:crypto';

/** A 32-byte key for one purpose, from the master key (HKDF-SHA-256, RFC 5869). */
export function derivedKey(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `patchbay ${purpose}`, 32));
}

/** The same as text, for use as a password that nobody is ever told. */
export function derivedSecret(masterKey: Buffer, purpose: string): string {
  return derivedKey(masterKey, purpose).toString('base64url');
}
