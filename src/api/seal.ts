import { createHmac } from 'node:crypto';
import { derivedKey } from '../domain/secrets/derive.ts';
import { keyringOf, seal, unseal } from '../domain/secrets/seal.ts';

/**
 * Text that leaves us and comes back (cursors), or waits in the database (kept answers, which may
 * hold a secret that is shown once): encrypted and authenticated. Each purpose has keys of its
 * own, so that text sealed for one can never be used as another.
 */
export type Seal = {
  /** `context` is bound to the text: it opens only with the same. Result is base64url. */
  seal(text: string, context: string): string;
  /** null when the text was altered, was sealed elsewhere, or belongs to another context. */
  open(sealed: string, context: string): string | null;
  /** Fingerprint (hex) that nobody can guess contents from without the secret. */
  mac(text: string): string;
};

/** `secret`: at least 32 random bytes, the same on every replica. */
export function createSeal(secret: Uint8Array, purpose: string): Seal {
  if (secret.length < 32) throw new RangeError('The secret of the service must have at least 32 bytes.');
  const derive = (use: string) => derivedKey(Buffer.from(secret), `${purpose} ${use}`);
  const keyring = keyringOf([derive('seal')]);
  const macKey = derive('mac');
  return {
    seal: (text, context) => seal(keyring, text, context).toString('base64url'),
    open(sealed, context) {
      try {
        return unseal(keyring, Buffer.from(sealed, 'base64url'), context);
      } catch {
        return null;
      }
    },
    mac: (text) => createHmac('sha256', macKey).update(text, 'utf8').digest('hex'),
  };
}
