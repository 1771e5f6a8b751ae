import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSeeded } from '../support/seeded.ts';
import type { ContractSite } from './contract-site.ts';

const TRICKY: [string, string][] = [
  ['empty', ''],
  ['json', '{"username":"a","password_digest":"MD5:0123"}'],
  ['dialplan', '\u0024{SHELL(ls)},;"\\|&%26%0d%0a'],
  ['colons', 'ActionID: 1: Response: Error'],
  ['unicode', 'Zoë 😀 \u202eabc \u200f 漢字'],
  ['trailing blank', 'x '],
  ['inner tab', 'a\tb'],
  ['longest', 'x'.repeat(1017)],
  ['longest in bytes', `x${'é'.repeat(508)}`],
];

export function databaseContract(site: () => ContractSite): void {
  describe('database', () => {
    test.each(TRICKY)('a value arrives as it was given: %s', async (key, value) => {
      const { pbx, witness } = site();
      expect(await pbx.db.write([[`contract/tricky/${key}`, value]])).toEqual({ done: 1, failures: [] });
      expect(await pbx.db.get(`contract/tricky/${key}`)).toBe(value);
      expect((await pbx.db.readTree('contract/tricky')).get(`contract/tricky/${key}`)).toBe(value);
      // The witness cuts values at ': ' in its own way and drops blanks at the end.
      if (!/: |\s$/.test(value)) expect(await witness.get(`contract/tricky/${key}`)).toBe(value);
    });

    test('any value arrives as it was given, or is refused and nothing is stored', async () => {
      const { pbx } = site();
      const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'grapheme' }));
      await checkSeeded(
        'values',
        fc.asyncProperty(fc.array(value, { maxLength: 20 }), async (values) => {
          await pbx.db.removeTree('contract/any');
          const entries = values.map((one, i) => [`contract/any/${i}`, one] as [string, string]);
          const report = await pbx.db.write(entries);
          const refused = new Set(report.failures.map(({ path }) => path));
          expect(await pbx.db.readTree('contract/any')).toEqual(
            new Map(entries.filter(([path]) => !refused.has(path))),
          );
          expect(report.failures.every(({ error }) => error.code === 'pbx-invalid-value')).toBe(true);
          const innocent = entries.filter(([, one]) => /^[\w ]*$/.test(one) && !one.startsWith(' '));
          expect(innocent.filter(([path]) => refused.has(path))).toEqual([]);
        }),
        60,
      );
    });

    test.each([
      ['a line break', 'contract/refused/a', 'x\r\nAction: Originate'],
      ['a NUL', 'contract/refused/a', 'x\0y'],
      ['too many bytes', 'contract/refused/a', 'é'.repeat(600)],
      ['a line break in its path', 'contract/refused/a\nb', 'x'],
      ['a path without a family', 'refused', 'x'],
      ['a path that is too long', `contract/refused/${'k'.repeat(255)}`, 'x'],
    ])('an entry with %s is refused, and its neighbours are written', async (_, path, value) => {
      const { pbx } = site();
      await pbx.db.removeTree('contract/refused');
      const report = await pbx.db.write([
        ['contract/refused/before', '1'],
        [path, value],
        ['contract/refused/after', '2'],
      ]);
      expect(report.done).toBe(2);
      expect(report.failures).toMatchObject([
        { path, error: { code: 'pbx-invalid-value', outcome: 'not-sent' } },
      ]);
      const expected = { 'contract/refused/before': '1', 'contract/refused/after': '2' };
      expect(Object.fromEntries(await pbx.db.readTree('contract/refused'))).toEqual(expected);
    });

    test('a tree holds what is in its family and nothing of families that look alike', async () => {
      const { pbx } = site();
      const alike = ['con_a/x', 'con_a/deep/y', 'conXa/x', 'CON_A/x', 'con_ab/x', 'con_a2/con_a/x'];
      await pbx.db.write(alike.map((path) => [path, '1']));
      expect([...(await pbx.db.readTree('con_a')).keys()].sort()).toEqual(['con_a/deep/y', 'con_a/x']);
      expect(await pbx.db.removeTree('con_a')).toEqual({ done: 2, failures: [] });
      const left = await Promise.all(alike.map((path) => pbx.db.get(path)));
      expect(left).toEqual([null, null, '1', '1', '1', '1']);
      expect(await pbx.db.remove(alike)).toEqual({ done: alike.length, failures: [] });
    });

    test('what somebody else has written is read, replaced and removed like our own', async () => {
      const { pbx, witness } = site();
      await witness.put('contract/by-hand/a', 'theirs');
      expect(await pbx.db.get('contract/by-hand/a')).toBe('theirs');
      await pbx.db.write([['contract/by-hand/a', 'ours']]);
      expect(await witness.get('contract/by-hand/a')).toBe('ours');
      await pbx.db.remove(['contract/by-hand/a']);
      expect(await witness.get('contract/by-hand/a')).toBeNull();
    });

    test('what is not there is null, an empty tree, and removed without complaint', async () => {
      const { pbx } = site();
      expect(await pbx.db.get('contract/none/a')).toBeNull();
      expect(await pbx.db.readTree('contract/none')).toEqual(new Map());
      expect(await pbx.db.remove(['contract/none/a'])).toEqual({ done: 1, failures: [] });
      expect(await pbx.db.removeTree('contract/none')).toEqual({ done: 0, failures: [] });
      expect(await pbx.db.write([])).toEqual({ done: 0, failures: [] });
    });

    test('a large batch tells its progress and is there as a whole', async () => {
      const { pbx } = site();
      const entries = Array.from({ length: 3000 }, (_, i) => [`contract/large/${i}`, `v${i}`] as const);
      const told: number[] = [];
      const onProgress = (settled: number, total: number) => told.push(settled / total);
      expect(await pbx.db.write(entries, { onProgress })).toEqual({ done: 3000, failures: [] });
      expect(told.at(-1)).toBe(1);
      expect(told.length).toBeGreaterThan(2);
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(await pbx.db.readTree('contract/large')).toEqual(new Map(entries));
      expect((await pbx.db.removeTree('contract/large')).done).toBe(3000);
    });

    test('the last of several values for one path stays', async () => {
      const { pbx } = site();
      await pbx.db.write(Array.from({ length: 200 }, (_, i) => ['contract/one/a', String(i)] as const));
      expect(await pbx.db.get('contract/one/a')).toBe('199');
    });
  });
}
