import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';
import { until } from '../support/until.ts';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
let alice: User;
let bob: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk();
  alice = await tenant.user({
    name: 'Alice',
    extension: '1001',
    profile: 'national',
    number: '+33155501001',
  });
  bob = await tenant.user({ name: 'Bob', extension: '1002', profile: 'internal', number: '+33155501002' });
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

/** What the service does when a user clicks a number. */
function click(user: User, number: string): Promise<void> {
  return dialplan.pbx.calls.originate({
    channelId: randomUUID(),
    first: { context: 'pb-click', extension: 'ring' },
    second: { context: 'pb-click', extension: 'dial' },
    callerId: { name: '', number: '' },
    variables: { PB_UID: user.id, PB_ASKED: number },
    timeoutSeconds: 30,
  });
}

async function nobodyTalks(): Promise<void> {
  await until('all channels to be gone', async () => (await dialplan.pbx.calls.channels()).length === 0);
}

test("the user's phone rings with the number, then the number is called and shown the user's", async () => {
  const answering = alice.phone.expectCall();
  await click(alice, '06 12 34 56 78');
  const own = await answering;
  expect(own.from.user).toBe('0612345678');
  const seen = await carrier.nextCall();
  expect([seen.number, seen.from.user]).toEqual(['+33612345678', '+33155501001']);
  await hearEachOther(own, seen.call);
  await own.hangup();
  await seen.call.waitEnded();
  await nobodyTalks();
});

test('a colleague sees name and extension', async () => {
  const answering = alice.phone.expectCall();
  const ringing = bob.phone.expectCall();
  await click(alice, '1002');
  const own = await answering;
  const called = await ringing;
  expect(called.from).toMatchObject({ display: 'Alice', user: '1001' });
  await hearEachOther(own, called);
  await called.hangup();
  await own.waitEnded();
  await nobodyTalks();
});

test('nobody is called while the own phone is not answered', async () => {
  const before = (await carrier.callsSoFar()).length;
  const refusing = alice.phone.expectCall({ status: 486 });
  await click(alice, '0612345678');
  await refusing;
  await nobodyTalks();
  expect(await carrier.callsSoFar()).toHaveLength(before);
});

test.each(['+442079460018', '0612345678,30', 'Local/0612345678', '${EXTEN}'])(
  'the same gate: %s is refused to a user who may not call it',
  async (number) => {
    const before = (await carrier.callsSoFar()).length;
    const answering = bob.phone.expectCall();
    await click(bob, number);
    const own = await answering;
    await dialplan.report('PbRefused', { User: bob.id, Path: 'api' });
    await own.hangup();
    await nobodyTalks();
    expect(await carrier.callsSoFar()).toHaveLength(before);
  },
);

test('who clicked may transfer, with the same rights', async () => {
  const answering = alice.phone.expectCall();
  await click(alice, '0612345678');
  const own = await answering;
  const seen = await carrier.nextCall();
  await hearEachOther(own, seen.call);
  const ringing = bob.phone.expectCall();
  expect((await own.refer('1002')).notified.at(-1)).toBe(200);
  const called = await ringing;
  expect(called.from.user).toBe('+33612345678');
  await hearEachOther(called, seen.call);
  await called.hangup();
  await seen.call.waitEnded();
});

test('and may not join two outside parties, also with a call that came about by a click', async () => {
  const incoming = alice.phone.expectCall();
  const caller = await carrier.call('+33155501001', { from: '+33699999999' });
  const first = await incoming;
  await hearEachOther(first, caller);
  const answering = alice.phone.expectCall();
  await click(alice, '0698765432');
  const second = await answering;
  const consulted = (await carrier.nextCall()).call;
  await hearEachOther(second, consulted);
  const returning = alice.phone.expectCall();
  await first.referReplaces(second);
  const back = await returning;
  await consulted.waitEnded();
  await hearEachOther(back, caller);
  await back.hangup();
});

test('a user who is unknown, or behind the fence of a deletion, starts nothing', async () => {
  const before = alice.phone.received.length;
  await dialplan.write([[`pb/fence/${alice.id}`, '1']]);
  await click(alice, '1002');
  await nobodyTalks();
  await dialplan.remove([`pb/fence/${alice.id}`]);
  expect(await alice.phone.callsSoFar()).toHaveLength(before);
});
