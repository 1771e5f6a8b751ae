import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type User } from '../support/dialplan-fixture.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

let dialplan: Dialplan;
let tenant: Tenant;
let alice: User;
let bob: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR' });
  alice = await tenant.user({
    name: 'Alice',
    extension: '1001',
    profile: 'internal',
    number: '+33155501001',
  });
  bob = await tenant.user({
    name: 'Bob',
    extension: '1002',
    alias: 'bob-b.martin_x+y',
    profile: 'internal',
    number: '+33155501002',
  });
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

test('a call to an extension rings all of its phones; both sides see name and extension', async () => {
  const carol = await tenant.user({ name: 'Carol', extension: '1003', phones: 2 });
  const [first, second] = carol.phones;
  const ringing = second!.expectCall({ answer: false });
  const { calling, called } = await connect(alice.phone, '1003', first!);
  expect(called.from).toMatchObject({ display: 'Alice', user: '1001' });
  expect(called.remote).toMatchObject({ display: 'Alice', user: '1001' });
  expect(calling.remote).toMatchObject({ display: 'Carol', user: '1003' });
  expect(await (await ringing).waitEnded()).toMatchObject({ by: 'them' });
  await hearEachOther(calling, called);
  await calling.hangup();
  await called.waitEnded();
});

test.each([
  ['bob-b.martin_x+y', 'the SIP account'],
  ['Bob-B.Martin_X+Y', 'the SIP account in other letters'],
  ['+33155501002', "the user's own number"],
  ['0155501002', 'the number as it is dialled in the country'],
  ['00 33 (0)1 55-50.10 02', 'the number as people write it'],
])(
  '%s (%s) reaches the colleague without leaving the PBX, also for a user who may not call outside',
  async (dialled) => {
    const { calling, called } = await connect(alice.phone, dialled, bob.phone);
    expect(called.remote).toMatchObject({ display: 'Alice', user: '1001' });
    expect(calling.remote).toMatchObject({ display: 'Bob', user: '1002' });
    await calling.hangup();
  },
);

test('what a phone claims about itself reaches nobody', async () => {
  const claims = [
    ['P-Asserted-Identity', '"Boss" <sip:1000@example.com>'],
    ['Remote-Party-ID', '"Boss" <sip:1000@example.com>'],
    ['Diversion', '<sip:1000@example.com>;reason=unconditional'],
    ['History-Info', '<sip:1000@example.com>;index=1'],
    ['Privacy', 'id'],
  ] as const;
  const answering = bob.phone.expectCall();
  const call = await alice.phone.dial('1002', { from: { display: 'Boss' }, headers: [...claims] });
  const received = await answering;
  expect(call.status).toBe(200);
  expect(received.from).toMatchObject({ display: 'Alice', user: '1001' });
  expect(received.assertedIdentity).toMatchObject({ display: 'Alice', user: '1001' });
  for (const header of ['Remote-Party-ID', 'Diversion', 'History-Info', 'Privacy'])
    expect(received.header(header), header).toBeUndefined();
  await call.hangup();
});

test("a phone that writes another line's name into From is not let in", async () => {
  const call = await alice.phone.dial('1002', { from: { user: bob.lines[0]! } });
  expect(call.status).toBe(401);
});

test.each([
  [486, 486, 'busy'],
  [603, 486, 'declined'],
  [480, 480, 'does not answer'],
  [500, 480, 'fails'],
])('a phone that answers %i gives the caller %i (%s)', async (answer, heard) => {
  const answering = bob.phone.expectCall({ status: answer });
  const call = await alice.phone.dial('1002');
  await answering;
  expect(call.status).toBe(heard);
});

test('nobody answers: 480 when the time is up', async () => {
  await bob.forward({ noAnswerSeconds: 1 });
  const ringing = bob.phone.expectCall({ answer: false });
  const call = await alice.phone.dial('1002');
  expect(call.status).toBe(480);
  await (await ringing).waitEnded();
});

test('a user without a registered phone is unavailable, and so is one behind the fence of a deletion', async () => {
  const carol = await tenant.user({ name: 'Carol', extension: '1003' });
  const dave = await tenant.user({ name: 'Dave', extension: '1004', phones: 0 });
  expect((await alice.phone.dial(dave.extension!)).status).toBe(480);

  await dialplan.write([[`pb/fence/${carol.id}`, '1']]);
  expect((await alice.phone.dial('1003')).status).toBe(480);
  expect(await carol.phone.callsSoFar()).toEqual([]);
  const attempt = await carol.phone.dial('1001');
  expect(attempt.status).toBe(403);
  await dialplan.report('PbRefused', { User: carol.id, Reason: 'fenced' });

  await dialplan.remove([`pb/fence/${carol.id}`]);
  await dialplan.pbx.objects.setMaintenance(carol.lines[0]!, true);
  expect((await alice.phone.dial('1003')).status).toBe(480);
  await dialplan.pbx.objects.setMaintenance(carol.lines[0]!, false);
  const { calling } = await connect(alice.phone, '1003', carol.phone);
  await calling.hangup();
});

test("a number of the tenant's that nobody has is unknown", async () => {
  await tenant.owns('+33155501099');
  expect((await alice.phone.dial('0155501099')).status).toBe(404);
  await dialplan.report('PbRefused', { User: alice.id, Number: '+33155501099', Reason: 'unassigned-number' });
});
