import { NUMBER_CLASSES, RULED_CLASSES } from '../../../src/domain/dialling/number-class.ts';
import { planRows } from '../../../src/domain/dialling/plan.ts';
import type { DialProfile, DialRule, Where } from '../../../src/domain/dialling/profile.ts';
import { countries } from '../../../src/domain/dialling/ways.ts';
import { ZONE_NAMES } from '../../../src/domain/dialling/zones.ts';
import type { Random } from '../random.ts';

/**
 * A profile as a person might make it, and as no person would: rules that shadow, contradict and repeat each other,
 * prefixes inside prefixes. `country` is named more often than others, so that national rules and country rules meet.
 */
export function randomProfile(random: Random, country: string): DialProfile {
  const rules = Array.from({ length: random.int(12) }, () => randomRule(random, country));
  const nested = rules.flatMap((rule) => (random.chance(0.4) ? narrower(random, rule) : []));
  return { rules: [...rules, ...nested].sort(() => random.int(3) - 1) };
}

function randomRule(random: Random, country: string): DialRule {
  const action = random.pick(['allow', 'deny'] as const);
  if (random.chance(0.35)) return { action, match: { kind: 'prefix', prefix: randomPrefix(random) } };
  const some = RULED_CLASSES.filter(() => random.chance(0.35));
  const classes = some.length === 0 || random.chance(0.3) ? 'any' : some;
  return { action, match: { kind: 'class', classes, where: randomWhere(random, country) } };
}

function randomWhere(random: Random, country: string): Where {
  const several = <T>(from: readonly T[]): T[] =>
    Array.from({ length: 1 + random.int(3) }, () => random.pick(from));
  return random.pick<() => Where>([
    () => 'national',
    () => 'international',
    () => 'anywhere',
    () => ({ zones: several(ZONE_NAMES) }),
    () => ({ countries: several([...countries(), ...Array(60).fill(country)]) }),
  ])();
}

function randomPrefix(random: Random): string {
  if (random.chance(0.15)) return random.pick(['1', '11', '118', '3', '39', '9', '911', '116000']);
  return `+${random.pick([...planRows().keys()]).slice(0, 1 + random.int(8))}`;
}

function narrower(random: Random, { match }: DialRule): DialRule[] {
  if (match.kind !== 'prefix' || match.prefix.length > 6) return [];
  const action = random.pick(['allow', 'deny'] as const);
  return [{ action, match: { kind: 'prefix', prefix: match.prefix + random.digits(1 + random.int(2)) } }];
}

/** Every class there is, to check that a draw has met them all. */
export const ALL_CLASSES: readonly string[] = NUMBER_CLASSES;
