import { expect, test } from 'vitest';
import { builtInProfile } from '../../../src/domain/dialling/built-in-profiles.ts';
import type { DialPath } from '../../../src/domain/dialling/decide.ts';
import { type Dialler, type Directory, passThroughGate } from '../../../src/features/explain-dial/gate.ts';

const DIALLER: Dialler = {
  country: 'FR',
  profile: builtInProfile('national'),
  active: true,
  fenced: false,
  allowOutbound: true,
  allowTransfer: true,
  shown: [{ number: '+33155501001', from: 'user' }],
};

/** An extension that is an emergency number, as somebody might have made it elsewhere. */
const DIRECTORY: Directory<string> = {
  byExtension: async (extension) => ({ '1001': 'Ada', '112': 'Impostor' })[extension] ?? null,
  byAlias: async (alias) => ({ ada: 'Ada' })[alias] ?? null,
  byNumber: async (e164) => ({ '+33155501002': 'Bob', '+33155501003': null })[e164],
};

const ask = async (asked: string, changes: Partial<Dialler> = {}, path: DialPath = 'dial') => {
  const { route, reason, user } = await passThroughGate({ ...DIALLER, ...changes }, asked, path, DIRECTORY);
  return [route, user ?? reason];
};

test.each<[string, string, Partial<Dialler>, DialPath, unknown[]]>([
  ['an extension', '1001', {}, 'dial', ['user', 'Ada']],
  ['an extension with separators', '10-01', {}, 'dial', ['user', 'Ada']],
  ['an account in any case', 'ADA', {}, 'dial', ['user', 'Ada']],
  ['an account with what none has', 'ada lovelace', {}, 'dial', ['refused', 'unknown-account']],
  ['a colleague’s number', '01 55 50 10 02', {}, 'dial', ['user', 'Bob']],
  ['a number of the tenant that nobody has', '+33155501003', {}, 'dial', ['unassigned', 'unassigned-number']],
  ['an outside number', '0155600001', {}, 'dial', ['outside', 'profile-allows']],
  ['a number abroad', '00442079460958', {}, 'dial', ['refused', 'no-rule']],
  ['an extension without a profile', '1001', { profile: null }, 'dial', ['user', 'Ada']],
  [
    'an outside number without a profile',
    '0155600001',
    { profile: null },
    'dial',
    ['refused', 'profile-missing'],
  ],
  ['emergency before an extension', '112', {}, 'dial', ['emergency', 'emergency']],
  [
    'emergency behind a fence, without profile, switched off',
    '112',
    { fenced: true, profile: null, allowOutbound: false },
    'dial',
    ['emergency', 'emergency'],
  ],
  ['emergency by forwarding', '112', {}, 'forward', ['refused', 'emergency-on-forward']],
  ['emergency of a suspended user', '112', { active: false }, 'dial', ['refused', 'user-not-active']],
  [
    'outside calls switched off',
    '0155600001',
    { allowOutbound: false },
    'dial',
    ['refused', 'outside-calls-off'],
  ],
  ['an extension with outside calls switched off', '1001', { allowOutbound: false }, 'dial', ['user', 'Ada']],
  [
    'a transfer with transfers switched off',
    '1001',
    { allowTransfer: false },
    'transfer',
    ['refused', 'transfers-off'],
  ],
  ['a dialled call with transfers switched off', '1001', { allowTransfer: false }, 'dial', ['user', 'Ada']],
  ['behind a fence', '1001', { fenced: true }, 'dial', ['refused', 'fenced']],
  ['no number to show', '0155600001', { shown: [] }, 'dial', ['refused', 'no-caller-id']],
  ['inside without a number to show', '1001', { shown: [] }, 'dial', ['user', 'Ada']],
  ['nothing', '', {}, 'dial', ['refused', 'empty']],
  ['what no number holds', '1&2', {}, 'dial', ['refused', 'invalid-characters']],
])('%s', async (_, asked, changes, path, expected) => {
  expect(await ask(asked, changes, path)).toEqual(expected);
});
