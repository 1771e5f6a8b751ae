import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

const ABROAD = '+442079460018';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
/** May call anywhere. */
let alice: User;
/** May call numbers of the country. */
let bob: User;
/** May call extensions. */
let carol: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk();
  const user = (name: string, extension: string, profile: 'international' | 'national' | 'internal') =>
    tenant.user({ name, extension, alias: name.toLowerCase(), profile, number: `+3315550${extension}` });
  alice = await user('Alice', '1001', 'international');
  bob = await user('Bob', '1002', 'national');
  carol = await user('Carol', '1003', 'internal');
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

/** What a phone that transfers may claim; none of it counts and none of it goes on. */
const CLAIMS = {
  headers: [
    ['Referred-By', '<sip:+33123456789@example.com>'],
    ['P-Asserted-Identity', '<sip:+33123456789@example.com>'],
  ] as const,
};

test.each(['1003', 'carol', '+33155501003', '0155501003'])(
  'blind, to the colleague %s: who is transferred and the target see and hear each other',
  async (target) => {
    const { calling, called } = await connect(alice.phone, '1002', bob.phone);
    await hearEachOther(calling, called);
    const answering = carol.phone.expectCall();
    expect(await called.refer(target, { headers: [...CLAIMS.headers] })).toMatchObject({ status: 202 });
    const transferred = await answering;
    expect(transferred.from).toMatchObject({ display: 'Alice', user: '1001' });
    expect(transferred.header('Referred-By')).toBeUndefined();
    expect(JSON.stringify(transferred.invite.headers)).not.toContain('+33123456789');
    await hearEachOther(calling, transferred);
    await calling.hangup();
    await transferred.waitEnded();
  },
);

test('blind, abroad: with the rights and the number of the one who transfers, who may', async () => {
  const { calling, called } = await connect(carol.phone, '1001', alice.phone);
  await hearEachOther(calling, called);
  expect((await called.refer(ABROAD, { headers: [...CLAIMS.headers] })).notified.at(-1)).toBe(200);
  const seen = await carrier.nextCall();
  expect(seen.number).toBe(ABROAD);
  expect(seen.from.user).toBe('+33155501001');
  expect(seen.call.header('Referred-By')).toBeUndefined();
  expect(JSON.stringify(seen.call.invite.headers)).not.toContain('+33123456789');
  await hearEachOther(calling, seen.call);
  await calling.hangup();
});

test('blind, abroad, by one who may not: the transferred party, who might, comes back', async () => {
  const { calling, called } = await connect(alice.phone, '1002', bob.phone);
  await hearEachOther(calling, called);
  const before = (await carrier.callsSoFar()).length;
  const returning = bob.phone.expectCall();
  await called.refer(ABROAD);
  const back = await returning;
  expect(back.from).toMatchObject({ display: 'Alice', user: '1001' });
  await hearEachOther(calling, back);
  await dialplan.report('PbRefused', { User: bob.id, Number: ABROAD, Path: 'transfer', Reason: 'no-rule' });
  expect(await carrier.callsSoFar()).toHaveLength(before);
  await calling.hangup();
  await back.waitEnded();
});

test.each([
  ['busy', { status: 486 }],
  ['declined', { status: 603 }],
] as const)('blind, to a colleague who is %s: the transferred party comes back', async (_, plan) => {
  const { calling, called } = await connect(alice.phone, '1002', bob.phone);
  await hearEachOther(calling, called);
  const refusing = carol.phone.expectCall(plan);
  const returning = bob.phone.expectCall();
  await called.refer('1003');
  await refusing;
  const back = await returning;
  expect(back.from).toMatchObject({ display: 'Alice', user: '1001' });
  await hearEachOther(calling, back);
  await calling.hangup();
});

test('an emergency number can be transferred to, with the number of the one who transfers', async () => {
  const { calling, called } = await connect(alice.phone, '1002', bob.phone);
  await hearEachOther(calling, called);
  await called.refer('15');
  const seen = await carrier.nextCall();
  expect([seen.number, seen.from.user]).toEqual(['15', '+33155501002']);
  await calling.hangup();
});

test('attended: the consultation was dialled by its phone; then the two others are together', async () => {
  const { calling, called } = await connect(alice.phone, '1002', bob.phone);
  await called.hold();
  const second = await connect(bob.phone, '1003', carol.phone);
  expect(second.called.from).toMatchObject({ display: 'Bob', user: '1002' });
  await hearEachOther(second.calling, second.called);
  expect((await called.referReplaces(second.calling)).notified.at(-1)).toBe(200);
  await hearEachOther(calling, second.called);
  await calling.hangup();
  await second.called.waitEnded();
});

test('attended, abroad: refused where it is dialled, for one who may not', async () => {
  const { calling, called } = await connect(alice.phone, '1002', bob.phone);
  await called.hold();
  expect((await bob.phone.dial(ABROAD)).status).toBe(403);
  await called.resume();
  await calling.hangup();
});

test('attended, to a call that is not on this PBX: 404', async () => {
  const { calling, called } = await connect(alice.phone, '1002', bob.phone);
  await hearEachOther(calling, called);
  const elsewhere = 'sip:1003@127.0.0.1?Replaces=somewhere%3Bto-tag%3Done%3Bfrom-tag%3Dtwo';
  expect((await called.refer(elsewhere)).notified.at(-1)).toBe(404);
  expect((await called.refer('external_replaces')).notified.at(-1)).toBe(404);
  await hearEachOther(calling, called);
  await calling.hangup();
});

test('an account whose name begins like that word can still be transferred to', async () => {
  const names = [
    'e.martin',
    'ex',
    'exa',
    'ext',
    'exte',
    'exter',
    'extern',
    'external',
    'externals',
    'external.desk',
  ];
  const found = await Promise.all(
    names.map(async (alias) => {
      const user = await tenant.user({ alias });
      const caller = await tenant.user({ extension: null });
      const middle = await tenant.user({ alias: `middle.${alias}` });
      const { calling, called } = await connect(caller.phone, `middle.${alias}`, middle.phone);
      await hearEachOther(calling, called);
      const answering = user.phone.expectCall();
      await called.refer(alias);
      await answering;
      await calling.hangup();
      return alias;
    }),
  );
  expect(found).toEqual(names);
});

test('who may not transfer gets no REFER through, and no digits either', async () => {
  const dave = await tenant.user({
    extension: '1004',
    profile: 'international',
    flags: { transfers: false },
  });
  const { calling, called } = await connect(alice.phone, '1004', dave.phone);
  await hearEachOther(calling, called);
  expect((await called.refer('1003')).status).toBe(603);
  await called.sendDtmf('#1');
  // The digits go to the other party instead of to the PBX.
  await calling.audio.receivesDigits('#1');
  await hearEachOther(calling, called);
  expect(await carol.phone.callsSoFar()).toHaveLength(carol.phone.received.length);
  await calling.hangup();
});
