import { describe, expect, test } from 'vitest';
import { BUILT_IN_PROFILES, builtInProfile } from '../../../src/domain/dialling/built-in-profiles.ts';
import {
  type CompiledProfile,
  compileProfile,
  type RankedAction,
} from '../../../src/domain/dialling/compile-profile.ts';
import { decide } from '../../../src/domain/dialling/decide.ts';
import { letterOfClass, type NumberClass } from '../../../src/domain/dialling/number-class.ts';
import { profileEntries } from '../../../src/domain/dialling/pbx-entries.ts';
import type { DialProfile } from '../../../src/domain/dialling/profile.ts';
import { problemsOf } from '../../../src/domain/dialling/profile-problems.ts';
import { classOfShortCode, shortCodesOf } from '../../../src/domain/dialling/short-codes.ts';
import { countries } from '../../../src/domain/dialling/ways.ts';
import { groupOf } from '../../../src/domain/dialling/zones.ts';
import { randomE164, randomNationalE164 } from '../../support/dialling/random-numbers.ts';
import { randomProfile } from '../../support/dialling/random-profile.ts';
import { type Random, randomFor } from '../../support/random.ts';

/** Reads the rows as decide.conf does. */
function fromRows(
  compiled: CompiledProfile,
  number: string,
  zone: string | null,
  name: NumberClass | null,
): RankedAction {
  const none: RankedAction = { rank: 0, action: 'none' };
  const scopes = zone === null ? [] : [zone, groupOf(zone), 'world'];
  const keys = scopes.flatMap((scope) => [`${scope}.${letterOfClass(name!)}`, `${scope}.any`]);
  const byClass = keys.map((key) => compiled.classes.get(key)).find((row) => row !== undefined) ?? none;
  const prefixes = Array.from(number, (_, i) => number.slice(0, number.length - i));
  const byPrefix =
    prefixes.map((prefix) => compiled.prefixes.get(prefix)).find((row) => row !== undefined) ?? none;
  return byPrefix.rank > 0 && (byClass.rank === 0 || byPrefix.rank < byClass.rank) ? byPrefix : byClass;
}

function randomDialled(random: Random, country: string): string {
  const codes = [...shortCodesOf(country).keys()]
    .map((key) => key.replace('=', ''))
    .filter((code) => classOfShortCode(country, code));
  if (random.chance(0.15) && codes.length > 0) return random.pick(codes);
  if (random.chance(0.1)) return `+${random.digits(9)}`;
  return `+${random.chance(0.4) ? randomNationalE164(random, country) : randomE164(random)}`;
}

test('the rows keep the order of the rules, whatever the rules', () => {
  const random = randomFor('ordered rules');
  const wrong: unknown[] = [];
  for (let i = 0; i < 400; i += 1) {
    const country = random.pick(countries());
    const profile = randomProfile(random, country);
    const compiled = compileProfile(profile, country);
    for (let j = 0; j < 50; j += 1) {
      const dialled = randomDialled(random, country);
      const decision = decide({ country, profile, dialled, path: 'dial' });
      if (decision.verdict === 'emergency') continue;
      const { rank } = fromRows(compiled, decision.number, decision.zone, decision.numberClass);
      if (rank !== (decision.rule ?? 0))
        wrong.push({ country, dialled, rules: profile.rules, rank, decision });
    }
  }
  expect(wrong.slice(0, 3)).toEqual([]);
});

describe('a profile is small on the PBX', () => {
  test.each(BUILT_IN_PROFILES)('%s, in every country', (name) => {
    const sizes = countries().map((country) => compileProfile(builtInProfile(name), country).classes.size);
    console.log(`${name}: ${Math.min(...sizes)} to ${Math.max(...sizes)} rows`);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(36);
  });

  test('its rows come before the entry that makes them current', () => {
    const profile: DialProfile = {
      rules: [
        { action: 'deny', match: { kind: 'prefix', prefix: '+339' } },
        { action: 'allow', match: { kind: 'class', classes: 'any', where: 'national' } },
      ],
    };
    expect([...profileEntries('7f3a', 12, compileProfile(profile, 'FR'))]).toEqual([
      ['pb/rule/7f3a.12/FR.any', '2/allow/'],
      ['pb/rule/7f3a.12/p+339', '1/deny/'],
      ['pb/profile/7f3a', '12/1/'],
    ]);
  });

  test('a prefix inside another carries the better rank of the two', () => {
    const prefix = (action: 'allow' | 'deny', text: string) =>
      ({ action, match: { kind: 'prefix', prefix: text } }) as const;
    const profile = {
      rules: [
        prefix('deny', '+44'),
        prefix('allow', '+4420'),
        prefix('allow', '+1'),
        prefix('deny', '+1876'),
      ],
    };
    expect(Object.fromEntries(compileProfile(profile, 'FR').prefixes)).toEqual({
      '+44': { rank: 1, action: 'deny' },
      '+4420': { rank: 1, action: 'deny' },
      '+1': { rank: 3, action: 'allow' },
      '+1876': { rank: 3, action: 'allow' },
    });
  });
});

test('what is wrong with a profile is said rule by rule', () => {
  const profile: DialProfile = {
    rules: [
      { action: 'allow', match: { kind: 'prefix', prefix: '0044' } },
      { action: 'allow', match: { kind: 'prefix', prefix: '+0' } },
      { action: 'allow', match: { kind: 'prefix', prefix: '+44x' } },
      { action: 'allow', match: { kind: 'class', classes: [], where: 'national' } },
      { action: 'allow', match: { kind: 'class', classes: 'any', where: { countries: ['FR', 'XX'] } } },
      { action: 'allow', match: { kind: 'class', classes: 'any', where: { zones: [] } } },
      { action: 'allow', match: { kind: 'prefix', prefix: '118' } },
    ],
  };
  expect(problemsOf(profile).map(({ rank, field }) => `${rank} ${field}`)).toEqual([
    '2 prefix',
    '3 prefix',
    '4 classes',
    '5 where',
    '6 where',
  ]);
  for (const name of BUILT_IN_PROFILES) expect(problemsOf(builtInProfile(name))).toEqual([]);
});

test('what is no profile at all is a list of problems, not an exception', () => {
  const shapes: unknown[] = [
    null,
    'x',
    {},
    { kind: 'class' },
    { kind: 'class', classes: ['fixed', 'e'], where: 'anywhere' },
    { kind: 'class', classes: ['emergency'], where: 'anywhere' },
    { kind: 'class', classes: 'any', where: { zones: ['europa'] } },
    { kind: 'class', classes: 'any', where: null },
    { kind: 'prefix' },
    { kind: 'prefix', prefix: 33 },
  ];
  for (const match of shapes) {
    const profile = { rules: [{ action: 'allow', match }] } as unknown as DialProfile;
    expect(problemsOf(profile), JSON.stringify(match)).not.toEqual([]);
  }
  const rules = [{ action: 'permit', match: { kind: 'prefix', prefix: '+33' } }];
  expect(problemsOf({ rules } as unknown as DialProfile)).toMatchObject([{ rank: 1, field: 'action' }]);
});
