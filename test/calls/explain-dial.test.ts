import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { apiClient } from '../support/api-client.ts';
import { carrier } from '../support/phones/carrier.ts';
import { phone, type UaPhone } from '../support/phones/ua-phone.ts';
import { startService, type TestService } from '../support/service.ts';
import { below, foundTenant, type TestTenant, type TestUser } from '../support/tenants.ts';
import { until } from '../support/until.ts';

let service: TestService;
let tenant: TestTenant;
let carriers: Awaited<ReturnType<typeof carrier>>;
let ada: TestUser & { phone: UaPhone };
let bob: TestUser & { phone: UaPhone };
let colleagueNumber: TestUser;

beforeAll(async () => {
  service = await startService();
  tenant = await foundTenant(service);
  carriers = await carrier({ server: inject('asterisk').sip, localIp: '127.0.8.1', name: 'carrier' });
  const { host, port } = carriers.address;
  await made(tenant.api.post('/trunks', { name: 'Carrier', host, port }));
  const own = await made(tenant.api.post('/numbers', { e164: '+33155501001' }));
  colleagueNumber = await made(tenant.api.post('/numbers', { e164: '+33155501002' }));
  await made(tenant.api.post('/numbers', { e164: '+33155501003' }));
  ada = await withPhone({ outboundNumber: own.e164 });
  bob = await withPhone({ sipAlias: 'bob.stone' });
  await tenant.api.patch(`/numbers/${colleagueNumber.id}`, { userId: bob.id }, { 'if-match': '*' });
  await inSync();
});
afterAll(() => service?.stop());

async function made(answer: ReturnType<TestTenant['api']['post']>) {
  const { status, json, text } = await answer;
  if (status !== 201) throw new Error(text);
  return json;
}

async function withPhone(fields: Record<string, unknown>) {
  const user = await tenant.user({ extension: 'next', phone: 'softphone', ...fields });
  const line = user.lines[0].id;
  const { json } = await tenant.api.get(`/users/${user.id}/lines/${line}/credentials`);
  await inSync();
  const opened = await phone({
    server: inject('asterisk').sip,
    user: line,
    password: json.password,
    incoming: () => ({}),
  });
  expect((await opened.register()).status).toBe(200);
  return { ...user, phone: opened };
}

const inSync = () =>
  until(
    'all is on the PBX',
    async () => {
      const { waiting, failed } = (await tenant.api.get('/sync')).json;
      return waiting + failed === 0;
    },
    40_000,
  );

const explain = async (number: string, path?: string) =>
  (await tenant.api.post(`/users/${ada.id}/explain-dial`, { number, path })).json;

/** What the PBX does when it is dialled: where the call gets to, or why it was refused. */
async function dial(number: string): Promise<string> {
  const refusedBefore = (await tenant.api.get('/refused-calls?limit=1')).json.items[0]?.id ?? '0';
  const seenBefore = (await bob.phone.callsSoFar()).length;
  const carriedBefore = carriers.calls.length;
  const call = await ada.phone.startCall(number);
  const refusal = async () => {
    const [latest] = (await tenant.api.get('/refused-calls?limit=1')).json.items;
    if (!latest || latest.id === refusedBefore) return null;
    // Nobody has the number: reported too, but answered 404 at once instead of refused with an announcement.
    return `${latest.reason === 'unassigned-number' ? 'unassigned' : 'refused'}: ${latest.reason}`;
  };
  const outcome = await until(`what becomes of ${number}`, async () => {
    if (bob.phone.received.length > seenBefore) return 'user';
    const reason = await refusal();
    if (reason) return reason;
    const seen = carriers.calls[carriedBefore];
    return seen && `outside: ${seen.number}`;
  });
  await call.hangup();
  return outcome;
}

describe('what is explained is what the PBX does', () => {
  test.each([
    ['a colleague’s extension', () => bob.extension, 'user'],
    ['a colleague’s SIP account', () => 'bob.stone', 'user'],
    ['a colleague’s number', () => '01 55 50 10 02', 'user'],
    ['a number of the tenant that nobody has', () => '+33155501003', 'unassigned: unassigned-number'],
    ['a national number', () => '0155600001', 'outside: +33155600001'],
    ['a premium number', () => '0899123456', 'refused: no-rule'],
    ['a number abroad', () => '00442079460958', 'refused: no-rule'],
    ['an account that nobody has', () => 'nobody.here', 'refused: unknown-account'],
    ['a service code', () => '*31#0155600001', 'refused: service-code-unknown'],
  ])('%s', async (_, number, expected) => {
    const { route, reason, number: normalised, sentence } = await explain(number());
    const more: Record<string, string> = {
      refused: `: ${reason}`,
      unassigned: `: ${reason}`,
      outside: `: ${normalised}`,
    };
    const explained = `${route}${more[route] ?? ''}`;
    expect(explained).toBe(expected);
    expect(sentence).toMatch(/\.$/);
    expect(await dial(number())).toBe(expected);
  });

  test('outside calls switched off, and on again', async () => {
    await tenant.api.patch(`/users/${ada.id}`, { allowOutbound: false });
    await inSync();
    expect(await explain('0155600001')).toMatchObject({ route: 'refused', reason: 'outside-calls-off' });
    expect(await dial('0155600001')).toBe('refused: outside-calls-off');
    expect((await explain(bob.extension)).route).toBe('user');
    await tenant.api.patch(`/users/${ada.id}`, { allowOutbound: true });
    await inSync();
  });

  test('no number to show', async () => {
    await tenant.api.patch(`/users/${ada.id}`, { outboundNumber: null });
    await inSync();
    expect(await explain('0155600001')).toMatchObject({
      route: 'refused',
      reason: 'no-caller-id',
      callerId: null,
    });
    expect(await dial('0155600001')).toBe('refused: no-caller-id');
    await tenant.api.patch(`/users/${ada.id}`, { outboundNumber: '+33155501001' });
    await inSync();
  });
});

test('the explanation names class, rule, profile, caller ID, and every rule tried', async () => {
  const rules = [
    { action: 'deny', match: { kind: 'prefix', prefix: '+331' } },
    { action: 'allow', match: { kind: 'class', classes: ['fixed'], where: 'national' } },
  ];
  const profile = await made(tenant.api.post('/dial-profiles', { name: 'No Paris', rules }));
  await tenant.api.patch(`/users/${ada.id}`, { profileId: profile.id });
  expect(await explain('0155600001')).toMatchObject({
    route: 'refused',
    reason: 'profile-denies',
    number: '+33155600001',
    numberClass: 'fixed',
    country: 'FR',
    national: true,
    rule: 1,
    profile: { id: profile.id, name: 'No Paris' },
    callerId: { from: 'user', numbers: ['+33155501001'], withheld: false },
    trials: [
      { rank: 1, matched: true, rule: rules[0] },
      { rank: 2, matched: true, rule: rules[1] },
    ],
  });
  expect(await explain('04 91 00 00 01')).toMatchObject({ route: 'outside', rule: 2 });
  expect(await explain('112')).toMatchObject({ route: 'emergency', reason: 'emergency' });
  expect(await explain('112', 'forward')).toMatchObject({ route: 'refused', reason: 'emergency-on-forward' });
  const unsaved = await tenant.api.post('/explain-dial', { rules: rules.toReversed(), number: '0155600001' });
  expect(unsaved.json).toMatchObject({ verdict: 'allow', rule: 1, reason: 'profile-allows' });
  const elsewhere = await tenant.api.post('/explain-dial', { rules, number: '022786000', country: 'BE' });
  expect(elsewhere.json).toMatchObject({ verdict: 'allow', country: 'BE', number: '+3222786000' });
  await tenant.api.patch(`/users/${ada.id}`, { profileId: null });
});

test('a user may ask about themselves and see their own phones with a key that holds nothing', async () => {
  const { token } = await made(tenant.api.post('/keys', { name: 'own', scopes: [], userId: ada.id }));
  const own = below(
    apiClient(() => service.url, token),
    `/tenants/${tenant.slug}`,
  );
  const asked = await own.post(`/users/${ada.id}/explain-dial`, { number: bob.extension });
  expect(asked).toMatchObject({ status: 200, json: { route: 'user', user: { id: bob.id } } });
  expect((await own.get(`/users/${ada.id}/live`)).json.registrations).toHaveLength(1);
  expect((await own.post(`/users/${bob.id}/explain-dial`, { number: '1' })).status).toBe(403);
  expect((await own.get(`/users/${bob.id}/live`)).status).toBe(403);
});

test('a suspended user can dial nothing', async () => {
  expect((await tenant.api.patch(`/users/${ada.id}`, { status: 'suspended' })).status).toBe(200);
  expect(await explain(bob.extension)).toMatchObject({ route: 'refused', reason: 'user-not-active' });
});
