import { expect, test } from 'vitest';
import { e164Of } from '../../../src/features/numbers/e164.ts';

test.each([
  ['+33155501001', 'FR'],
  ['0155501001', 'FR'],
  ['01 55 50 10 01', 'FR'],
  ['01.55.50.10.01', 'FR'],
  ['0033155501001', 'FR'],
  ['+33 (0)1 55 50 10 01', 'FR'],
  ['011 33 1 55 50 10 01', 'US'],
])('%s dialled in %s is +33155501001', (written, country) => {
  expect(e164Of(written, country)).toBe('+33155501001');
});

test("Italy's zero belongs to the number", () => {
  expect(e164Of('06 698 12345', 'IT')).toBe('+390669812345');
});

test.each(['12', 'call 0155501001', '0155501001;ext=5', '０１５５５０１００１', '+999123456789', '', '+33'])(
  '%j is no number',
  (written) => {
    expect(e164Of(written, 'FR')).toBeNull();
  },
);
