import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
let alice: User;

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
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

/** Dials and returns what the carrier saw, once the call is over. */
async function seenByCarrier(user: User, number: string, at = carrier) {
  const call = await user.phone.dial(number);
  expect(call.status).toBe(200);
  const seen = await at.nextCall();
  await call.hangup();
  return seen;
}

test("the carrier sees the user's number and no name, and hears the user; the user sees the number called", async () => {
  const call = await alice.phone.dial('06 12 34 56 78');
  const seen = await carrier.nextCall();
  expect(seen.number).toBe('+33612345678');
  expect(seen.from).toMatchObject({ user: '+33155501001', display: '' });
  expect(seen.assertedIdentity).toBeUndefined();
  expect(call.remote.user).toBe('+33612345678');
  await hearEachOther(call, seen.call);
  await call.hangup();
});

test.each(['+33612345678', '0033612345678', '0612345678', '06-12.34(56) 78'])(
  '%s is dialled as +33612345678',
  async (dialled) => {
    expect((await seenByCarrier(alice, dialled)).number).toBe('+33612345678');
  },
);

test('what a phone claims about itself does not reach the carrier', async () => {
  const call = await alice.phone.dial('0612345678', {
    from: { display: 'Boss' },
    headers: [
      ['P-Asserted-Identity', '"Boss" <sip:+33123456789@example.com>'],
      ['P-Preferred-Identity', '"Boss" <sip:+33123456789@example.com>'],
      ['Remote-Party-ID', '"Boss" <sip:+33123456789@example.com>'],
      ['Diversion', '<sip:+33123456789@example.com>;reason=unconditional'],
      ['Referred-By', '<sip:+33123456789@example.com>'],
      ['Privacy', 'id'],
    ],
  });
  const seen = await carrier.nextCall();
  await call.hangup();
  const message = JSON.stringify(seen.call.invite.headers);
  expect(message).not.toContain('+33123456789');
  expect(message).not.toContain('Boss');
  expect(seen.privacy).toBeUndefined();
  expect(seen.from.user).toBe('+33155501001');
});

test("a team's numbers take turns; a number that is not the tenant's is passed over", async () => {
  const group = ['+33155501010', '+33155501011', '+33155509999'];
  for (const number of group.slice(0, 2)) await tenant.owns(number);
  const bob = await tenant.user({ extension: '1002', profile: 'national', number: '+33155501002', group });
  const shown: string[] = [];
  for (let i = 0; i < 4; i++) shown.push((await seenByCarrier(bob, '0612345678')).from.user);
  expect(shown).toEqual(['+33155501010', '+33155501011', '+33155501002', '+33155501010']);
});

test("a user without a number shows the tenant's; one whose number is another's does too", async () => {
  const carol = await tenant.user({ extension: '1003', profile: 'national' });
  expect((await seenByCarrier(carol, '0612345678')).from.user).toBe('+33155501000');
  const other = await dialplan.tenant({ country: 'FR' });
  await other.owns('+33155508001');
  carol.number = '+33155508001';
  await carol.save();
  expect((await seenByCarrier(carol, '0612345678')).from.user).toBe('+33155501000');
});

test('nobody to show: refused, and said so', async () => {
  const poor = await dialplan.tenant({ country: 'FR' });
  const theirs = await poor.trunk();
  const dave = await poor.user({ extension: '1001', profile: 'national' });
  expect((await dave.phone.dial('0612345678')).status).toBe(403);
  await dialplan.report('PbRefused', { User: dave.id, Reason: 'no-caller-id', Number: '+33612345678' });
  await theirs.sawNothingFor('0612345678');
});

test('a withheld number: unknown to the called party; told to a carrier that is trusted with it', async () => {
  const company = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155502000' });
  const trusted = await company.trunk({ sendsAssertedIdentity: true });
  const shy = await company.user({
    extension: '1001',
    profile: 'national',
    number: '+33155502001',
    flags: { withholdsNumber: true },
  });
  const told = await seenByCarrier(shy, '0612345678', trusted);
  expect(told.from.user).toBe('anonymous');
  expect(told.assertedIdentity?.user).toBe('+33155502001');
  expect(told.privacy).toBe('id');

  const plain = await tenant.user({
    extension: '1004',
    profile: 'national',
    number: '+33155501004',
    flags: { withholdsNumber: true },
  });
  const untold = await seenByCarrier(plain, '0612345678');
  expect(untold.from.user).toBe('anonymous');
  expect(JSON.stringify(untold.call.invite.headers)).not.toContain('155501004');
});

test('emergency: at once, with the own number, shown; no profile, switch, fence or extension is in the way', async () => {
  const group = ['+33155501010'];
  const erin = await tenant.user({
    extension: '1005',
    profile: null,
    number: '+33155501005',
    group,
    flags: { withholdsNumber: true, outsideCalls: false },
    limits: { abroadAtOnce: 0, longestCallSeconds: 1 },
  });
  await dialplan.write([[`pb/fence/${erin.id}`, '1']]);
  await tenant.user({ extension: '112', phones: 0 });
  for (const number of ['15', '17', '18', '112']) {
    const seen = await seenByCarrier(erin, number);
    expect(seen.number).toBe(number);
    expect(seen.from.user).toBe('+33155501005');
    expect(seen.privacy).toBeUndefined();
  }
});

test('emergency goes out even where there is no number at all to show', async () => {
  const poor = await dialplan.tenant({ country: 'FR' });
  const theirs = await poor.trunk();
  const user = await poor.user({ extension: '1001', profile: null });
  expect((await seenByCarrier(user, '112', theirs)).number).toBe('112');
});

test('each trunk writes numbers as its carrier wants them', async () => {
  const formats = { 'e164+': '+33612345678', e164: '33612345678', national: '0612345678' } as const;
  const abroad = { 'e164+': '+442079460018', e164: '442079460018', national: '00442079460018' } as const;
  const own = { 'e164+': '+33155503001', e164: '33155503001', national: '0155503001' } as const;
  for (const format of ['e164+', 'e164', 'national'] as const) {
    const company = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155503001' });
    const theirs = await company.trunk({ format });
    const user = await company.user({ extension: '1001', profile: 'international' });
    const near = await seenByCarrier(user, '0612345678', theirs);
    expect([near.number, near.from.user]).toEqual([formats[format], own[format]]);
    const far = await seenByCarrier(user, '+442079460018', theirs);
    expect([far.number, far.from.user]).toEqual([abroad[format], own[format]]);
  }
});

test('the next trunk is tried when one fails, and not when a phone has rung or is busy or does not exist', async () => {
  const company = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155504000' });
  const first = await company.trunk();
  const second = await company.trunk();
  const user = await company.user({ extension: '1001', profile: 'national' });
  for (const status of [503, 500, 403]) {
    first.plan = { status, ringing: false };
    const call = await user.phone.dial('0612345678');
    expect(call.status, `after ${status}`).toBe(200);
    expect((await second.nextCall()).number).toBe('+33612345678');
    await first.nextCall();
    await call.hangup();
  }
  const tried = (await second.callsSoFar()).length;
  for (const [status, heard] of [
    [486, 486],
    [404, 404],
    [480, 480],
    [484, 484],
  ] as const) {
    first.plan = { status, ringing: false };
    expect((await user.phone.dial('0612345678')).status).toBe(heard);
    await first.nextCall();
  }
  first.plan = { answer: false };
  const call = await user.phone.startCall('0612345678');
  const ringing = await first.nextCall();
  await call.provisional(180);
  await ringing.call.reject(503);
  expect((await call.answered()).status).toBe(503);
  expect((await second.callsSoFar()).length).toBe(tried);
});

test('a tenant without a trunk hears that there is no way out', async () => {
  const company = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155505000' });
  const user = await company.user({ extension: '1001', profile: 'national' });
  expect((await user.phone.dial('0612345678')).status).toBe(503);
});
