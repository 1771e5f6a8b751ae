import { expect, test } from 'vitest';
import { AmiMessage, encodeAction } from '../../../src/pbx/ami/message.ts';
import type { PbxError } from '../../../src/pbx/pbx-error.ts';

function refusal(name: string, value: string): PbxError | null {
  try {
    encodeAction('DBPut', '1', [[name, value]]);
    return null;
  } catch (error) {
    return error as PbxError;
  }
}

test.each([
  ['carriage return', 'a\rb'],
  ['line feed', 'a\nAction: Originate'],
  ['both, with a whole action behind', 'x\r\n\r\nAction: Command\r\nCommand: core stop now'],
  ['NUL', 'a\0b'],
  ['a blank at the beginning', ' hunter2'],
  ['a tab at the beginning', '\thunter2'],
  ['half a surrogate pair', 'a\ud83d'],
  ['too long', 'x'.repeat(1018)],
  ['too long in bytes only', 'é'.repeat(509)],
])('a value with %s is refused before it is sent, and not repeated in the error', (_, value) => {
  const error = refusal('Val', value);
  expect(error).toMatchObject({ code: 'pbx-invalid-value', outcome: 'not-sent', at: 'Val' });
  expect(error?.message).not.toContain(value);
});

test.each([
  ['the longest', 'x'.repeat(1017)],
  ['the longest with multi-byte letters', `x${'é'.repeat(508)}`],
  ['empty', ''],
  ['all that a dialplan could take for its own', '\u0024{SHELL(ls)},;"\\|&%26'],
  ['emoji and right-to-left marks', '😀 \u202eabc \u200f'],
  ['a blank at its end', 'a '],
])('a value that is %s is sent as it is', (_, value) => {
  expect(refusal('Val', value)).toBeNull();
  expect(encodeAction('DBPut', '1', [['Val', value]])).toBe(
    `Action: DBPut\r\nActionID: 1\r\nVal: ${value}\r\n\r\n`,
  );
});

test('names of fields cannot carry anything either, and there are at most 128 lines', () => {
  expect(refusal('Val: x\r\nAction', 'y')?.code).toBe('pbx-invalid-value');
  const many = Array.from({ length: 127 }, (_, i) => [`H${i}`, 'x'] as const);
  expect(() => encodeAction('DBPut', '1', many)).toThrow(/128/);
  expect(encodeAction('DBPut', '1', many.slice(1))).toContain('H126: x');
});

test('a stored value cannot pose as the answer to another action', () => {
  const item = new AmiMessage('Event: DBGetTreeResponse\r\nVal: x\r\nActionID: forged\r\nActionID: real');
  expect(item.actionId).toBe('real');
});
