import { WAYS } from './data/ways.ts';
import { once, type Rows, rowsByCountry } from './rows.ts';

/** No prefix of a way of dialling is longer; decide.conf looks this many lengths up. */
export const DEEPEST_WAY_PREFIX = 7;
/** The row that holds for everything; every country has one. */
export const ANYTHING = 'any';

const waysRows = once(() => rowsByCountry(WAYS));

/** A country's rows, `prefix`, `prefix=length` or `any` → `strip:prepend[:area]`; null for an unknown country. */
export function waysOf(country: string): Rows | null {
  return waysRows().get(country) ?? null;
}

/** ISO 3166 codes of all countries in which a tenant can be. */
export function countries(): readonly string[] {
  return [...waysRows().keys()];
}

/** The country's calling code without plus; null for an unknown country. */
export function callingCodeOf(country: string): string | null {
  return waysOf(country)?.get(ANYTHING)?.split(':')[1] ?? null;
}

/** The calling codes of all countries. None is the beginning of another. */
export const callingCodes: () => ReadonlySet<string> = once(
  () => new Set(countries().map((country) => callingCodeOf(country)!)),
);

/** The country calling code that E.164 digits begin with; null when there is none. */
export function callingCodeIn(e164: string): string | null {
  const candidates = [e164.slice(0, 1), e164.slice(0, 2), e164.slice(0, 3)];
  return candidates.find((code) => callingCodes().has(code)) ?? null;
}

export type Translation =
  | { readonly ok: true; readonly e164: string }
  | { readonly ok: false; readonly reason: 'country-unknown' | 'area-code-needed' };

/**
 * Digits as dialled in a country → the number's E.164 digits, which need not exist.
 *
 * @param areaCode where the tenant is, for the seven-digit numbers of calling code 1; null: those are refused
 */
export function translate(country: string, digits: string, areaCode: string | null): Translation {
  const rows = waysOf(country);
  if (!rows) return { ok: false, reason: 'country-unknown' };
  const [strip, prepend, flag] = wayFor(rows, digits).split(':') as [string, string, string?];
  if (flag === 'area' && !areaCode) return { ok: false, reason: 'area-code-needed' };
  const area = flag === 'area' ? areaCode : '';
  return { ok: true, e164: `${prepend}${area}${digits.slice(Number(strip))}` };
}

/** The longest prefix; at equal prefix the row for exactly this length first. */
function wayFor(rows: Rows, digits: string): string {
  for (let length = Math.min(DEEPEST_WAY_PREFIX, digits.length); length > 0; length -= 1) {
    const prefix = digits.slice(0, length);
    const way = rows.get(`${prefix}=${digits.length}`) ?? rows.get(prefix);
    if (way !== undefined) return way;
  }
  return rows.get(`=${digits.length}`) ?? rows.get(ANYTHING)!;
}
