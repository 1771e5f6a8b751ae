import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import { wrongField } from '../fields.ts';

/** ISO 3166 codes whose numbers are known. */
export function isKnownCountry(country: string): boolean {
  return isSupportedCountry(country);
}

/** E.164 in the database: `+`, 5 to 15 digits. */
const STORED = /^\+[1-9][0-9]{4,14}$/;
/** What people put between digits. Anything else (letters, `;ext=`) is not part of a number. */
const WRITTEN = /^\+?[0-9\s().\u00a0\u2010-\u2015/-]+$/u;

/**
 * The number in E.164, from any written form; the national ones are those of the country. Null for what cannot
 * be a number. Being *possible* (by its length) is enough: numbering plans grow faster than the metadata,
 * and a number that the carrier has given to a tenant exists.
 */
export function e164Of(text: string, country: string): string | null {
  if (!WRITTEN.test(text) || !isSupportedCountry(country)) return null;
  const number = parsePhoneNumberFromString(text, { defaultCountry: country as CountryCode, extract: false });
  if (!number?.isPossible() || !STORED.test(number.number)) return null;
  return number.number;
}

/** As `e164Of`; throws `validation-failed` for the field when there is no such number. */
export function requireE164(text: string, country: string, path: string): string {
  const number = e164Of(text, country);
  if (number !== null) return number;
  throw wrongField(
    path,
    `Send a whole number with country code, like +${getCountryCallingCode(country as CountryCode)}…, or as dialled in ${country}.`,
  );
}
