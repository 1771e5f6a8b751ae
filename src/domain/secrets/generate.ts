import { randomInt } from 'node:crypto';

/** Without l, o, 0, 1 and look-alikes: people read these aloud and type them into phones. */
const LETTERS_AND_DIGITS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const DIGITS = '0123456789';
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export type SipPasswordPolicy = 'strong' | 'digits';

/** 24 letters and digits hold 139 bits; phones that type digits only get 32 of them, 106 bits. */
export function generateSipSecret(policy: SipPasswordPolicy): string {
  return policy === 'digits' ? pick(DIGITS, 32) : pick(LETTERS_AND_DIGITS, 24);
}

/** A line's id, which is its SIP user name: opaque, so that scanners cannot guess it as they guess 1001. */
export function generateLineId(digitsOnly = false): string {
  return digitsOnly ? `9${pick(DIGITS, 11)}` : `pb${pick(BASE32, 10)}`;
}

function pick(alphabet: string, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet[randomInt(alphabet.length)];
  return text;
}
