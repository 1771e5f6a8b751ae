import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Keys that seal secrets at rest, by their ids. Sealing uses `current`; opening uses the key whose id
 * the sealed bytes carry, so that keys can be rotated while old rows are still being resealed.
 */
export interface Keyring {
  current: string;
  /** Key id (eight hex digits) → 32 bytes. */
  keys: ReadonlyMap<string, Buffer>;
}

const FORMAT = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A keyring of the given master keys; the first seals, the others only open. */
export function keyringOf(masterKeys: readonly Buffer[]): Keyring {
  const keys = new Map<string, Buffer>();
  for (const key of masterKeys) {
    if (key.length !== 32) throw new Error('A master key is 32 bytes.');
    keys.set(keyId(key), key);
  }
  const first = masterKeys[0];
  if (!first) throw new Error('At least one master key is needed.');
  return { current: keyId(first), keys };
}

function keyId(key: Buffer): string {
  return createHash('sha256')
    .update('patchbay key id')
    .update(key)
    .digest('hex')
    .slice(0, KEY_ID_BYTES * 2);
}

/**
 * Seals a secret with AES-256-GCM (NIST SP 800-38D; 96-bit random nonce). `belongsTo` is authenticated
 * with it, so that sealed bytes moved to another row do not open there.
 * Layout: format (1), key id (4), nonce (12), tag (16), ciphertext.
 */
export function seal(keyring: Keyring, secret: string, belongsTo: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyring.keys.get(keyring.current)!, nonce);
  cipher.setAAD(Buffer.from(belongsTo));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([
    Buffer.of(FORMAT),
    Buffer.from(keyring.current, 'hex'),
    nonce,
    cipher.getAuthTag(),
    ciphertext,
  ]);
}

/** Opens what `seal` made. Throws when the key is not in the ring, the owner differs or a bit was changed. */
export function unseal(keyring: Keyring, sealed: Uint8Array, belongsTo: string): string {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const keyEnd = 1 + KEY_ID_BYTES;
  const nonceEnd = keyEnd + NONCE_BYTES;
  const tagEnd = nonceEnd + TAG_BYTES;
  if (bytes[0] !== FORMAT || bytes.length < tagEnd) throw new Error('These bytes are no sealed secret.');
  const key = keyring.keys.get(bytes.toString('hex', 1, keyEnd));
  if (!key) throw new Error('The key that sealed this secret is not configured; add it to the old keys.');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(keyEnd, nonceEnd), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(belongsTo));
  decipher.setAuthTag(bytes.subarray(nonceEnd, tagEnd));
  return decipher.update(bytes.subarray(tagEnd), undefined, 'utf8') + decipher.final('utf8');
}
