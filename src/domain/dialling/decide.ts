import { type NormaliseReason, normalise } from './normalise.ts';
import type { NumberClass, RuledClass } from './number-class.ts';
import { type DialProfile, type DialRule, isNational, matches, type RuledNumber } from './profile.ts';
import { isCountry, mainCountryOf } from './zones.ts';

export const DIAL_PATHS = ['dial', 'transfer', 'forward', 'api'] as const;
export type DialPath = (typeof DIAL_PATHS)[number];

export type DecisionReason =
  | NormaliseReason
  | 'emergency'
  | 'emergency-on-forward'
  | 'profile-missing'
  | 'profile-allows'
  | 'profile-denies'
  | 'unassigned-number'
  | 'no-rule';

export interface DialQuestion {
  /** Country of the user's tenant, ISO 3166 alpha-2. */
  readonly country: string;
  /** Null: the user's profile is missing or broken. */
  readonly profile: DialProfile | null;
  /** As typed or sent. */
  readonly dialled: string;
  readonly path: DialPath;
  /** Area code of the tenant, for seven-digit dialling in calling code 1. */
  readonly areaCode?: string | null;
}

/** One rule, in order, and whether it matched; the first that matched decided. */
export interface RuleTrial {
  readonly rank: number;
  readonly rule: DialRule;
  readonly matched: boolean;
}

export interface Decision {
  readonly verdict: 'allow' | 'deny' | 'emergency';
  readonly reason: DecisionReason;
  /** What goes to the carrier: `+` and digits, or the short code; '' when the dialled string means nothing. */
  readonly number: string;
  readonly numberClass: NumberClass | null;
  /** See zones.ts. */
  readonly zone: string | null;
  /** ISO 3166, null where no country can be named. */
  readonly country: string | null;
  /** Whether it lies in the user's country, in the sense of the rules; false when that is not known. Limits ask this. */
  readonly national: boolean;
  /** Rank of the rule that decided. */
  readonly rule: number | null;
  readonly trials: readonly RuleTrial[];
}

const NOTHING_KNOWN = {
  number: '',
  numberClass: null,
  zone: null,
  country: null,
  national: false,
  rule: null,
  trials: [],
} as const;

/**
 * May this be dialled, and why? The PBX answers the same from its own tables
 * (asterisk-config/extensions/decide.conf); test/integration/decision-agreement.test.ts compares the two.
 */
export function decide(question: DialQuestion): Decision {
  const { country, profile, path } = question;
  const meaning = normalise(country, question.dialled, question.areaCode);
  if (meaning.kind === 'refused') return { ...NOTHING_KNOWN, verdict: 'deny', reason: meaning.reason };
  if (meaning.kind === 'emergency') return emergency(meaning.number, country, path);

  const asked: RuledNumber =
    meaning.kind === 'short-code'
      ? { number: meaning.number, zone: country, numberClass: meaning.numberClass as RuledClass }
      : { number: meaning.number, ...pick(meaning.classification) };
  const { zone } = asked;
  const known = {
    ...asked,
    country: zone === null ? null : countryOf(zone),
    national: zone !== null && isNational(zone, country),
  };
  if (!profile) return { ...NOTHING_KNOWN, ...known, verdict: 'deny', reason: 'profile-missing' };

  const trials = profile.rules.map((rule, index) => ({
    rank: index + 1,
    rule,
    matched: matches(rule, asked, country),
  }));
  const deciding = trials.find(({ matched }) => matched);
  if (!deciding)
    return {
      ...known,
      verdict: 'deny',
      reason: asked.numberClass === null ? 'unassigned-number' : 'no-rule',
      rule: null,
      trials,
    };
  const allowed = deciding.rule.action === 'allow';
  return {
    ...known,
    verdict: allowed ? 'allow' : 'deny',
    reason: allowed ? 'profile-allows' : 'profile-denies',
    rule: deciding.rank,
    trials,
  };
}

/** Emergency numbers pass whatever the profile, but a forwarded call must not ring the police in somebody's name. */
function emergency(number: string, country: string, path: DialPath): Decision {
  const known = {
    ...NOTHING_KNOWN,
    number,
    numberClass: 'emergency',
    zone: country,
    country,
    national: true,
  } as const;
  return path === 'forward'
    ? { ...known, verdict: 'deny', reason: 'emergency-on-forward' }
    : { ...known, verdict: 'emergency', reason: 'emergency' };
}

function pick(found: { zone: string | null; numberClass: RuledClass | null }): Omit<RuledNumber, 'number'> {
  return { zone: found.zone, numberClass: found.numberClass };
}

function countryOf(zone: string): string | null {
  return isCountry(zone) ? zone : mainCountryOf(zone);
}
