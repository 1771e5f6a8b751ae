import { expect, test } from 'vitest';
import {
  defaultRange,
  extensionText,
  rangeProblem,
  reservedIn,
} from '../../../src/domain/extensions/ranges.ts';

const nothingReserved = () => false;

test('a range has both ends in the length of the tenant', () => {
  expect(rangeProblem('1000', '1999', 4)).toBeNull();
  expect(rangeProblem('0100', '0199', 4)).toBeNull();
  expect(rangeProblem('100', '199', 4)).toContain('4 digits');
  expect(rangeProblem('1000', '01999', 4)).toContain('4 digits');
  expect(rangeProblem('10e2', '1999', 4)).toContain('4 digits');
  expect(rangeProblem('1999', '1000', 4)).toContain('before');
});

test('leading zeros belong to an extension', () => {
  expect(extensionText(7, 4)).toBe('0007');
});

test('where nobody chose, the range is the first block without an emergency number', () => {
  expect(defaultRange(4, nothingReserved)).toEqual({ first: 1000, last: 1999 });
  expect(defaultRange(3, (number) => number === '112')).toEqual({ first: 200, last: 299 });
  expect(defaultRange(2, (number) => ['15', '17', '18', '22'].includes(number))).toEqual({
    first: 30,
    last: 39,
  });
});

test('emergency numbers inside a range are found with their leading zeros', () => {
  expect(reservedIn({ first: 0, last: 120 }, 3, (number) => ['000', '112'].includes(number))).toEqual([
    '000',
    '112',
  ]);
});
