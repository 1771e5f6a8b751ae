import { PLAN } from './data/plan.ts';
import { classOfLetter, type RuledClass } from './number-class.ts';
import { HOLE, letterAtLength, longestPrefix, once, type Rows } from './rows.ts';
import { isCountry, mainCountryOf } from './zones.ts';

/** No prefix of the plan is longer; decide.conf looks this many lengths up. */
export const DEEPEST_PLAN_PREFIX = 10;

/** What the numbering plan knows about a number. */
export interface Classification {
  /** False: no such number exists, as far as the plan knows (new ranges reach it with an update). */
  readonly assigned: boolean;
  /** See zones.ts; null when not assigned. */
  readonly zone: string | null;
  /** ISO 3166; for a zone that several countries share, the main one; null where there is no country. */
  readonly country: string | null;
  readonly numberClass: RuledClass | null;
}

const UNASSIGNED: Classification = { assigned: false, zone: null, country: null, numberClass: null };

/** All rows, `prefix → zone:length:mask` or `-`. Read at first use: 35,760 rows in about 15 ms. */
export const planRows: () => Rows = once(() => {
  const rows = new Map<string, string>();
  for (const line of PLAN.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) rows.set(line.slice(0, space), line.slice(space + 1));
  }
  return rows;
});

/** Zone, country and class of a number in E.164, with or without its plus. */
export function classify(e164: string): Classification {
  const digits = e164.startsWith('+') ? e164.slice(1) : e164;
  const row = longestPrefix(planRows(), digits, DEEPEST_PLAN_PREFIX);
  if (row === null || row === HOLE) return UNASSIGNED;
  const [zone, firstLength, mask] = row.split(':') as [string, string, string];
  const letter = letterAtLength(Number(firstLength), mask, digits.length);
  if (letter === null) return UNASSIGNED;
  return {
    assigned: true,
    zone,
    country: isCountry(zone) ? zone : mainCountryOf(zone),
    numberClass: classOfLetter(letter) as RuledClass,
  };
}
