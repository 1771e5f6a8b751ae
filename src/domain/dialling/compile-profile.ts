import { letterOfClass, RULED_CLASSES, type RuledClass } from './number-class.ts';
import { applies, type DialProfile, type DialRule, type PrefixMatch } from './profile.ts';
import { groupOf, ZONES } from './zones.ts';

/** The place of a rule, from 1, and what it does. Rank 0: no rule speaks of this. */
export interface RankedAction {
  readonly rank: number;
  readonly action: DialRule['action'] | 'none';
}

/**
 * A profile as small tables. `classes` has keys `scope.letter` and `scope.any`; the PBX asks, and takes the first
 * there is: zone and class, zone, group and class, group, `world` and class, `world`. `prefixes` has the custom
 * prefixes; the longest one decides, because each row carries the best rank of all prefixes that lie around it.
 * Of the two answers the better rank wins, so the order of the rules holds exactly.
 */
export interface CompiledProfile {
  readonly classes: ReadonlyMap<string, RankedAction>;
  readonly prefixes: ReadonlyMap<string, RankedAction>;
}

const NO_RULE: RankedAction = { rank: 0, action: 'none' };
const WORLD = 'world';
const ANY_CLASS = 'any';

/** One answer per class of RULED_CLASSES, in its order. */
type Answers = readonly RankedAction[];

export function compileProfile(profile: DialProfile, country: string): CompiledProfile {
  return { classes: compileClasses(profile.rules, country), prefixes: compilePrefixes(profile.rules) };
}

function compileClasses(rules: readonly DialRule[], country: string): Map<string, RankedAction> {
  const byZone = new Map(ZONES.map((zone) => [zone, answersIn(zone, rules, country)]));
  const byGroup = new Map<string, Answers>();
  for (const group of new Set(ZONES.map(groupOf)))
    byGroup.set(
      group,
      mostCommon(ZONES.filter((zone) => groupOf(zone) === group).map((zone) => byZone.get(zone)!)),
    );
  const world = mostCommon([...byGroup.values()]);

  const rows = new Map<string, RankedAction>();
  writeScope(
    rows,
    WORLD,
    world,
    RULED_CLASSES.map(() => NO_RULE),
  );
  for (const [group, answers] of byGroup) writeScope(rows, group, answers, world);
  for (const [zone, answers] of byZone) writeScope(rows, zone, answers, byGroup.get(groupOf(zone))!);
  return rows;
}

function answersIn(zone: string, rules: readonly DialRule[], country: string): Answers {
  const candidates = rules.map(({ action, match }, index) => ({
    answer: { rank: index + 1, action },
    classes: match.kind === 'class' && applies(match.where, zone, country) ? match.classes : [],
  }));
  return RULED_CLASSES.map((name: RuledClass) => {
    const first = candidates.find(({ classes }) => classes === 'any' || classes.includes(name));
    return first?.answer ?? NO_RULE;
  });
}

/** Writes what the scope says otherwise than the one around it: class by class, or all of it, whichever is shorter. */
function writeScope(rows: Map<string, RankedAction>, scope: string, answers: Answers, around: Answers): void {
  const differing = answers.flatMap((answer, i) => (same(answer, around[i]!) ? [] : [i]));
  const usual = mostCommon(answers.map((answer) => [answer]))[0]!;
  const unusual = answers.flatMap((answer, i) => (same(answer, usual) ? [] : [i]));
  const whole = unusual.length + 1 < differing.length;
  if (whole) rows.set(`${scope}.${ANY_CLASS}`, usual);
  for (const i of whole ? unusual : differing)
    rows.set(`${scope}.${letterOfClass(RULED_CLASSES[i]!)}`, answers[i]!);
}

function compilePrefixes(rules: readonly DialRule[]): Map<string, RankedAction> {
  const own = rules.flatMap(({ action, match }, index) =>
    match.kind === 'prefix' ? [{ match, answer: { rank: index + 1, action } }] : [],
  );
  const best = (prefix: PrefixMatch): RankedAction =>
    own.find(({ match }) => prefix.prefix.startsWith(match.prefix))!.answer;
  return new Map(own.map(({ match }) => [match.prefix, best(match)]));
}

function mostCommon(all: readonly Answers[]): Answers {
  const counts = new Map<string, { answers: Answers; count: number }>();
  for (const answers of all) {
    const key = answers.map(({ rank }) => rank).join();
    counts.set(key, { answers, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].reduce((a, b) => (b.count > a.count ? b : a)).answers;
}

function same(a: RankedAction, b: RankedAction): boolean {
  return a.rank === b.rank;
}
