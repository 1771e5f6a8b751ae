import { createRequire } from 'node:module';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, test } from 'vitest';
import { classify } from '../../../src/domain/dialling/plan.ts';
import { automatonOf, type State } from '../../../tools/numbering/automata.ts';
import { CORRECTIONS } from '../../../tools/numbering/corrections.ts';
import {
  askLibrary,
  CALLING_CODES,
  type LibraryAnswer,
  patternsOf,
} from '../../support/dialling/libphonenumber.ts';
import { type Random, randomFor } from '../../support/random.ts';

/** The largest plans, those that several countries share, and those in which the length decides the type. */
const TWENTY_CODES = '1 7 31 33 34 39 41 43 44 46 47 49 54 55 61 81 86 91 377 590'.split(' ');
const NUMBERS = 100_000;

const CLASS_OF_TYPE: Record<string, string> = {
  FIXED_LINE: 'fixed',
  MOBILE: 'mobile',
  FIXED_LINE_OR_MOBILE: 'fixed-or-mobile',
  TOLL_FREE: 'toll-free',
  PREMIUM_RATE: 'premium',
  SHARED_COST: 'shared-cost',
  VOIP: 'voip',
  PERSONAL_NUMBER: 'personal',
  PAGER: 'pager',
  UAN: 'uan',
  VOICEMAIL: 'voicemail',
};

const corrections = CORRECTIONS.map((correction) => ({
  ...correction,
  national: new RegExp(`^(?:${correction.national})$`),
}));

/** Null where the plan says what libphonenumber says; the id of a listed correction; or what is wrong. */
function difference(callingCode: string, national: string): string | null {
  const plan = classify(callingCode + national);
  const library = askLibrary(callingCode, national);
  if (library === null)
    return plan.assigned ? `${callingCode} ${national}: assigned, but not in libphonenumber` : null;
  const agrees =
    plan.assigned && plan.numberClass === CLASS_OF_TYPE[library.type] && plan.country === library.country;
  if (agrees) return null;
  return (
    correctionFor(callingCode, national, library) ??
    `${callingCode} ${national}: ${JSON.stringify({ plan, library })}`
  );
}

function correctionFor(callingCode: string, national: string, library: LibraryAnswer): string | null {
  const plan = classify(callingCode + national);
  const listed = corrections.find(
    (one) =>
      one.callingCode === callingCode &&
      one.national.test(national) &&
      (!one.regions || one.regions.includes(library.country ?? '')),
  );
  if (listed) {
    if (listed.becomes === 'unassigned') return plan.assigned ? null : listed.id;
    const zone = listed.becomes.zone ?? plan.zone;
    const right = listed.becomes.letter === 'p' ? 'premium' : CLASS_OF_TYPE[library.type];
    return plan.zone === zone && plan.numberClass === right ? listed.id : null;
  }
  // Numbers that Saint-Barthélemy and Saint-Martin claim, and Guadeloupe does not: see SHARED_ZONE_REASON.
  const minorOnly =
    plan.zone === '+590' && library.country === 'BL' && plan.numberClass === CLASS_OF_TYPE[library.type];
  return minorOnly ? 'shared-by-minor-regions' : null;
}

/** A random walk through one of the patterns of the code's types and corrections; now and then one digit is changed, or is too many. */
function sampler(random: Random, callingCode: string): () => string {
  const corrected = CORRECTIONS.filter((one) => one.callingCode === callingCode).map(
    ({ national }) => national,
  );
  const automata = [...patternsOf(callingCode), ...corrected].map(automatonOf);
  return () => {
    const digits = walk(random, random.pick(automata));
    if (random.chance(0.9)) return digits;
    const at = random.int(digits.length);
    return digits.slice(0, at) + random.digits(random.int(3)) + digits.slice(at + 1);
  };
}

function walk(random: Random, start: State): string {
  let digits = '';
  let state = start;
  for (;;) {
    const ways = state.next.flatMap((next, digit) => (next ? [digit] : []));
    if (ways.length === 0 || (state.accepts && random.chance(0.4))) return digits;
    const digit = random.pick(ways);
    digits += digit;
    state = state.next[digit]!;
  }
}

describe(`the plan says what libphonenumber says of ${NUMBERS} valid numbers`, () => {
  const random = randomFor('plan against libphonenumber');
  const used = new Map<string, number>();

  test.each(TWENTY_CODES)('of +%s', (callingCode) => {
    const draw = sampler(random, callingCode);
    const wrong: string[] = [];
    for (let valid = 0, drawn = 0; valid < NUMBERS; drawn += 1) {
      if (drawn > NUMBERS * 3) throw new Error('most of what is drawn is not valid');
      const national = draw();
      if (askLibrary(callingCode, national)) valid += 1;
      const found = difference(callingCode, national);
      if (found === null) continue;
      if (/ /.test(found)) wrong.push(found);
      else used.set(found, (used.get(found) ?? 0) + 1);
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });

  test('but for the corrections, and each of them is met', () => {
    console.log('corrected', Object.fromEntries(used));
    const listed = CORRECTIONS.filter(({ callingCode }) => TWENTY_CODES.includes(callingCode)).map(
      ({ id }) => id,
    );
    expect([...used.keys()].sort()).toEqual([...listed, 'shared-by-minor-regions'].sort());
  });

  test('and of 2,000 of every other calling code', () => {
    const wrong = CALLING_CODES.filter((code) => !TWENTY_CODES.includes(code)).flatMap((callingCode) => {
      const draw = sampler(random, callingCode);
      return Array.from({ length: 2_000 }, () => difference(callingCode, draw())).filter((found) =>
        found?.includes(' '),
      );
    });
    expect(wrong.slice(0, 10)).toEqual([]);
  });

  test('where the quick question about libphonenumber is answered as the library itself answers it', () => {
    for (const callingCode of TWENTY_CODES) {
      const draw = sampler(random, callingCode);
      for (let i = 0; i < 300; i += 1) {
        const national = draw();
        const parsed = parsePhoneNumberFromString(`+${callingCode}${national}`);
        // parse() first takes a national prefix off, which is not the question here.
        if (parsed?.nationalNumber !== national) continue;
        const valid = parsed.isValid() ? { country: parsed.country ?? null, type: parsed.getType() } : null;
        expect(askLibrary(callingCode, national), `+${callingCode} ${national}`).toEqual(valid);
      }
    }
  });
});

test('the plan says what libphonenumber says of every example number of every country and type', () => {
  const google = createRequire(import.meta.url)('google-libphonenumber');
  const util = google.PhoneNumberUtil.getInstance();
  const wrong: string[] = [];
  let examples = 0;
  for (const country of util.getSupportedRegions())
    for (const type of Object.values(google.PhoneNumberType)) {
      const example = util.getExampleNumberForType(country, type);
      if (!example) continue;
      examples += 1;
      const national = util.getNationalSignificantNumber(example);
      const found = difference(String(example.getCountryCode()), national);
      if (found?.includes(' ')) wrong.push(found);
    }
  expect(examples).toBeGreaterThan(1_000);
  expect(wrong).toEqual([]);
});
