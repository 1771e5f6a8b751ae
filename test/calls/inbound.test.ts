import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { hearEachOther } from '../support/phones/connect.ts';
import type { IncomingCall } from '../support/phones/incoming-call.ts';
import { closePhones } from '../support/phones/open-phones.ts';
import type { OutgoingCall } from '../support/phones/outgoing-call.ts';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
let alice: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk({ sendsAssertedIdentity: true });
  alice = await tenant.user({ name: 'Alice', extension: '1001', number: '+33155501001' });
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

async function callAlice(
  number: string,
  caller: Parameters<TestCarrier['call']>[1],
): Promise<{ calling: OutgoingCall; called: IncomingCall }> {
  const answering = alice.phone.expectCall();
  const calling = await carrier.call(number, caller);
  expect(calling.status).toBe(200);
  return { calling, called: await answering };
}

test.each(['+33155501001', '33155501001', '0155501001', '0033155501001', '+33155501001;npdi'])(
  'a call to %s rings its owner, who sees who calls',
  async (number) => {
    const { calling, called } = await callAlice(number, { from: '+33699999999', display: 'Märta Ö' });
    expect(called.from).toMatchObject({ display: 'Märta Ö', user: '+33699999999' });
    expect(called.remote).toMatchObject({ display: 'Märta Ö', user: '+33699999999' });
    await hearEachOther(calling, called);
    await calling.hangup();
  },
);

test('the carrier is told nothing about who answers inside', async () => {
  const { calling, called } = await callAlice('+33155501001', { from: '+33699999999' });
  for (const { headers } of calling.responses) {
    expect(JSON.stringify(headers)).not.toMatch(/Alice|<sip:1001@/);
  }
  await called.hangup();
});

test.each([
  ['anonymous', 'anonymous', 'Anonymous'],
  ['1001', 'anonymous', 'Colleague'],
  ['+33 6 99/99-9999', '+33699999999', 'Written with separators'],
])('a caller who writes %s is shown as %s', async (from, shown, display) => {
  const { calling, called } = await callAlice('+33155501001', { from: encodeURIComponent(from), display });
  expect(called.from).toMatchObject({ user: shown, display });
  await calling.hangup();
});

test('a name that looks like a command is a name', async () => {
  const display = 'Mr "X", ${DB_DELETE(pb/ext)} ; é';
  const { calling, called } = await callAlice('+33155501001', { from: '+33699999999', display });
  expect(called.from.display).toBe(display);
  await calling.hangup();
});

test("what is nobody's number is unknown, and from a trunk there is no way out", async () => {
  await tenant.user({ extension: '1002', profile: 'international' });
  const numbers = [
    '+33155501000', // the tenant's, given to nobody
    '+33155501777', // not the tenant's
    '1001',
    '1002',
    alice.lines[0]!,
    '15',
    '112',
    '+33612345678',
    '0612345678',
    '*721001',
    'pb-phones',
  ];
  for (const number of numbers) {
    const call = await carrier.call(number, { from: '+33699999999' });
    expect(call.status, number).toBe(404);
  }
  expect(await carrier.callsSoFar()).toEqual([]);
  const { fields } = await dialplan.report('PbRefused', { Dialled: '0612345678', Path: 'inbound' });
  expect(fields).toMatchObject({
    Tenant: tenant.id,
    User: '',
    Trunk: tenant.trunks[0],
    Reason: 'unassigned-number',
  });
});

test("who merely writes the trunk's name into From is not the carrier", async () => {
  const stranger = await tenant.user({ extension: '1003' });
  const call = await stranger.phone.dial('+33155501001', { from: { user: `pbtrunk-${tenant.trunks[0]}` } });
  expect(call.status).toBe(401);
});

test('the carrier cannot transfer', async () => {
  const { calling, called } = await callAlice('+33155501001', { from: '+33699999999' });
  await hearEachOther(calling, called);
  expect(await calling.refer('1002')).toMatchObject({ status: 603 });
  expect(called.state).toBe('up');
  await calling.hangup();
});

test('busy and no answer reach the carrier as what they are', async () => {
  const busy = alice.phone.expectCall({ status: 486 });
  expect((await carrier.call('+33155501001', { from: '+33699999999' })).status).toBe(486);
  await busy;
  await alice.forward({ noAnswerSeconds: 1 });
  const ringing = alice.phone.expectCall({ answer: false });
  expect((await carrier.call('+33155501001', { from: '+33699999999' })).status).toBe(480);
  await ringing;
});
