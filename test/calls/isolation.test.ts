import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

/** Two tenants with the same extensions, names and accounts. */
let dialplan: Dialplan;
let here: Company;
let there: Company;

type Company = { tenant: Tenant; carrier: TestCarrier; first: User; second: User };

async function company(country: string, numbers: string): Promise<Company> {
  const tenant = await dialplan.tenant({ country, defaultNumber: `${numbers}00` });
  const carrier = await tenant.trunk();
  const user = (name: string, extension: string, alias: string) =>
    tenant.user({
      name,
      extension,
      alias,
      profile: 'international',
      number: `${numbers}${extension.slice(2)}`,
    });
  const first = await user(`First of ${country}`, '1001', 'first');
  const second = await user(`Second of ${country}`, '1002', 'second');
  return { tenant, carrier, first, second };
}

beforeAll(async () => {
  dialplan = await Dialplan.open();
  here = await company('FR', '+331555010');
  there = await company('GB', '+4420794600');
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

async function neverRang({ first, second }: Company): Promise<void> {
  for (const { phone } of [first, second]) expect(await phone.callsSoFar()).toEqual([]);
}

test('1002 and the account "second" are the colleague of the own tenant, on both sides', async () => {
  for (const { first, second } of [here, there])
    for (const dialled of ['1002', 'second']) {
      const { calling, called } = await connect(first.phone, dialled, second.phone);
      expect(called.from.display).toBe(first.name);
      expect(calling.remote.display).toBe(second.name);
      await calling.hangup();
      await called.waitEnded();
      second.phone.received.length = 0;
    }
});

test("the domain behind a name does not matter: it is the own tenant's", async () => {
  const { calling, called } = await connect(
    here.first.phone,
    `sip:second@${there.tenant.id}`,
    here.second.phone,
  );
  expect(called.from.display).toBe(here.first.name);
  await calling.hangup();
});

test("nothing that a phone can dial reaches the other tenant's people", async () => {
  const { tenant, second } = there;
  const line = second.lines[0]!;
  const users = [
    `1002%40${tenant.id}`,
    `${tenant.id}/1002`,
    `${tenant.id}`,
    `../${tenant.id}/1002`,
    `second%40${tenant.id}`,
    `${tenant.id}%2Fsecond`,
    line,
    `PJSIP/${line}`,
    `PJSIP%2F${line}`,
    'Local/1002%40pb-phones',
    `${second.id}`,
    `1002&PJSIP/${line}`,
    `1002%26PJSIP%2F${line}`,
    `pbtrunk-${tenant.trunks[0]}`,
  ];
  const { phone } = here.first;
  const uris = [
    ...users.map((user) => `sip:${user}@${phone.domain}`),
    `sip:${line}@${second.phone.domain}`,
    `sip:1002;tenant=${tenant.id}@${phone.domain}`,
  ];
  const calls = await Promise.all(uris.map((uri) => phone.dial(uri)));
  for (const [index, call] of calls.entries()) expect([400, 403, 404], uris[index]).toContain(call.status);
  await neverRang(there);
});

test("another tenant's number is an outside number: it goes to the carrier, or nowhere", async () => {
  const call = await here.first.phone.dial(there.second.number!);
  const seen = await here.carrier.nextCall();
  expect([seen.number, seen.from.user]).toEqual([there.second.number, here.first.number]);
  await call.hangup();

  const insideOnly = await here.tenant.user({ extension: '1003', profile: 'internal' });
  expect((await insideOnly.phone.dial(there.second.number!)).status).toBe(403);
  await neverRang(there);
});

test("a tenant's trunk reaches that tenant's numbers alone", async () => {
  for (const number of [there.second.number!, '1002', 'second'])
    expect((await here.carrier.call(number, { from: '+33699999999' })).status, number).toBe(404);
  await neverRang(there);
  const answering = here.second.phone.expectCall();
  const call = await here.carrier.call(here.second.number!, { from: '+33699999999' });
  await hearEachOther(call, await answering);
  await call.hangup();
});

test("calls go out over the own tenant's trunk only", async () => {
  const before = (await there.carrier.callsSoFar()).length;
  const call = await here.first.phone.dial('0612345678');
  expect((await here.carrier.nextCall()).number).toBe('+33612345678');
  await call.hangup();
  expect(await there.carrier.callsSoFar()).toHaveLength(before);

  // Not even when a tenant's row names another's trunk.
  const poor = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155509000' });
  poor.trunks = [...there.tenant.trunks];
  await poor.save();
  const user = await poor.user({ extension: '1001', profile: 'national' });
  expect((await user.phone.dial('0612345678')).status).toBe(503);
  expect(await there.carrier.callsSoFar()).toHaveLength(before);
});

test('the same digits mean what they mean in the country of the tenant', async () => {
  const call = await there.first.phone.dial('020 7946 0999');
  expect((await there.carrier.nextCall()).number).toBe('+442079460999');
  await call.hangup();
  expect((await here.first.phone.dial('020 7946 0999')).status).toBe(403);
});

test('a line of one tenant cannot speak as a line of the other', async () => {
  const call = await here.first.phone.dial('1002', { from: { user: there.first.lines[0]! } });
  expect(call.status).toBe(401);
  await neverRang(there);
});

test('a transfer and a forwarding stay in the tenant of the one who transfers or forwards', async () => {
  const { calling, called } = await connect(here.first.phone, '1002', here.second.phone);
  await hearEachOther(calling, called);
  const returning = here.second.phone.expectCall();
  await called.refer(`sip:${there.second.lines[0]}@${here.first.phone.domain}`);
  await (await returning).hangup();

  await here.second.forward({ always: 'second' });
  expect((await here.first.phone.dial('1002')).status).toBe(403);
  await here.second.forward({});
  await neverRang(there);
});

test.each(['inside', 'outside'])(
  "a phone that knows a call's identifiers cannot take a place in another tenant's call (%s)",
  async (where) => {
    const answering = here.second.phone.expectCall();
    const caller =
      where === 'inside'
        ? await here.first.phone.dial('1002')
        : await here.carrier.call(here.second.number!, { from: '+33699999999' });
    const called = await answering;
    await hearEachOther(caller, called);
    const replaces = called.replaces();
    const intruder = await there.first.phone.dial('1002', { headers: [['Replaces', replaces]] });
    if (intruder.status === 200) await intruder.waitEnded();
    await caller.waitEnded();
    expect((await there.second.phone.callsSoFar()).filter((call) => call.state !== 'ended')).toEqual([]);
  },
);
