import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

const ABROAD = '+442079460018';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
/** May call anywhere; calls the others. */
let alice: User;
let carol: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk();
  alice = await tenant.user({
    name: 'Alice',
    extension: '1001',
    profile: 'international',
    number: '+33155501001',
  });
  carol = await tenant.user({
    name: 'Carol',
    extension: '1003',
    profile: 'internal',
    number: '+33155501003',
  });
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

let last = 2000;

/** A user who forwards, with a number of the country's ordinary rights. */
function forwarder(forwarding: Parameters<User['forward']>[0], wishes: Parameters<Tenant['user']>[0] = {}) {
  const extension = String(++last);
  const number = `+3315550${extension}`;
  return tenant.user({ extension, number, profile: 'national', forwarding, ...wishes });
}

test('always, to a colleague: the colleague sees who calls, the caller sees who answers, the phone stays silent', async () => {
  const bob = await forwarder({ always: '1003' });
  const { calling, called } = await connect(alice.phone, bob.extension!, carol.phone);
  expect(called.from).toMatchObject({ display: 'Alice', user: '1001' });
  expect(called.header('Diversion')).toBeUndefined();
  expect(calling.remote).toMatchObject({ display: 'Carol', user: '1003' });
  expect(await bob.phone.callsSoFar()).toEqual([]);
  await hearEachOther(calling, called);
  await calling.hangup();
});

test.each(['inside', 'outside'])(
  'always, to an outside number, a call from %s: shows who forwards',
  async (from) => {
    const bob = await forwarder({ always: '06 12 34 56 78' });
    const caller =
      from === 'inside'
        ? await alice.phone.startCall(bob.extension!)
        : await carrier.phone.startCall(bob.number!, {
            from: { user: '+33699999999', display: 'Somebody' },
            headers: [['Diversion', '<sip:+33123456789@example.com>']],
          });
    const seen = await carrier.nextCall();
    expect(seen.number).toBe('+33612345678');
    expect(seen.from).toMatchObject({ user: bob.number, display: '' });
    expect(JSON.stringify(seen.call.invite.headers)).not.toMatch(
      /33699999999|33123456789|33155501001|Somebody|Alice/,
    );
    await caller.answered();
    await hearEachOther(caller, seen.call);
    await caller.hangup();
  },
);

test("a trunk that is set so shows the original caller's number, and of a colleague still who forwards", async () => {
  const company = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155504000' });
  const theirs = await company.trunk({ passesForwardedCaller: true });
  const colleague = await company.user({ extension: '1001', profile: 'national', number: '+33155504001' });
  const away = await company.user({
    extension: '1002',
    profile: 'national',
    number: '+33155504002',
    forwarding: { always: '0612345678' },
    phones: 0,
  });
  const outside = await theirs.phone.startCall(away.number!, { from: { user: '+33699999999' } });
  expect((await theirs.nextCall()).from.user).toBe('+33699999999');
  await outside.hangup();
  const inside = await colleague.phone.startCall('1002');
  expect((await theirs.nextCall()).from.user).toBe('+33155504002');
  await inside.hangup();
});

test('when busy, when not answered, when no phone is registered', async () => {
  const bob = await forwarder({
    busy: '1003',
    noAnswer: '0611111111',
    notRegistered: '0622222222',
    noAnswerSeconds: 1,
  });
  const answering = carol.phone.expectCall();
  const refusing = bob.phone.expectCall({ status: 486 });
  const busy = await alice.phone.dial(bob.extension!);
  await refusing;
  expect((await answering).from).toMatchObject({ display: 'Alice', user: '1001' });
  await busy.hangup();

  const ringing = bob.phone.expectCall({ answer: false });
  const unanswered = await alice.phone.startCall(bob.extension!);
  const first = await carrier.nextCall();
  expect([first.number, first.from.user]).toEqual(['+33611111111', bob.number]);
  await (await ringing).waitEnded();
  await unanswered.hangup();

  await bob.phone.deregister();
  const nobody = await alice.phone.startCall(bob.extension!);
  const second = await carrier.nextCall();
  expect([second.number, second.from.user]).toEqual(['+33622222222', bob.number]);
  await nobody.hangup();
});

test('with the rights of who forwards, whoever calls: refused is refused, and reported as theirs', async () => {
  const abroad = await forwarder({ always: ABROAD });
  const emergency = await forwarder({ always: '15' });
  const switchedOff = await forwarder({ always: '0612345678' }, { flags: { outsideCalls: false } });
  const nowhere = await forwarder({ always: '4999' });
  const before = (await carrier.callsSoFar()).length;
  const cases: [User, string][] = [
    [abroad, 'no-rule'],
    [emergency, 'emergency-on-forward'],
    [switchedOff, 'outside-calls-off'],
    [nowhere, 'unassigned-number'],
  ];
  await Promise.all(
    cases.map(async ([user, reason]) => {
      const inside = alice.phone.dial(user.extension!);
      const outside = carrier.call(user.number!, { from: '+33699999999' });
      expect((await inside).status, reason).toBe(403);
      expect((await outside).status, reason).toBe(403);
      const { fields } = await dialplan.report('PbRefused', { User: user.id });
      expect(fields).toMatchObject({ Path: 'forward', Reason: reason });
    }),
  );
  expect(await carrier.callsSoFar()).toHaveLength(before);
});

test('a user who may call abroad forwards abroad, for a caller who may not', async () => {
  const manager = await forwarder({ always: ABROAD }, { profile: 'international' });
  const call = await carol.phone.startCall(manager.extension!);
  const seen = await carrier.nextCall();
  expect([seen.number, seen.from.user]).toEqual([ABROAD, manager.number]);
  await call.hangup();
});

test('forwarding to one another ends', async () => {
  const one = await forwarder({});
  const two = await forwarder({ always: one.extension });
  await one.forward({ always: two.extension });
  const self = await forwarder({});
  await self.forward({ always: self.extension });
  const calls = await Promise.all([alice.phone.dial(one.extension!), alice.phone.dial(self.extension!)]);
  expect(calls.map((call) => call.status)).toEqual([403, 403]);
  await dialplan.report('PbRefused', { User: self.id, Reason: 'forwarding-loop', Path: 'forward' });
});

test('three forwardings one after the other arrive, a fourth does not', async () => {
  const third = await forwarder({ always: '1003' });
  const second = await forwarder({ always: third.extension });
  const first = await forwarder({ always: second.number });
  const { calling } = await connect(alice.phone, first.extension!, carol.phone);
  await calling.hangup();
  const zeroth = await forwarder({ always: first.extension });
  expect((await alice.phone.dial(zeroth.extension!)).status).toBe(403);
});

test('a call that is transferred to a user who forwards follows the forwarding', async () => {
  const away = await forwarder({ always: '0612345678' });
  const bob = await forwarder({});
  const { calling, called } = await connect(alice.phone, bob.extension!, bob.phone);
  await hearEachOther(calling, called);
  await called.refer(away.extension!);
  const seen = await carrier.nextCall();
  expect([seen.number, seen.from.user]).toEqual(['+33612345678', away.number]);
  await hearEachOther(calling, seen.call);
  await calling.hangup();
});
