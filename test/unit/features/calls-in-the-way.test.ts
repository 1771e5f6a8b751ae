import { describe, expect, test } from 'vitest';
import { callsInTheWay, told } from '../../../src/features/deletion/calls-in-the-way.ts';
import type { PbxChannel } from '../../../src/pbx/port.ts';

const NOBODY = { name: '', number: '' };
const BOB = new Set(['pbbob1', 'pbbob2']);

function channel(fields: Partial<PbxChannel>): PbxChannel {
  return {
    id: '1.0',
    name: 'PJSIP/pbada-00000001',
    endpoint: 'pbada',
    state: 'Up',
    caller: NOBODY,
    connected: NOBODY,
    since: new Date('2026-11-21T10:00:00Z'),
    context: 'pb-reach',
    extension: 's',
    application: { name: 'Wait', data: '1' },
    bridged: false,
    ...fields,
  };
}

const calls = (...channels: PbxChannel[]) => callsInTheWay(BOB, channels).map(({ peer }) => peer);

describe('in a call is', () => {
  test.each(['Down', 'Ring', 'Ringing', 'Up'])(
    'whose line has a channel, whatever its state (%s)',
    (state) => {
      const own = channel({ endpoint: 'pbbob2', state, connected: { name: 'Ada', number: '1001' } });
      expect(calls(own)).toEqual(['Ada <1001>']);
    },
  );

  test('who dialled and is not answered yet: the peer is what was dialled', () => {
    expect(calls(channel({ endpoint: 'pbbob1', state: 'Ring', extension: '0033155501001' }))).toEqual([
      '0033155501001',
    ]);
  });

  test.each(['PJSIP/pbbob1,60,iTt', 'PJSIP/pbx&PJSIP/pbbob2,60,i', 'PJSIP/pbbob1&PJSIP/pbbob2'])(
    'who is being dialled though the phone has no channel yet (%s)',
    (data) => {
      const dialling = channel({ application: { name: 'Dial', data }, caller: { name: '', number: '1001' } });
      expect(calls(dialling)).toEqual(['1001']);
      expect(calls({ ...dialling, endpoint: null, name: 'Local/ring@pb-click-0001;2' })).toEqual(['1001']);
    },
  );
});

describe('in no call is', () => {
  test('who once was rung by a call that now is somebody else’s: its channel still shows that Dial', () => {
    const transferred = channel({
      bridged: true,
      application: { name: 'Dial', data: 'PJSIP/pbbob1,60,iTt' },
    });
    expect(calls(transferred)).toEqual([]);
  });

  test.each([
    ['another’s line', { endpoint: 'pbcem' }],
    ['a line whose name begins alike', { endpoint: 'pbbob11' }],
    ['a dial of another', { application: { name: 'Dial', data: 'PJSIP/pbcem,60,i' } }],
    [
      'a line named in options only',
      { application: { name: 'Dial', data: 'PJSIP/pbcem,60,b(x^PJSIP/pbbob1)' } },
    ],
    ['a number that ends alike', { application: { name: 'Dial', data: 'PJSIP/pbbob1@pbtrunk-1,60' } }],
    ['another application', { application: { name: 'NoOp', data: 'PJSIP/pbbob1' } }],
  ])('%s', (_, fields) => {
    expect(calls(channel(fields))).toEqual([]);
  });
});

test('a call that rings two phones is told once, with the earlier moment', () => {
  const one = channel({ endpoint: 'pbbob1', connected: { name: 'Ada', number: '1001' } });
  const other = { ...one, endpoint: 'pbbob2', since: new Date('2026-11-21T09:59:00Z') };
  const third = channel({ endpoint: 'pbbob1', connected: { name: '', number: '1002' } });
  expect(told(callsInTheWay(BOB, [one, other, third]))).toEqual([
    { peer: 'Ada <1001>', since: '2026-11-21T09:59:00.000Z' },
    { peer: '1002', since: '2026-11-21T10:00:00.000Z' },
  ]);
});
