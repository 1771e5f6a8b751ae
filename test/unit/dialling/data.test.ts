import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { planEntries, sharedEntries } from '../../../src/domain/dialling/pbx-entries.ts';
import { DEEPEST_PLAN_PREFIX, planRows } from '../../../src/domain/dialling/plan.ts';
import { LONGEST_SHORT_CODE, shortCodesOf } from '../../../src/domain/dialling/short-codes.ts';
import { countries, DEEPEST_WAY_PREFIX, waysOf } from '../../../src/domain/dialling/ways.ts';
import { groupOf, isCountry, ZONES } from '../../../src/domain/dialling/zones.ts';
import { dataFiles } from '../../../tools/numbering/data-files.ts';

const DATA = path.resolve(import.meta.dirname, '../../../src/domain/dialling/data');

test('the tables in the repository are what `npm run numbering` makes of the metadata', () => {
  for (const [name, text] of dataFiles()) {
    const written = readFileSync(path.join(DATA, name), 'utf8');
    expect(written === text, `${name} is out of date: run npm run numbering and look at what changed`).toBe(
      true,
    );
  }
});

test('no key is deeper than the lookups that the PBX makes', () => {
  const longest = (keys: Iterable<string>) => Math.max(0, ...[...keys].map((key) => key.length));
  expect(longest(planRows().keys())).toBe(DEEPEST_PLAN_PREFIX);
  for (const country of countries()) {
    const digits = [...waysOf(country)!.keys()]
      .filter((key) => /^\d/.test(key))
      .map((key) => key.replace(/=.*/, ''));
    expect(longest(digits), country).toBeLessThanOrEqual(DEEPEST_WAY_PREFIX);
    const codes = [...shortCodesOf(country)].map(([key]) => key.replace('=', ''));
    expect(longest(codes), country).toBeLessThanOrEqual(LONGEST_SHORT_CODE);
    for (const [, row] of shortCodesOf(country)) {
      const [first, mask] = row.split(':');
      if (mask)
        expect(Number(first) + mask.length - 1, `${country} ${row}`).toBeLessThanOrEqual(LONGEST_SHORT_CODE);
    }
  }
});

test('every zone of the plan lies in an area, and every country has its ways of dialling', () => {
  const used = new Set([...planRows().values()].map((row) => row.split(':')[0]!));
  used.delete('-');
  expect([...used].filter((zone) => !ZONES.includes(zone))).toEqual([]);
  for (const zone of ZONES) expect(groupOf(zone)).toMatch(/^[a-z-]+!?$/);
  expect(ZONES.filter(isCountry)).toEqual([...countries()].sort());
  expect(countries()).toHaveLength(245);
});

test('every entry for the PBX fits into a line of AMI and has a path that AstDB takes', () => {
  for (const [entry, value] of sharedEntries()) {
    expect(entry).toMatch(/^pb\/(plan|ways|short)\/[\w+=/!-]+$/);
    expect(value).toMatch(/^[\w+/!-]+$/);
    expect(Buffer.byteLength(`Val: ${value}`)).toBeLessThan(100);
  }
  expect([...planEntries().keys()].at(-1)).toBe('pb/plan/current');
  console.log(`${planEntries().size} entries of the plan, ${sharedEntries().size} in all`);
});
