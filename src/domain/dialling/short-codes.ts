import { EMERGENCY_NUMBERS } from './data/emergency.ts';
import { SHORT_CODES } from './data/short-codes.ts';
import { classOfLetter, type RuledClass } from './number-class.ts';
import { HOLE, letterAtLength, longestPrefix, once, type Rows, rowsByCountry } from './rows.ts';

/** No short code is longer, and no prefix of one; decide.conf does not look longer strings up. */
export const LONGEST_SHORT_CODE = 8;

/** Stands for a country that is not known: a broken record must not cost an emergency call. */
export const ANY_COUNTRY = 'any';

const emergencyRows = once(() => rowsByCountry(EMERGENCY_NUMBERS));
const shortCodeRows = once(() => rowsByCountry(SHORT_CODES));
const NO_ROWS: Rows = new Map();

/** Emergency numbers of a country as dialled → as sent to the carrier (in Australia 112 is sent as 000). */
export function emergencyNumbers(country: string): Rows {
  return emergencyRows().get(country) ?? emergencyRows().get(ANY_COUNTRY)!;
}

/**
 * Whether a string, as dialled, is an emergency number there. Extension ranges must leave these out,
 * because emergency numbers win over everything.
 */
export function isEmergency(country: string, dialled: string): boolean {
  return emergencyNumbers(country).has(dialled);
}

/** A country's short codes, `prefix` or `=code` → `length:mask`. */
export function shortCodesOf(country: string): Rows {
  return shortCodeRows().get(country) ?? NO_ROWS;
}

/** The class of a short code, as dialled inside the country; null when it is none. */
export function classOfShortCode(country: string, dialled: string): RuledClass | null {
  if (dialled.length > LONGEST_SHORT_CODE) return null;
  const rows = shortCodesOf(country);
  const row = rows.get(`=${dialled}`) ?? longestPrefix(rows, dialled, LONGEST_SHORT_CODE);
  if (row === null || row === HOLE) return null;
  const [length, mask] = row.split(':') as [string, string];
  const letter = letterAtLength(Number(length), mask, dialled.length);
  return letter === null ? null : (classOfLetter(letter) as RuledClass);
}
