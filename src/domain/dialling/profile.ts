import type { RuledClass } from './number-class.ts';
import { callingCodeOf } from './ways.ts';
import { liesIn, mainCountryOf, nationalCountries, type ZoneName } from './zones.ts';

/**
 * Where a class rule applies, seen from the tenant's country. `national` is the country with the
 * numbers that it shares with others of its calling code; `international` is all the rest.
 */
export type Where =
  | 'national'
  | 'international'
  | 'anywhere'
  | { readonly countries: readonly string[] }
  | { readonly zones: readonly ZoneName[] };

export interface ClassMatch {
  readonly kind: 'class';
  readonly classes: 'any' | readonly RuledClass[];
  readonly where: Where;
}

/** `+` and digits: a number or the beginning of one. Digits alone: a short code of the country, or the beginning. */
export interface PrefixMatch {
  readonly kind: 'prefix';
  readonly prefix: string;
}

export interface DialRule {
  readonly action: 'allow' | 'deny';
  readonly match: ClassMatch | PrefixMatch;
}

/**
 * What a user may dial: the first rule that matches decides, and what no rule matches is refused. A rule's rank is
 * its place in the list, from 1.
 */
export interface DialProfile {
  readonly rules: readonly DialRule[];
}

/** What rules are asked about: `zone` and `numberClass` are null for a number that is not assigned. */
export interface RuledNumber {
  readonly number: string;
  readonly zone: string | null;
  readonly numberClass: RuledClass | null;
}

export function matches(rule: DialRule, asked: RuledNumber, country: string): boolean {
  const { match } = rule;
  if (match.kind === 'prefix') return asked.number.startsWith(match.prefix);
  if (asked.zone === null || asked.numberClass === null) return false;
  if (match.classes !== 'any' && !match.classes.includes(asked.numberClass)) return false;
  return applies(match.where, asked.zone, country);
}

/** Whether a zone lies where a rule says, for a tenant of `country`. */
export function applies(where: Where, zone: string, country: string): boolean {
  if (where === 'anywhere') return true;
  if (where === 'national') return isNational(zone, country);
  if (where === 'international') return !isNational(zone, country);
  if ('zones' in where) return where.zones.some((name) => liesIn(zone, name));
  return where.countries.some((named) =>
    named === country ? isNational(zone, country) : zone === named || mainCountryOf(zone) === named,
  );
}

/** The country, what is one network with it, and what its calling code's regions share: +1 800 is national in Canada. */
export function isNational(zone: string, country: string): boolean {
  if (nationalCountries(country).includes(zone)) return true;
  return mainCountryOf(zone) !== null && zone === `+${callingCodeOf(country)}`;
}
