import fc from 'fast-check';
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, test } from 'vitest';
import { normalise } from '../../../src/domain/dialling/normalise.ts';
import { classify } from '../../../src/domain/dialling/plan.ts';
import { callingCodeOf, countries, waysOf } from '../../../src/domain/dialling/ways.ts';
import { formsOf, randomE164, randomNationalE164 } from '../../support/dialling/random-numbers.ts';
import { randomFor } from '../../support/random.ts';

function numberOf(country: string, dialled: string, areaCode: string | null = null): string {
  const meaning = normalise(country, dialled, areaCode);
  return meaning.kind === 'refused' ? meaning.reason : meaning.number;
}

describe('the forms of a number are one number', () => {
  const paris = [
    '01 42 68 53 00',
    '0142685300',
    '01.42.68.53.00',
    '01-42-68-53-00',
    '+33142685300',
    '+33 1 42 68 53 00',
  ];
  const abroad = [
    '0033142685300',
    '00 33 1 42 68 53 00',
    '+33 (0)1 42 68 53 00',
    '+33 01 42 68 53 00',
    '0033 (0)1 42 68 53 00',
  ];
  test.each([...paris, ...abroad])('%s in France', (dialled) => {
    expect(numberOf('FR', dialled)).toBe('+33142685300');
  });

  test.each([
    ['US', '(212) 555-1234', '+12125551234'],
    ['US', '1-212-555-1234', '+12125551234'],
    ['US', '011 44 20 7946 0958', '+442079460958'],
    ['GB', '020 7946 0958', '+442079460958'],
    ['GB', '+44 (0)20 7946 0958', '+442079460958'],
    // Italy's zero belongs to the number, at home and abroad.
    ['IT', '06 1234 5678', '+390612345678'],
    ['FR', '+39 (0)6 1234 5678', '+390612345678'],
    ['FR', '+39 06 1234 5678', '+390612345678'],
    ['IT', '347 123 4567', '+393471234567'],
    ['RU', '8 (800) 555-35-35', '+78005553535'],
    ['RU', '800 555 35 35', '+78005553535'],
    ['RU', '8 10 33 1 42 68 53 00', '+33142685300'],
    ['AU', '0011 33 142685300', '+33142685300'],
    ['AU', '1300 123 456', '+611300123456'],
    ['JP', '010 33 142685300', '+33142685300'],
    ['JP', '03-1234-5678', '+81312345678'],
    ['HU', '06 1 234 5678', '+3612345678'],
    // A carrier's code between the national prefix and the number: it is left out.
    ['BR', '0 15 11 91234-5678', '+5511912345678'],
    ['BR', '0 11 91234-5678', '+5511912345678'],
    // Mobiles: 15 inside the country, 9 outside.
    ['AR', '011 15-2345-6789', '+5491123456789'],
    ['AR', '11 15-2345-6789', '+5491123456789'],
    ['FR', '0692 12 34 56', '+262692123456'],
    ['JE', '01534 700700', '+441534700700'],
    ['JE', '700700', '+441534700700'],
    ['SM', '881234', '+3780549881234'],
  ])('%s: %s', (country, dialled, number) => {
    expect(numberOf(country, dialled)).toBe(number);
  });

  test('seven digits in the USA need the tenant’s area code; in one-area countries they do not', () => {
    expect(numberOf('US', '555-1234')).toBe('area-code-needed');
    expect(numberOf('US', '555-1234', '212')).toBe('+12125551234');
    expect(numberOf('BB', '421-1234')).toBe('+12464211234');
  });

  test('every way of writing a number that exists is that number, in every country', () => {
    const random = randomFor('forms of numbers');
    const wrong: string[] = [];
    for (const country of countries())
      for (let i = 0; i < 40; i += 1) {
        const e164 = i % 2 === 0 ? randomE164(random) : randomNationalE164(random, country);
        // 00… inside a country (Japan's 0077, Thailand's 001 800) is no number that can be called through a trunk.
        if (!classify(e164).assigned || e164.startsWith('00', callingCodeOf(country)!.length)) continue;
        for (const form of formsOf(random, country, e164)) {
          // What can be read in two ways inside a country is read as it is dialled there, not as it is written.
          const plain = form.replaceAll(/[^\d+]/g, '') === `+${e164}`;
          if (!plain && isAmbiguous(country, form, e164)) continue;
          const read = numberOf(country, form);
          if (read !== `+${e164}`) wrong.push(`${country}: ${form} is ${read}, not +${e164}`);
        }
      }
    expect(wrong.slice(0, 20)).toEqual([]);
  });
});

/**
 * Not to be read as that number: a short code, another number, or an international prefix with a longer one
 * inside (Hong Kong's 00 1…, where 001 is a prefix too, and wins, as in libphonenumber), or where none was meant
 * (Israel's 1 212…, which no one dials with a 0, because 012 is one).
 */
function isAmbiguous(country: string, form: string, e164: string): boolean {
  const digits = form.replaceAll(/\D/g, '');
  const prefixes = [...waysOf(country)!].filter(([key, way]) => way.endsWith(':') && digits.startsWith(key));
  const meaning = normalise(country, form);
  if (meaning.kind !== 'number') return meaning.kind !== 'refused';
  const meant = prefixes.some(([prefix]) => digits === prefix + e164) ? 1 : 0;
  return prefixes.length > meant || (meaning.number !== `+${e164}` && meaning.classification.assigned);
}

describe('libphonenumber reads what is dialled in a country as we do', () => {
  /**
   * Read otherwise on purpose: overseas France from the mainland (ways-by-hand.ts); digits that libphonenumber takes for
   * a number whose plus was forgotten, which no network would; and 00… services, which are read as 00 and a number abroad.
   */
  const onPurpose = (country: string, dialled: string): boolean =>
    (country === 'FR' && /^0(?:26[39]|508)/.test(dialled)) ||
    /^00/.test(dialled) ||
    dialled.startsWith('810');

  test('wherever it reads a valid number', () => {
    const random = randomFor('against parse()');
    const wrong: string[] = [];
    let compared = 0;
    for (const country of countries())
      for (let i = 0; i < 300; i += 1) {
        const national = randomNationalE164(random, country).slice(callingCodeOf(country)!.length);
        const dialled = random.pick([
          national,
          `0${national}`,
          `8${national}`,
          random.digits(4 + random.int(9)),
        ]);
        const parsed = parsePhoneNumberFromString(dialled, country as CountryCode);
        const meaning = normalise(country, dialled);
        if (!parsed?.isValid() || meaning.kind !== 'number' || onPurpose(country, dialled)) continue;
        if (dialled.startsWith(parsed.countryCallingCode) && meaning.number !== parsed.number) continue;
        compared += 1;
        if (meaning.number !== parsed.number)
          wrong.push(`${country}: ${dialled}: ${meaning.number}, library ${parsed.number}`);
      }
    expect(compared).toBeGreaterThan(20_000);
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  test('and what it writes for people of the country is read back', () => {
    const random = randomFor('against formatNational()');
    const wrong: string[] = [];
    for (const country of countries())
      for (let i = 0; i < 60; i += 1) {
        const parsed = parsePhoneNumberFromString(`+${randomNationalE164(random, country)}`);
        if (!parsed?.isValid() || parsed.country !== country) continue;
        const written = parsed.formatNational();
        // Gabon's numbers from before 2019 are written with a zero that libphonenumber itself does not read back.
        if (onPurpose(country, written.replaceAll(/\D/g, '')) || country === 'GA' || /^123 ?00/.test(written))
          continue;
        if (numberOf(country, written) !== parsed.number)
          wrong.push(`${country}: ${written}: ${numberOf(country, written)}`);
      }
    expect(wrong.slice(0, 20)).toEqual([]);
  });
});

describe('what is no number', () => {
  test.each([
    ['', 'empty'],
    [' - ', 'empty'],
    ['12a', 'invalid-characters'],
    ['112&911', 'invalid-characters'],
    ['112%26', 'invalid-characters'],
    ['33+1', 'invalid-characters'],
    ['++33142685300', 'invalid-characters'],
    ['１１２', 'invalid-characters'],
    ['1/2', 'invalid-characters'],
    ['1'.repeat(25), 'too-long'],
    ['*43', 'service-code-unknown'],
    ['#31#0612345678', 'service-code-unknown'],
  ])('%s is refused: %s', (dialled, reason) => {
    expect(numberOf('FR', dialled)).toBe(reason);
  });

  test('whatever is dialled, what goes out is + and digits, or digits', () => {
    const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
    console.log(`anything dialled: seed ${seed}`);
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'0123456789+*# ().-') }),
      fc.string({ unit: fc.constantFrom(...'019+', '(0)', '00') }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...countries(), 'XX', ''), anything, (country, dialled) => {
        const meaning = normalise(country, dialled);
        if (meaning.kind !== 'refused') expect(meaning.number).toMatch(/^\+?\d{0,30}$/);
      }),
      { seed, numRuns: 5_000 },
    );
  });
});
