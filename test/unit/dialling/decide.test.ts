import { describe, expect, test } from 'vitest';
import {
  BUILT_IN_PROFILES,
  type BuiltInProfile,
  builtInProfile,
} from '../../../src/domain/dialling/built-in-profiles.ts';
import { type Decision, DIAL_PATHS, decide } from '../../../src/domain/dialling/decide.ts';
import type { DialProfile } from '../../../src/domain/dialling/profile.ts';

function ask(country: string, profile: DialProfile | BuiltInProfile | null, dialled: string): Decision {
  const rules = typeof profile === 'string' ? builtInProfile(profile) : profile;
  return decide({ country, profile: rules, dialled, path: 'dial' });
}

/** The least of the built-in profiles that allows a number; each allows what the one before it allows. */
const NOBODY = 'nobody';
const CALLS: [country: string, what: string, least: BuiltInProfile | typeof NOBODY, forms: string[]][] = [
  [
    'FR',
    'a fixed line',
    'national',
    ['01 42 68 53 00', '0142685300', '+33142685300', '0033142685300', '+33 (0)1-42-68-53-00'],
  ],
  ['FR', 'a mobile', 'national', ['06 12 34 56 78', '+33612345678', '0033 6 12 34 56 78', '06.12.34.56.78']],
  ['FR', 'a VoIP box at home', 'national', ['09 72 10 10 10', '+33972101010', '0033972101010']],
  ['FR', 'a free number', 'national', ['0 800 123 456', '+33800123456', '0033800123456']],
  ['FR', 'a free short code, which costs nothing', 'national', ['3008', '30 08', '30-08']],
  ['FR', 'a premium short code', 'national-special', ['3201', '32 01']],
  ['FR', 'directory enquiries', 'national-special', ['118 218', '118218', '118-218']],
  ['FR', 'a premium number', 'national-special', ['0899 12 34 56', '+33899123456', '0033899123456']],
  ['FR', 'a shared-cost number', 'national-special', ['0810 12 34 56', '+33810123456']],
  [
    'FR',
    'London',
    'international',
    ['+44 20 7946 0958', '00442079460958', '+44 (0)20 7946 0958', '0044 (0)20-7946-0958'],
  ],
  ['FR', 'New York', 'international', ['+1 212 555 1234', '0012125551234', '+1 (212) 555-1234']],
  ['FR', 'Réunion', 'international', ['0692 12 34 56', '+262 692 12 34 56', '00262692123456']],
  ['FR', 'a premium number abroad', NOBODY, ['+44 909 879 0000', '00449098790000']],
  ['FR', 'a shared-cost number abroad', NOBODY, ['+44 843 123 4567']],
  ['FR', 'a satellite phone', NOBODY, ['+881 6 1234 5678', '00881612345678', '+870 773 112 345']],
  ['FR', 'a high-risk island', NOBODY, ['+1 876 926 1234', '0018769261234', '+677 40000', '+960 7712345']],
  ['FR', 'Kosovo’s old mobiles in Monaco’s code', NOBODY, ['+377 44 123 456', '0037744123456']],
  ['FR', 'a number that does not exist', NOBODY, ['+33 0', '+999 12345', '07', '0033', '+2', '00000000']],
  [
    'US',
    'a number of another state',
    'national',
    ['(212) 555-1234', '1-212-555-1234', '+12125551234', '12125551234'],
  ],
  ['US', 'toll-free', 'national', ['1-800-555-1234', '8005551234', '+1 800 555 1234']],
  ['US', 'exchange 976', 'national-special', ['1-212-976-1234', '+12129761234', '(212) 976-1234']],
  ['US', 'a 900 number', 'national-special', ['1-900-555-1234', '+19005551234']],
  ['US', 'directory assistance', 'national-special', ['411', '4-1-1']],
  ['US', 'Canada', 'international', ['416-555-1234', '1 416 555 1234', '+14165551234']],
  [
    'US',
    'Jamaica, though it looks like a national number',
    NOBODY,
    ['876-926-1234', '1-876-926-1234', '+18769261234'],
  ],
  ['US', 'London', 'international', ['011 44 20 7946 0958', '+442079460958']],
  ['CA', 'toll-free, which the metadata gives to the USA', 'national', ['1 800 555 1234', '+18005551234']],
  ['CA', '310-XXXX', 'national', ['310-1234', '3101234']],
  ['GB', 'a UK-wide number', 'national', ['0300 123 4567', '+443001234567']],
  ['GB', 'a premium number', 'national-special', ['0909 879 0000', '+449098790000']],
  [
    'GB',
    'a Jersey mobile, which costs more than it looks',
    'international',
    ['07797 123456', '+447797123456'],
  ],
  ['IT', 'Rome, with its zero', 'national', ['06 1234 5678', '+39 06 1234 5678', '0039 06 1234 5678']],
  ['IT', 'the Vatican, one network with Italy', 'national', ['06 698 12345', '+39 06 698 12345']],
  ['IT', 'San Marino through Italy’s code', 'international', ['0549 901234', '+39 0549 901234']],
  ['FI', 'Åland, one network with Finland', 'national', ['018 12345', '+358 18 12345']],
  [
    'RU',
    'a free number with and without the 8',
    'national',
    ['8 800 555 35 35', '800 555 35 35', '+7 800 555 35 35'],
  ],
  ['RU', 'Kazakhstan', 'international', ['8 727 258 1234', '+7 727 258 1234']],
  ['RU', 'Abkhazia', NOBODY, ['8 940 923 4567', '+7 940 923 4567']],
];

describe.each(CALLS)('from %s: %s', (country, _what, least, forms) => {
  test.each(BUILT_IN_PROFILES)('with the profile %s', (profile) => {
    const expected =
      least !== NOBODY && BUILT_IN_PROFILES.indexOf(profile) >= BUILT_IN_PROFILES.indexOf(least);
    for (const form of forms) {
      const decision = ask(country, profile, form);
      expect(`${form}: ${decision.verdict}`).toBe(`${form}: ${expected ? 'allow' : 'deny'}`);
      expect(decision.rule === null, `${form}: a verdict of a profile names its rule`).toBe(
        !['profile-allows', 'profile-denies'].includes(decision.reason),
      );
    }
  });
});

describe('emergency numbers', () => {
  test.each([
    ['FR', '112', '112'],
    ['FR', '15', '15'],
    ['FR', '114', '114'],
    ['FR', '1-1-2', '112'],
    ['US', '911', '911'],
    ['US', '9-1-1', '911'],
    ['AU', '000', '000'],
    // Mobile networks take 112 everywhere; the carriers of a PBX do not, so it is sent as the country's own number.
    ['AU', '112', '000'],
    ['NZ', '112', '111'],
    ['BR', '911', '190'],
    ['CH', '144', '144'],
    ['XX', '112', '112'],
  ])('pass whatever the profile: %s %s', (country, dialled, sent) => {
    for (const profile of [null, builtInProfile('internal'), { rules: [DENY_ALL] }])
      for (const path of DIAL_PATHS.filter((one) => one !== 'forward')) {
        const { verdict, number } = decide({ country, profile, dialled, path });
        expect({ verdict, number }).toEqual({ verdict: 'emergency', number: sent });
      }
  });

  test('but no forwarding leads there', () => {
    const decision = decide({
      country: 'FR',
      profile: builtInProfile('international'),
      dialled: '112',
      path: 'forward',
    });
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'emergency-on-forward' });
  });
});

const DENY_ALL = { action: 'deny', match: { kind: 'class', classes: 'any', where: 'anywhere' } } as const;

describe('it fails closed', () => {
  test('without a profile nothing but emergency numbers can be called', () => {
    expect(ask('FR', null, '0142685300')).toMatchObject({
      verdict: 'deny',
      reason: 'profile-missing',
      number: '+33142685300',
    });
  });

  test('without a known country neither', () => {
    expect(ask('XX', 'international', '+33142685300')).toMatchObject({
      verdict: 'deny',
      reason: 'country-unknown',
    });
  });

  test('what no rule names is refused, and says so', () => {
    expect(ask('FR', 'national', '+442079460958')).toMatchObject({
      verdict: 'deny',
      reason: 'no-rule',
      rule: null,
      zone: 'GB',
    });
  });

  test('a number that does not exist is refused with its own reason, unless a prefix names it', () => {
    const number = '+33 0 99 99 99 99';
    expect(ask('FR', 'international', '+99912345')).toMatchObject({
      reason: 'unassigned-number',
      numberClass: null,
    });
    const newRange: DialProfile = { rules: [{ action: 'allow', match: { kind: 'prefix', prefix: '+330' } }] };
    expect(ask('FR', newRange, number)).toMatchObject({ verdict: 'allow', rule: 1, number: '+33099999999' });
  });
});

test('the first rule that matches decides, and all are shown', () => {
  const profile: DialProfile = {
    rules: [
      { action: 'allow', match: { kind: 'prefix', prefix: '+8821' } },
      { action: 'deny', match: { kind: 'class', classes: 'any', where: { zones: ['satellite'] } } },
      { action: 'deny', match: { kind: 'prefix', prefix: '+4420' } },
      { action: 'allow', match: { kind: 'class', classes: ['fixed'], where: { countries: ['GB', 'DE'] } } },
    ],
  };
  expect(ask('FR', profile, '+882160123456')).toMatchObject({ verdict: 'allow', rule: 1 });
  expect(ask('FR', profile, '+881612345678')).toMatchObject({ verdict: 'deny', rule: 2 });
  expect(ask('FR', profile, '+442079460958')).toMatchObject({ verdict: 'deny', rule: 3 });
  expect(ask('FR', profile, '+441614960000')).toMatchObject({ verdict: 'allow', rule: 4 });
  expect(ask('FR', profile, '+447911234567')).toMatchObject({ verdict: 'deny', reason: 'no-rule' });
  expect(ask('FR', profile, '+441614960000').trials.map(({ rank, matched }) => [rank, matched])).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [4, true],
  ]);
});
