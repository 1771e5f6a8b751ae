import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { closePhones } from '../support/phones/open-phones.ts';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;
let alice: User;
let bob: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk();
  alice = await tenant.user({ extension: '1001', profile: 'international' });
  bob = await tenant.user({ extension: '1002', profile: 'international', number: '+33155501002' });
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

/** Where a phone may say that the call should go instead. The last ones name a device of the PBX. */
function targets(): string[] {
  const trunk = `pbtrunk-${tenant.trunks[0]}`;
  return [
    'tel:+33612345678',
    'sip:0612345678@example.com',
    'sip:+33612345678@127.0.0.1',
    'sip:15@127.0.0.1',
    `sip:PJSIP%2F%2B33612345678%40${trunk}@127.0.0.1`,
    `sip:PJSIP%2f0612345678%40${trunk}@127.0.0.1`,
    'sip:Local%2F0612345678%40pb-phones@127.0.0.1',
    `sip:+33612345678@${carrier.address.host}:${carrier.address.port}`,
  ];
}

test('a 302 of a phone is not followed: a colleague who calls hears busy, the carrier sees nothing', async () => {
  for (const moved of targets()) {
    const redirecting = bob.phone.expectCall({ moved });
    const call = await alice.phone.dial('1002');
    await redirecting;
    expect(call.status, moved).toBe(486);
  }
  expect(await carrier.callsSoFar()).toEqual([]);
});

test('nor when the call comes from outside', async () => {
  for (const moved of targets()) {
    const redirecting = bob.phone.expectCall({ moved });
    const call = await carrier.call('+33155501002', { from: '+33699999999' });
    await redirecting;
    expect(call.status, moved).toBe(486);
  }
  expect(await carrier.callsSoFar()).toEqual([]);
});

test('a 302 of the carrier leads nowhere either', async () => {
  for (const moved of [...targets(), 'sip:1002@127.0.0.1', `sip:PJSIP%2F${bob.lines[0]}@127.0.0.1`]) {
    const before = (await carrier.callsSoFar()).length;
    carrier.plan = { moved };
    const call = await alice.phone.dial('0698765432');
    expect([486, 503], moved).toContain(call.status);
    expect((await carrier.callsSoFar()).length, moved).toBe(before + 1);
  }
  carrier.plan = { answer: true };
  expect(await bob.phone.callsSoFar()).toHaveLength(targets().length * 2);
});
