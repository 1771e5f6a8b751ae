import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type User } from '../support/dialplan-fixture.ts';
import { connect } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

let dialplan: Dialplan;
let tenant: Tenant;
let alice: User;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR' });
  alice = await tenant.user({ name: 'Alice', extension: '1001' });
  await dialplan.write([['pb/canary/alive', '1']]);
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

/** Each has been a command, an argument or a delimiter somewhere between the page and the phone's display. */
const NAMES = [
  'Zoë "Zed" O\'Neil; ${x}, \\ <1>',
  '${SHELL(touch /tmp/owned)}',
  '${DB_DELETE(pb/canary/alive)}',
  '$[1 + 1]',
  'a,b|c&d^e',
  'Local/1002@pb-phones',
  '"quoted"',
  '"',
  '\\',
  '\\"',
  '<sip:1002@example.com>',
  '%s%n%22',
  '=1+1',
  'tab\there',
  '\u202eright to left\u202c',
  'שלום עולם',
  '👩‍👩‍👧 한국어 é',
  'é'.repeat(60),
  'x'.repeat(200),
];

test.each(NAMES)('%j is shown as typed, to those who are called and to those who call', async (name) => {
  const user = await tenant.user({ name, extension: '1002' });
  const out = await connect(user.phone, '1001', alice.phone);
  expect(out.called.from.display).toBe(name);
  expect(out.called.remote.display).toBe(name);
  await out.calling.hangup();
  const back = await connect(alice.phone, '1002', user.phone);
  expect(back.calling.remote.display).toBe(name);
  await back.calling.hangup();
  expect(await dialplan.pbx.db.get('pb/canary/alive')).toBe('1');
});
