/** What people put between the digits of a number: blanks, dots, slashes, parentheses, all sorts of dashes. */
const SEPARATORS = /[\s().\u00a0\u2010-\u2015/-]/gu;

/**
 * What a person wrote, as it would be dialled: digits with an optional plus in front, at most 24 characters in all,
 * the longest that the gate takes. Null for anything else: letters, service codes (`*`, `#`), URIs, and `+33 (0)1…`,
 * of which nobody can dial all digits.
 */
export function dialable(text: string): string | null {
  if (/\+.*\(0\)/u.test(text)) return null;
  const dialled = text.replaceAll(SEPARATORS, '');
  return /^\+?[0-9]{2,}$/.test(dialled) && dialled.length <= 24 ? dialled : null;
}

/**
 * The digits to look for in numbers, when a search is made of digits; else null. Without leading zeros: a number
 * in E.164 has no 0 or 00 in front.
 */
export function searchedDigits(text: string): string | null {
  const digits = text.replaceAll(SEPARATORS, '').replace(/^\+/, '');
  return /^[0-9]+$/.test(digits) ? digits.replace(/^0+(?=[0-9])/, '') : null;
}
