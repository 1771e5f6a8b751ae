import { RULED_CLASSES } from './number-class.ts';
import type { DialProfile } from './profile.ts';
import { isCountry, ZONE_NAMES } from './zones.ts';

/** Something wrong with a profile: which rule (its rank, 0 for the profile itself), which field, and why. */
export interface ProfileProblem {
  readonly rank: number;
  readonly field: 'rules' | 'action' | 'match' | 'classes' | 'where' | 'prefix';
  readonly message: string;
}

/** More rules than anybody can read; it also bounds the rows on the PBX. */
export const MOST_RULES = 100;

type Complaint = readonly [field: ProfileProblem['field'], message: string];

/**
 * Every problem of a profile; none: it can be compiled. Looks at what is there and not at what the types promise,
 * because profiles come out of a database column of JSON.
 */
export function problemsOf(profile: DialProfile): ProfileProblem[] {
  const problems: ProfileProblem[] = [];
  if (profile.rules.length > MOST_RULES)
    problems.push({ rank: 0, field: 'rules', message: `A profile has at most ${MOST_RULES} rules.` });
  profile.rules.forEach((rule, index) => {
    for (const [field, message] of complaintsAbout(rule)) problems.push({ rank: index + 1, field, message });
  });
  return problems;
}

function complaintsAbout({ action, match }: { action: unknown; match: unknown }): Complaint[] {
  const complaints: Complaint[] = [];
  if (action !== 'allow' && action !== 'deny') complaints.push(['action', 'A rule allows or denies.']);
  const { kind, prefix, classes, where } = (match ?? {}) as Record<string, unknown>;
  if (kind === 'prefix') complaints.push(...aboutPrefix(prefix));
  else if (kind === 'class') complaints.push(...aboutClasses(classes), ...aboutWhere(where));
  else complaints.push(['match', 'A rule is about classes of numbers or about a prefix.']);
  return complaints;
}

function aboutPrefix(prefix: unknown): Complaint[] {
  if (typeof prefix === 'string' && /^(?:\+[1-9]\d{0,14}|\d{1,8})$/.test(prefix)) return [];
  const message =
    'A prefix is + and 1 to 15 digits of an international number, or 1 to 8 digits of a short code.';
  return [['prefix', message]];
}

function aboutClasses(classes: unknown): Complaint[] {
  if (classes === 'any') return [];
  if (!Array.isArray(classes) || classes.length === 0)
    return [['classes', 'Name at least one class of numbers.']];
  const known: readonly unknown[] = RULED_CLASSES;
  return classes
    .filter((name) => !known.includes(name))
    .map((name) => ['classes', `${JSON.stringify(name)} is no class of numbers.`]);
}

function aboutWhere(where: unknown): Complaint[] {
  if (where === 'national' || where === 'international' || where === 'anywhere') return [];
  const { zones, countries } = (where ?? {}) as Record<string, unknown>;
  if (Array.isArray(zones) && zones.length > 0) {
    const known: readonly unknown[] = ZONE_NAMES;
    return zones
      .filter((name) => !known.includes(name))
      .map((name) => ['where', `${JSON.stringify(name)} is no zone.`]);
  }
  if (Array.isArray(countries) && countries.length > 0)
    return countries
      .filter((name) => typeof name !== 'string' || !isCountry(name))
      .map((name) => [
        'where',
        `${JSON.stringify(name)} is no country of the numbering plan (ISO 3166 alpha-2).`,
      ]);
  return [['where', 'Say national, international or anywhere, or name at least one zone or country.']];
}
