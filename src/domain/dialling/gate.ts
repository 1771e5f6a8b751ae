/** What may be dialled at all, before anybody asks what it means. decide.conf does the same with REPLACE and LEN. */

/** Longest string of digits, `+`, `*` and `#` that is looked at. E.164 has 15 digits; prefixes and carriers add some. */
export const LONGEST_DIALLED = 24;

export type GateReason = 'empty' | 'invalid-characters' | 'too-long';

export type Gate =
  /** `dialled`: digits, `*` and `#`; a `+` may stand at the beginning. */
  { readonly ok: true; readonly dialled: string } | { readonly ok: false; readonly reason: GateReason };

/** What people write between digits. Only ASCII: a PBX gets bytes, and what else looks like a digit or dash is refused. */
const SEPARATORS = /[ ().-]/g;
const DIALLABLE = /^\+?[0-9*#]*$/;

/** Takes the separators out of what was typed or sent, and refuses everything that is no telephone number or code. */
export function passGate(raw: string): Gate {
  const dialled = raw.replace(SEPARATORS, '');
  if (dialled === '') return { ok: false, reason: 'empty' };
  if (!DIALLABLE.test(dialled)) return { ok: false, reason: 'invalid-characters' };
  if (dialled.length > LONGEST_DIALLED) return { ok: false, reason: 'too-long' };
  return { ok: true, dialled };
}
