import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';
import { phone, type UaPhone } from '../support/phones/ua-phone.ts';
import { startService, type TestService } from '../support/service.ts';
import { foundTenant, type TestTenant, type TestUser } from '../support/tenants.ts';

const INSIDE = '127.0.0.21';
const OUTSIDE = '127.0.0.22';
/** An IPv6 network stands beside the IPv4 one, so that both families go through the PBX's one list. */
const NETWORKS = ['127.0.0.21/32', '2001:db8::/32'];
/** The very answer to a wrong password, though it was right: a stranger learns nothing. */
const REFUSED = 401;
const WAIT = { prefer: 'wait=10' };

let service: TestService;
let tenant: TestTenant;

beforeAll(async () => {
  service = await startService();
  tenant = await foundTenant(service);
});
afterAll(async () => {
  await closePhones();
  await service?.stop();
});

type Employee = TestUser & { lineId: string; phoneAt: (localIp: string) => Promise<UaPhone> };

async function hire(fields: Record<string, unknown> = {}): Promise<Employee> {
  const user = await tenant.user({ phone: 'softphone', extension: 'next', ...fields });
  await change(user, { recordCalls: false });
  const lineId = user.lines[0].id as string;
  const { json } = await tenant.api.get(`/users/${user.id}/lines/${lineId}/credentials`);
  const phoneAt = (localIp: string) =>
    phone({
      server: inject('asterisk').sip,
      user: json.sipUsername,
      password: json.password,
      name: `${user.extension} at ${localIp}`,
      localIp,
    });
  return { ...user, lineId, phoneAt };
}

/** On the PBX when it resolves. */
async function change(user: TestUser, fields: Record<string, unknown>): Promise<void> {
  const answer = await tenant.api.patch(`/users/${user.id}`, fields, WAIT);
  expect([answer.status, answer.json.sync?.state]).toEqual([200, 'applied']);
}

const contactsOf = (lineId: string) =>
  service.patchbay.deps.pbxOf(service.nodeId)!.contacts.contactsOf(lineId);

test('a phone registers and calls from inside the networks, and from outside it does neither', async () => {
  const ada = await hire({ allowedNetworks: NETWORKS });
  const bob = await hire();
  const bobsPhone = await bob.phoneAt('127.0.0.1');
  expect((await bobsPhone.register()).status).toBe(200);

  const outside = await ada.phoneAt(OUTSIDE);
  expect((await outside.register()).status).toBe(REFUSED);
  expect((await outside.dial(bob.extension)).status).toBe(REFUSED);
  expect(await bobsPhone.callsSoFar()).toEqual([]);
  expect(await contactsOf(ada.lineId)).toEqual([]);

  const inside = await ada.phoneAt(INSIDE);
  expect((await inside.register()).status).toBe(200);
  const { calling } = await connect(inside, bob.extension, bobsPhone);
  await calling.hangup();
});

test('tightening the networks ends a registration from outside at once, and none from inside', async () => {
  const ada = await hire();
  const bob = await hire();
  const outside = await ada.phoneAt(OUTSIDE);
  const inside = await bob.phoneAt(INSIDE);
  expect((await outside.register()).status).toBe(200);
  expect((await inside.register()).status).toBe(200);

  for (const user of [ada, bob]) await change(user, { allowedNetworks: NETWORKS });
  expect(await contactsOf(ada.lineId)).toEqual([]);
  expect(await contactsOf(bob.lineId)).toHaveLength(1);
  await (await inside.dial(ada.extension)).hangup();
  expect(await outside.callsSoFar().catch(() => outside.received)).toEqual([]);
  expect((await outside.register()).status).toBe(REFUSED);

  await change(ada, { allowedNetworks: [] });
  expect((await outside.register()).status).toBe(200);
});

test('a call in progress outlives a tightening, and hanging up still ends it', async () => {
  const ada = await hire();
  const bob = await hire();
  const outside = await ada.phoneAt(OUTSIDE);
  const bobsPhone = await bob.phoneAt('127.0.0.1');
  for (const one of [outside, bobsPhone]) expect((await one.register()).status).toBe(200);
  const { calling, called } = await connect(outside, bob.extension, bobsPhone);
  await change(ada, { allowedNetworks: NETWORKS });
  expect([calling.state, called.state]).toEqual(['up', 'up']);
  await calling.hangup();
  expect((await called.waitEnded()).by).toBe('them');
});

test('the longest name and the longest networks fit into one value of the PBX', async () => {
  const networks = Array.from({ length: 20 }, (_, n) => `255.255.255.${200 + n * 2}/32`);
  const ada = await hire({ callerIdName: '"'.repeat(100), allowedNetworks: networks, allowTransfer: false });
  expect((await (await ada.phoneAt(INSIDE)).register()).status).toBe(REFUSED);
  await change(ada, { allowedNetworks: ['127.0.0.0/8'] });
  expect((await (await ada.phoneAt(INSIDE)).register()).status).toBe(200);
});
