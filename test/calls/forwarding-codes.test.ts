import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeForwarding } from '../../src/domain/pbx/records.ts';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
let alice: User;
let bob: User;
let carol: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk();
  alice = await tenant.user({ extension: '1001' });
  bob = await tenant.user({ extension: '1002', profile: 'national', number: '+33155501002' });
  carol = await tenant.user({ extension: '1003', profile: 'internal', number: '+33155501003' });
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

async function setting(user: User) {
  return decodeForwarding((await dialplan.pbx.db.get(`pb/fwd/${user.id}`)) ?? '');
}

/** What waits for Patchbay, by kind. */
async function waiting(user: User): Promise<Record<string, string>> {
  const box = await dialplan.pbx.db.readTree(`pbbox/fwd/${user.id}`);
  return Object.fromEntries([...box].map(([path, target]) => [path.split('/').at(-1)!, target]));
}

/** Dials a code that is accepted: something is said, and the PBX hangs up. */
async function dialCode(user: User, code: string): Promise<void> {
  const call = await user.phone.dial(code);
  expect(call.status, code).toBe(200);
  await call.hangup();
}

test('a code sets forwarding at once, as a number that means the same everywhere, and leaves it for Patchbay', async () => {
  await bob.forward({ noAnswerSeconds: 7 });
  await dialCode(bob, '*721003');
  expect(await setting(bob)).toEqual({
    always: '1003',
    busy: null,
    noAnswer: null,
    notRegistered: null,
    noAnswerSeconds: 7,
  });
  await dialplan.report('PbBox', { User: bob.id, Tenant: tenant.id, Kind: 'always' });
  const { calling } = await connect(alice.phone, '1002', carol.phone);
  await calling.hangup();

  await dialCode(bob, '*90*0612345678#');
  await dialCode(bob, '*92+33611111111');
  await dialCode(bob, '*940155501003');
  expect(await setting(bob)).toEqual({
    always: '1003',
    busy: '+33612345678',
    noAnswer: '+33611111111',
    notRegistered: '+33155501003',
    noAnswerSeconds: 7,
  });
  expect(await waiting(bob)).toEqual({
    always: '1003',
    busy: '+33612345678',
    noanswer: '+33611111111',
    unregistered: '+33155501003',
  });
});

test('the codes that end forwarding', async () => {
  for (const code of ['*73', '*91', '*93', '*95']) await dialCode(bob, code);
  expect(await setting(bob)).toEqual({
    always: null,
    busy: null,
    noAnswer: null,
    notRegistered: null,
    noAnswerSeconds: 7,
  });
  expect(await waiting(bob)).toEqual({ always: '', busy: '', noanswer: '', unregistered: '' });
  const { calling } = await connect(alice.phone, '1002', bob.phone);
  await calling.hangup();
});

test('a target that the gate refuses is refused when it is set, and nothing changes', async () => {
  const before = await setting(bob);
  const refused: [string, string][] = [
    ['*72+442079460018', 'no-rule'],
    ['*7215', 'emergency-on-forward'],
    ['*90112', 'emergency-on-forward'],
    ['*721002', 'forwarding-to-oneself'],
    ['*724999', 'unassigned-number'],
    ['*72*#', 'empty'],
  ];
  const statuses = await Promise.all(refused.map(async ([code]) => (await bob.phone.dial(code)).status));
  expect(statuses).toEqual(refused.map(() => 403));
  for (const [, reason] of refused.slice(0, -1))
    await dialplan.report('PbRefused', { User: bob.id, Reason: reason });
  expect(await setting(bob)).toEqual(before);
  await carrier.sawNothingFor('2079460018');
});

test("codes are the phone's own: neither a transfer nor a forwarding nor a trunk sets anything", async () => {
  const { calling, called } = await connect(alice.phone, '1002', bob.phone);
  await hearEachOther(calling, called);
  const returning = bob.phone.expectCall();
  await called.refer('*721003');
  await (await returning).hangup();
  await calling.waitEnded();
  expect((await carrier.call('*721003', { from: '+33699999999' })).status).toBe(404);
  expect((await setting(bob)).always).toBeNull();
  expect((await setting(alice)).always).toBeNull();
});
