import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { classOfShortCode, emergencyNumbers, isEmergency } from '../../../src/domain/dialling/short-codes.ts';
import { countries } from '../../../src/domain/dialling/ways.ts';

const EU = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');

describe('emergency numbers', () => {
  test('112 is one in every member state of the EU and its neighbours', () => {
    for (const country of [
      ...EU,
      'GB',
      'CH',
      'NO',
      'IS',
      'LI',
      'AX',
      'GP',
      'GF',
      'RE',
      'MF',
      'IM',
      'SM',
      'VA',
    ])
      expect(isEmergency(country, '112'), country).toBe(true);
  });

  test.each([
    ['FR', '15 17 18 112 114 115 116000 116117 119 191 196 197'],
    ['AT', '112 122 128 133 140 141 142 144 147'],
    ['CH', '112 117 118 143 144 145 147 1414'],
    ['IT', '112 113 115 118'],
    ['ES', '112 061 062 080 085 088 091 092'],
    ['PL', '112 997 998 999'],
    ['GB', '999 112'],
    ['US', '911'],
    ['CA', '911'],
    ['AU', '000 106'],
    ['NZ', '111'],
    ['JP', '110 118 119'],
    ['IN', '112 100 101 102 108'],
    ['BR', '190 192 193'],
    ['ZA', '112 10111 10177'],
  ])('of %s', (country, numbers) => {
    for (const number of numbers.split(' ')) expect(isEmergency(country, number), number).toBe(true);
  });

  test('none that the metadata knows is lost', () => {
    const google = createRequire(import.meta.url)('google-libphonenumber');
    const info = google.ShortNumberInfo.getInstance();
    const lost: string[] = [];
    for (const country of info.getSupportedRegions())
      for (let number = 0; number < 100_000; number += number < 1_000 ? 1 : 7)
        for (const dialled of [String(number), `0${number}`, `00${number}`])
          if (
            dialled.length <= 5 &&
            info.isEmergencyNumber(dialled, country) &&
            !isEmergency(country, dialled)
          )
            lost.push(`${country} ${dialled}`);
    expect(lost).toEqual([]);
  });

  test('every country has at least one, and each is sent as digits', () => {
    for (const country of countries()) {
      expect(emergencyNumbers(country).size, country).toBeGreaterThan(0);
      for (const [dialled, sent] of emergencyNumbers(country))
        expect(`${dialled} ${sent}`).toMatch(/^\d{2,6} \d{2,6}$/);
    }
  });
});

describe('short codes', () => {
  test.each([
    ['FR', '3008', 'toll-free'],
    ['FR', '3201', 'premium'],
    ['FR', '118218', 'premium'],
    ['DE', '11833', 'premium'],
    ['GB', '118500', 'premium'],
    ['GB', '101', 'special'],
    ['CH', '1811', 'premium'],
    ['US', '411', 'premium'],
    ['US', '988', 'toll-free'],
    ['CA', '3101234', 'uan'],
  ])('%s %s is %s', (country, dialled, numberClass) => {
    expect(classOfShortCode(country, dialled)).toBe(numberClass);
  });

  test.each([
    ['US', '4040'],
    ['US', '40404'],
    ['FR', '36123'],
    ['FR', '1*8'],
    ['FR', '1'],
    ['FR', '0142685300'],
    ['DE', '30123456'],
  ])('%s %s is none: a code of one network, for text messages, or no code at all', (country, dialled) => {
    expect(classOfShortCode(country, dialled)).toBeNull();
  });
});
