import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { hearEachOther } from '../support/phones/connect.ts';
import { Dialog } from '../support/phones/dialog.ts';
import { closePhones } from '../support/phones/open-phones.ts';

/** Two outside parties left to each other: only by a user who may (flag j). */
let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
/** May not. */
let alice: User;
/** May. */
let broker: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk();
  alice = await tenant.user({ extension: '1001', profile: 'national', number: '+33155501001' });
  const flags = { joinsOutsideParties: true };
  broker = await tenant.user({ extension: '1002', profile: 'national', number: '+33155501002', flags });
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

/** A call between the user and an outside party, in one direction or the other, that is up and heard. */
async function outsideCall(user: User, how: 'dialled' | 'received') {
  if (how === 'dialled') {
    const inside = await user.phone.dial('0612345678');
    const outside = (await carrier.nextCall()).call;
    await hearEachOther(inside, outside);
    return { inside, outside, number: '+33612345678' };
  }
  const answering = user.phone.expectCall();
  const outside = await carrier.call(user.number!, { from: '+33699999999' });
  const inside = await answering;
  await hearEachOther(inside, outside);
  return { inside, outside, number: '+33699999999' };
}

async function consultation(user: User) {
  const inside = await user.phone.dial('0698765432');
  const outside = (await carrier.nextCall()).call;
  await hearEachOther(inside, outside);
  return { inside, outside };
}

test.each(['dialled', 'received'] as const)(
  'blind: refused, and the party of the %s call comes back; who may is obeyed',
  async (how) => {
    const { inside, outside, number } = await outsideCall(alice, how);
    const returning = alice.phone.expectCall();
    await inside.refer('0698765432');
    const back = await returning;
    expect(back.from.user).toBe(number);
    await hearEachOther(back, outside);
    await dialplan.report('PbRefused', { User: alice.id, Path: 'transfer', Reason: 'join-off' });
    await carrier.sawNothingFor('0698765432');
    await back.hangup();

    const theirs = await outsideCall(broker, how);
    await theirs.inside.refer('0611223344');
    const seen = await carrier.nextCall();
    expect([seen.number, seen.from.user]).toEqual(['+33611223344', '+33155501002']);
    await hearEachOther(theirs.outside, seen.call);
    await theirs.outside.hangup();
    await seen.call.waitEnded();
  },
);

test.each(['dialled', 'received'] as const)(
  'attended: undone at once; the party of the %s call comes back, the other is let go',
  async (how) => {
    const first = await outsideCall(alice, how);
    await first.inside.hold();
    const second = await consultation(alice);
    const reports = dialplan.reports.length;
    const returning = alice.phone.expectCall();
    await first.inside.referReplaces(second.inside);
    await second.outside.waitEnded();
    const back = await returning;
    expect(back.from.user).toBe(first.number);
    await hearEachOther(back, first.outside);
    expect(dialplan.reports.slice(reports)).toMatchObject([
      { name: 'PbRefused', fields: { User: alice.id, Path: 'transfer', Reason: 'join-off' } },
    ]);
    await back.hangup();
    await first.outside.waitEnded();
  },
);

test.each(['dialled', 'received'] as const)(
  'attended, while the other still rings: the party of the %s call comes back when it is answered',
  async (how) => {
    const first = await outsideCall(alice, how);
    carrier.plan = { answer: false };
    const second = await alice.phone.startCall('0698765432');
    const ringing = (await carrier.nextCall()).call;
    carrier.plan = { answer: true };
    const early = Dialog.ofCaller(second.invite, await second.provisional(180));
    Object.assign(second, { established: () => early, replaces: () => early.replaces() });
    const returning = alice.phone.expectCall();
    await first.inside.referReplaces(second, { stay: true });
    await ringing.answer();
    await ringing.waitEnded();
    const back = await returning;
    expect(back.from.user).toBe(first.number);
    await hearEachOther(back, first.outside);
    await back.hangup();
    await first.outside.waitEnded();
  },
);

test.each(['dialled', 'received'] as const)(
  'attended, by one who may: the two are left together (%s)',
  async (how) => {
    const first = await outsideCall(broker, how);
    const second = await consultation(broker);
    await first.inside.referReplaces(second.inside);
    await hearEachOther(first.outside, second.outside);
    expect(broker.phone.received.filter((call) => call.state !== 'ended')).toEqual([]);
    await first.outside.hangup();
    await second.outside.waitEnded();
  },
);

test('attended, by digits: the consultation itself is refused; the first call goes on', async () => {
  const refused = async (how: 'dialled' | 'received', number: string) => {
    const dora = await tenant.user({ profile: 'national', number });
    const { inside, outside } = await outsideCall(dora, how);
    await inside.sendDtmf('*20698765432', 'info');
    await dialplan.report('PbRefused', { User: dora.id, Dialled: '0698765432', Reason: 'join-off' });
    await hearEachOther(inside, outside);
    await inside.hangup();
  };
  await Promise.all([refused('dialled', '+33155501101'), refused('received', '+33155501102')]);
});

test('an outside party given to a colleague counts as talking to the colleague', async () => {
  const first = await outsideCall(broker, 'received');
  const asking = alice.phone.expectCall();
  const ask = await broker.phone.dial('1001');
  const asked = await asking;
  await hearEachOther(ask, asked);
  await first.inside.referReplaces(ask);
  await hearEachOther(asked, first.outside);

  const second = await consultation(alice);
  const returning = alice.phone.expectCall();
  await asked.referReplaces(second.inside);
  await second.outside.waitEnded();
  const back = await returning;
  await hearEachOther(back, first.outside);
  await back.hangup();
});

test('a forwarding joins a caller and an outside number, and stays joined', async () => {
  const away = await tenant.user({
    extension: '1003',
    profile: 'national',
    number: '+33155501003',
    phones: 0,
  });
  await away.forward({ always: '0655443322' });
  const caller = await carrier.phone.startCall('+33155501003', { from: { user: '+33699999999' } });
  const seen = await carrier.nextCall();
  expect(seen.number).toBe('+33655443322');
  await caller.answered();
  await hearEachOther(caller, seen.call);
  await caller.hangup();
  await seen.call.waitEnded();
});
