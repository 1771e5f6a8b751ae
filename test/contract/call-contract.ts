import { describe, expect, test } from 'vitest';
import type { OriginateRequest } from '../../src/pbx/port.ts';
import { until } from '../support/until.ts';
import { type ContractSite, EventLog, lineEntries } from './contract-site.ts';

let calls = 0;

/** Two channels of the PBX itself that stay up until they are hung up. */
function request(changes: Partial<OriginateRequest> = {}): OriginateRequest {
  return {
    channelId: `contract-${Date.now()}-${++calls}`,
    first: { context: 'contract', extension: 'answer' },
    second: { context: 'contract', extension: 'answer' },
    callerId: { name: 'Ada', number: '1001' },
    variables: {},
    timeoutSeconds: 10,
    ...changes,
  };
}

export function callContract(site: () => ContractSite): void {
  describe('calls', () => {
    test('an originated call is there, is told, and ends once', async () => {
      const { pbx } = site();
      const log = new EventLog(pbx);
      const call = request();
      await pbx.calls.originate(call);
      const begun = await log.first('channel-started', ({ id }) => id === call.channelId);
      expect(begun).toMatchObject({ endpoint: null, callId: call.channelId, context: 'contract' });
      const channel = (await pbx.calls.channels()).find(({ id }) => id === call.channelId);
      expect(channel).toMatchObject({ endpoint: null, caller: { name: 'Ada', number: '1001' } });
      expect(Math.abs(channel!.since.getTime() - Date.now())).toBeLessThan(60_000);

      expect(await pbx.calls.hangup(call.channelId, 'normal')).toBe(true);
      const ended = await log.first('channel-ended', ({ id }) => id === call.channelId);
      expect(ended).toMatchObject({ cause: 16, causeText: 'Normal Clearing', name: begun.name });
      await until('it is gone', async () =>
        (await pbx.calls.channels()).every(({ id }) => !id.startsWith(call.channelId)),
      );
      expect(await pbx.calls.hangup(call.channelId, 'normal')).toBe(false);
    });

    test('a request that is repeated is refused instead of ringing twice', async () => {
      const { pbx } = site();
      const call = request();
      await pbx.calls.originate(call);
      await expect(pbx.calls.originate(call)).rejects.toMatchObject({ code: 'pbx-refused' });
      await pbx.calls.hangup(call.channelId, 'normal');
    });

    test.each([
      'Zoë 😀',
      'O"Neill \\ Sons',
      'a,b;c',
      '\u0024{SHELL(ls)}',
      '  ',
      '',
      '<1002>',
      '漢字 \u202eabc',
    ])('the caller ID name %j is shown as typed', async (name) => {
      const { pbx } = site();
      const call = request({ callerId: { name, number: '+331' } });
      await pbx.calls.originate(call);
      const channel = (await pbx.calls.channels()).find(({ id }) => id === call.channelId);
      expect(channel?.caller).toEqual({ name, number: '+331' });
      await pbx.calls.hangup(call.channelId, 'normal');
    });

    test('variables arrive as given, and what the dialplan reports arrives as reported', async () => {
      const { pbx } = site();
      const log = new EventLog(pbx);
      const given = 'a,b;"c" \\ \u0024{EXTEN} é😀: d\r\ne';
      const call = request({
        first: { context: 'contract', extension: 'tell' },
        variables: { __GIVEN: given },
      });
      await pbx.calls.originate(call);
      const told = await log.first('user-event', ({ name }) => name === 'Contract');
      expect(told.fields).toEqual({ Given: encodeURIComponent(given) });
      expect(told.channelId).toMatch(new RegExp(`^${call.channelId}`));
      await pbx.calls.hangup(call.channelId, 'normal');
    });

    test.each<[string, Partial<OriginateRequest>]>([
      ['a second destination', { first: { context: 'contract', extension: '1&PJSIP/x' } }],
      ['another technology', { first: { context: 'contract', extension: '1@x/n,PJSIP/x' } }],
      ['no extension', { second: { context: 'contract', extension: '' } }],
      ['a line break in the caller ID', { callerId: { name: 'a\r\nb', number: '1' } }],
      ['a number that ends the caller ID', { callerId: { name: 'a', number: '1> <2' } }],
      ['a function as variable', { variables: { 'SHELL(ls)': '1' } }],
    ])('a request with %s is refused before it is sent', async (_, changes) => {
      const { pbx } = site();
      const call = request(changes);
      const expected = { code: 'pbx-invalid-value', outcome: 'not-sent' };
      await expect(pbx.calls.originate(call)).rejects.toMatchObject(expected);
      expect((await pbx.calls.channels()).every(({ id }) => !id.startsWith(call.channelId))).toBe(true);
    });

    test('who dials is seen with what is dialled, and not as joined while it rings', async () => {
      const { pbx, phone } = site();
      await pbx.db.write(lineEntries('ringing'));
      expect(await (await phone('ringing')).register()).toBe(true);
      const log = new EventLog(pbx);
      const call = request({ first: { context: 'contract', extension: 'ring' } });
      await pbx.calls.originate(call);
      await log.first('channel-started', ({ endpoint }) => endpoint === 'ringing');
      const dialling = (await pbx.calls.channels()).filter(({ application }) => application.name === 'Dial');
      expect(dialling).toMatchObject([{ bridged: false }]);
      expect(dialling[0]!.application.data).toMatch(/^PJSIP\/ringing\b/);
      await pbx.calls.hangup(call.channelId, 'normal');
      await pbx.contacts.endContacts('ringing');
    });

    test("a line's own call is found by the line, lists its channel, and can be hung up", async () => {
      const { pbx, phone } = site();
      await pbx.db.write(lineEntries('ringing'));
      const ringing = await phone('ringing');
      expect(await ringing.register()).toBe(true);
      const log = new EventLog(pbx);
      const call = request({ first: { context: 'contract', extension: 'ring' } });
      await pbx.calls.originate(call);
      const begun = await log.first('channel-started', ({ endpoint }) => endpoint === 'ringing');
      expect(begun).toMatchObject({ callId: call.channelId });
      expect((await pbx.calls.endpointState('ringing'))?.channelIds).toEqual([begun.id]);
      const channel = (await pbx.calls.channels()).find(({ id }) => id === begun.id);
      expect(channel).toMatchObject({ endpoint: 'ringing', name: begun.name, bridged: false });

      expect(await pbx.calls.hangup(begun.id, 'normal')).toBe(true);
      await log.first('channel-ended', ({ id }) => id === begun.id);
      await until(
        'no channel is left',
        async () => (await pbx.calls.endpointState('ringing'))?.channelIds.length === 0,
      );
      await pbx.calls.hangup(call.channelId, 'normal');
      await pbx.contacts.endContacts('ringing');
    });
  });
}
