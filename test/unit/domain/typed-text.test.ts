import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dialable, searchedDigits } from '../../../src/domain/numbers/written.ts';
import { displayNameOf } from '../../../src/domain/users/display-name.ts';
import { emailProblem } from '../../../src/domain/users/email.ts';
import { canonicalLanguage, languageProblem, timeZoneProblem } from '../../../src/domain/users/locale.ts';
import { firstFreeAlias, sipAliasFrom, sipAliasProblem } from '../../../src/domain/users/sip-alias.ts';
import { nameProblem, usernameProblem } from '../../../src/domain/users/text.ts';

const SEED = 20261121;

test.each([
  `Zoë "Zed" O'Neil; \${SHELL(id)}`,
  '李小龙',
  'مريم \u200fعلي',
  '👩‍👩‍👧 family',
  'back\\slash, comma & <angle>',
  '=HYPERLINK("x")',
])('a name of any script and any punctuation passes: %s', (name) => {
  expect(nameProblem(name)).toBeNull();
});

test.each([
  ['', 'empty'],
  ['two\r\nlines', 'control'],
  ['nul\0', 'control'],
  ['bell\u0007', 'control'],
  ['next line\u0085', 'control'],
  [' leading', 'blanks'],
  ['trailing\u2003', 'blanks'],
  ['x'.repeat(101), '100'],
])('a name that cannot stand on the PBX is refused with a sentence: %j', (name, word) => {
  expect(nameProblem(name)).toContain(word);
});

test('the limit counts characters, not bytes and not UTF-16 units', () => {
  expect(nameProblem('👍'.repeat(100))).toBeNull();
  expect(nameProblem('👍'.repeat(101))).not.toBeNull();
});

test('the longest name that phones show fits into one value of the PBX', () => {
  const longest = '👍'.repeat(100);
  const shown = displayNameOf({ callerIdName: null, firstName: longest, lastName: longest });
  expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(1017);
});

test('a username has no blanks', () => {
  expect(usernameProblem('ada.lovelace')).toBeNull();
  expect(usernameProblem('ada lovelace')).toContain('blanks');
});

test.each(['ada@example.org', "o'neil+x@sub.example.co.uk", 'müller@bücher.example', 'a@b-c.de'])(
  'an email address: %s',
  (email) => expect(emailProblem(email)).toBeNull(),
);
test.each([
  'ada',
  '@example.org',
  'ada@',
  'ada@localhost',
  'a b@example.org',
  'a..b@example.org',
  '.a@example.org',
  'a@-example.org',
  'a\n@example.org',
  'a@exa\rmple.org',
  `${'x'.repeat(65)}@example.org`,
  `a@${'x'.repeat(250)}.org`,
  'Ada <ada@example.org>',
])('no email address: %j', (email) => expect(emailProblem(email)).not.toBeNull());

test.each([
  ['Ada.Lovelace@example.org', 'ada.lovelace'],
  ['Zoë@example.org', 'zoe'],
  ['李@example.org', 'user'],
  ['1001@example.org', 'user-1001'],
  ['112@example.org', 'user-112'],
  ['_x_@example.org', 'x'],
  ["o'neil@example.org", 'o-neil'],
])('the SIP account of %s is %s', (email, alias) => {
  expect(sipAliasFrom(email)).toBe(alias);
});

test('whatever the address, the alias made from it is one that may be chosen, also when many want it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }), (local) => {
      const base = sipAliasFrom(`${local}@example.org`);
      expect(sipAliasProblem(base)).toBeNull();
      const taken = new Set<string>();
      for (let n = 0; n < 12; n++) taken.add(firstFreeAlias(base, taken));
      expect(taken.size).toBe(12);
      for (const alias of taken) expect(sipAliasProblem(alias)).toBeNull();
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('an alias of digits alone is refused: it would be taken for an extension', () => {
  expect(sipAliasProblem('1001')).toContain('letter');
  expect(sipAliasProblem('Ada')).not.toBeNull();
});

test('time zones and languages', () => {
  for (const zone of ['UTC', 'Europe/Paris', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata'])
    expect(timeZoneProblem(zone)).toBeNull();
  for (const zone of ['Paris', '+01:00', 'Europe/Pari', '', 'Europe/Paris|x'])
    expect(timeZoneProblem(zone)).not.toBeNull();
  for (const tag of ['fr', 'en-GB', 'zh-Hant', 'de-CH-1996']) expect(languageProblem(tag)).toBeNull();
  for (const tag of ['', 'en_US', 'french!', 'x'.repeat(40)]) expect(languageProblem(tag)).not.toBeNull();
  expect(canonicalLanguage('EN-gb')).toBe('en-GB');
});

test('numbers as people write them', () => {
  expect(dialable('+33 (1) 55-50.10/01')).toBe('+33155501001');
  expect(dialable('1002')).toBe('1002');
  for (const bad of [
    '1',
    '*72',
    '12a',
    'sip:x@y',
    '+',
    '++33',
    '1'.repeat(25),
    '１２３',
    '',
    '+33 (0)1 55 50 10 01',
  ])
    expect(dialable(bad)).toBeNull();
  expect(searchedDigits('0155 50')).toBe('15550');
  expect(searchedDigits('+33155')).toBe('33155');
  expect(searchedDigits('0')).toBe('0');
  expect(searchedDigits('ada')).toBeNull();
});
