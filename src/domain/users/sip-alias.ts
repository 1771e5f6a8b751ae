import { localPartOf } from './email.ts';

/** As in the check of the column users.sip_alias. */
const ALIAS = /^[a-z0-9][a-z0-9._+-]{0,63}$/;
const LONGEST = 64;

/**
 * The name under which a user's SIP account is dialled, `sip:<alias>@<the tenant's SIP domain>`. One of digits
 * alone would look like an extension or an emergency number and is refused.
 */
export function sipAliasProblem(text: string): string | null {
  if (!ALIAS.test(text))
    return 'Send 1 to 64 of a-z, 0-9, dot, dash, underscore and plus, beginning with a letter or digit.';
  if (!/[a-z]/.test(text)) return 'Use at least one letter: digits alone would be taken for an extension.';
  return null;
}

/** An alias from an email address: its local part in plain Latin letters as far as they can be had. */
export function sipAliasFrom(email: string): string {
  const plain = localPartOf(email)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._+-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/[^a-z0-9]+$/, '')
    .slice(0, LONGEST);
  if (plain === '') return 'user';
  return /[a-z]/.test(plain) ? plain : `user-${plain}`.slice(0, LONGEST);
}

/** The first of `base`, `base-2`, `base-3`, … that is not taken. */
export function firstFreeAlias(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base;
  for (let n = 2; ; n++) {
    const ending = `-${n}`;
    const candidate = base.slice(0, LONGEST - ending.length) + ending;
    if (!taken.has(candidate)) return candidate;
  }
}
