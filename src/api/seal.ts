import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Text that leaves us and comes back (cursors), or waits in the database (kept answers, which may
 * hold a secret that is shown once): encrypted and authenticated with AES-256-GCM. Each purpose
 * has its own key, derived from the service's secret (RFC 5869), so that text sealed for one can
 * never be used as another.
 */
export type Seal = {
  /** `context` is bound to the text: it opens only with the same. Result is base64url. */
  seal(text: string, context: string): string;
  /** null when the text was altered, was sealed elsewhere, or belongs to another context. */
  open(sealed: string, context: string): string | null;
  /** Fingerprint (hex) that nobody can guess contents from without the secret. */
  mac(text: string): string;
};

const IV = 12;
const TAG = 16;

/** `secret`: at least 32 random bytes, the same on every replica. */
export function createSeal(secret: Uint8Array, purpose: string): Seal {
  if (secret.length < 32) throw new RangeError('The secret of the service must have at least 32 bytes.');
  const derive = (use: string) =>
    Buffer.from(hkdfSync('sha256', secret, '', `patchbay ${purpose} ${use}`, 32));
  const encryptionKey = derive('encrypt');
  const macKey = derive('mac');
  return {
    seal(text, context) {
      const iv = randomBytes(IV);
      const cipher = createCipheriv('aes-256-gcm', encryptionKey, iv).setAAD(Buffer.from(context));
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < IV + TAG) return null;
      const decipher = createDecipheriv('aes-256-gcm', encryptionKey, bytes.subarray(0, IV), {
        authTagLength: TAG,
      });
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(IV, IV + TAG));
      try {
        return decipher.update(bytes.subarray(IV + TAG), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return null;
      }
    },
    mac: (text) => createHmac('sha256', macKey).update(text, 'utf8').digest('hex'),
  };
}
