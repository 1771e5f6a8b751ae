import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { browserPhone } from '../support/phones/browser-phone.ts';
import { carrier } from '../support/phones/carrier.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';
import { sippPhone } from '../support/phones/sipp-phone.ts';
import { phone } from '../support/phones/ua-phone.ts';
import { startService, type TestService } from '../support/service.ts';
import { foundTenant, refusal, type TestTenant, type TestUser } from '../support/tenants.ts';

/**
 * The main job, told from outside: an administrator uses the API and nothing else, phones use what it hands out.
 */
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

const WAIT = { prefer: 'wait=10' };

/** A user with an extension and a phone, already on the PBX. */
async function hire(fields: Record<string, unknown>, at: TestTenant = tenant): Promise<TestUser> {
  const username = `u${Math.random().toString(36).slice(2, 10)}`;
  const answer = await at.api.post(
    '/users',
    { username, email: `${username}@example.org`, phone: 'softphone', extension: 'next', ...fields },
    WAIT,
  );
  expect([answer.status, answer.json.sync?.state]).toEqual([201, 'applied']);
  return answer.json;
}

/** What the API hands to a user's phone. */
async function credentials(user: TestUser, at: TestTenant = tenant) {
  const [line] = (await at.api.get(`/users/${user.id}/lines`)).json.items;
  const answer = await at.api.get(`/users/${user.id}/lines/${line.id}/credentials`);
  expect(answer.status).toBe(200);
  return answer.json;
}

type Credentials = Awaited<ReturnType<typeof credentials>>;
const asPhone = (given: Credentials, name: string) => ({
  server: { host: given.server.host as string, port: given.server.port as number },
  user: given.sipUsername as string,
  password: given.password as string,
  name,
});

describe('from a row in Postgres to a ringing phone', () => {
  test('two SIPp phones register with what the API hands out and hear each other', async () => {
    const zoe = await hire({ firstName: 'Zoë', lastName: 'O’Neil', extension: '1001' });
    const bob = await hire({ firstName: 'Bob', extension: '1002' });
    const zoesPhone = await sippPhone(asPhone(await credentials(zoe), 'zoe'));
    const bobsPhone = await sippPhone(asPhone(await credentials(bob), 'bob'));
    expect((await zoesPhone.register()).status).toBe(200);
    expect((await bobsPhone.register()).status).toBe(200);
    const { calling, called } = await connect(zoesPhone, '1002', bobsPhone);
    expect(called.remote).toMatchObject({ display: 'Zoë O’Neil', user: '1001' });
    await hearEachOther(calling, called);
    await calling.hangup();
    await called.waitEnded();
  });

  test('a wrong secret is refused', async () => {
    const given = await credentials(await hire({ firstName: 'Eve' }));
    const thief = await sippPhone({ ...asPhone(given, 'thief'), password: `${given.password}x` });
    expect((await thief.register()).status).toBe(401);
  });

  test('a browser signs in through the service itself, calls and is called', async () => {
    const cleo = await hire({ firstName: 'Cleo', extension: '1003', phone: 'none' });
    const dan = await hire({ firstName: 'Dan', extension: '1004' });
    const session = await tenant.api.post(`/users/${cleo.id}/webphone-credentials`, {}, WAIT);
    expect(session.status).toBe(201);
    const browser = await browserPhone({
      webSocketUrl: `${service.url.replace('http', 'ws')}${session.json.websocketUrl}`,
      user: session.json.sipUsername,
      password: session.json.password,
      name: 'cleo',
      origin: service.url,
    });
    expect((await browser.register()).status).toBe(200);
    const danPhone = await phone(asPhone(await credentials(dan), 'dan'));
    expect((await danPhone.register()).status).toBe(200);

    const out = await connect(browser, '1004', danPhone);
    expect(out.called.remote).toMatchObject({ display: 'Cleo', user: '1003' });
    await hearEachOther(out.calling, out.called);
    await out.calling.hangup();
    await out.called.waitEnded();

    const back = await connect(danPhone, '1003', browser);
    expect(back.called.remote).toMatchObject({ display: 'Dan', user: '1004' });
    await hearEachOther(back.calling, back.called);
    await back.calling.hangup();
    await back.called.waitEnded();

    const ended = await tenant.api.delete(
      `/users/${cleo.id}/webphone-credentials/${session.json.lineId}`,
      WAIT,
    );
    expect(ended.status).toBe(204);
    expect((await danPhone.dial('1003')).status).not.toBe(200);
  });

  test('the carrier sees the user’s number, else the tenant’s, and the profile decides', async () => {
    const at = await foundTenant(service);
    const far = await carrier({ server: inject('asterisk').sip, localIp: '127.0.8.1' });
    const trunk = await at.api.post('/trunks', {
      name: 'Carrier',
      host: far.address.host,
      port: far.address.port,
    });
    expect(trunk.status).toBe(201);
    for (const e164 of ['+33155501000', '+33155501001'])
      expect((await at.api.post('/numbers', { e164 })).status).toBe(201);
    expect((await at.api.patch('', { defaultNumber: '+33155501000' })).status).toBe(200);
    const withNumber = await hire({ firstName: 'Own', outboundNumber: '+33155501001' }, at);
    const without = await hire({ firstName: 'Default' }, at);
    const foreign = await at.api.post('/users', {
      username: 'foreign',
      firstName: 'F',
      email: 'f@example.org',
      outboundNumber: '+33155509999',
    });
    expect(refusal(foreign)).toEqual([422, 'number-not-owned', ['/outboundNumber']]);

    for (const [user, shown] of [
      [withNumber, '+33155501001'],
      [without, '+33155501000'],
    ] as const) {
      const caller = await phone(asPhone(await credentials(user, at), shown));
      await caller.register();
      const [call, seen] = await Promise.all([caller.dial('06 12 34 56 78'), far.nextCall()]);
      expect(seen).toMatchObject({ number: '+33612345678', from: { user: shown } });
      await call.hangup();
      const refused = await caller.dial('+4420 7946 0000');
      expect(refused.status).toBe(403);
      await far.sawNothingFor('442079460000');
    }
  });

  test('two tenants with extension 1001 each know nothing of each other', async () => {
    const [one, two] = [await foundTenant(service), await foundTenant(service)];
    const ours = await hire({ firstName: 'Ours', extension: '1001' }, one);
    const colleague = await hire({ firstName: 'Colleague', extension: '1002' }, one);
    const theirs = await hire({ firstName: 'Theirs', extension: '1001' }, two);
    const oursPhone = await phone(asPhone(await credentials(ours, one), 'ours'));
    const colleaguePhone = await phone(asPhone(await credentials(colleague, one), 'colleague'));
    const theirsPhone = await phone(asPhone(await credentials(theirs, two), 'theirs'));
    for (const each of [oursPhone, colleaguePhone, theirsPhone]) await each.register();
    const { calling, called } = await connect(colleaguePhone, '1001', oursPhone);
    expect(called.remote).toMatchObject({ display: 'Colleague', user: '1002' });
    await calling.hangup();
    expect(await theirsPhone.callsSoFar()).toEqual([]);
    expect((await theirsPhone.dial('1002')).status).not.toBe(200);
    expect(await colleaguePhone.callsSoFar()).toEqual([]);
    expect((await one.api.get(`/users/${theirs.id}`)).status).toBe(404);
    expect(
      (await service.withKey(one.id, ['users:read'])).get(`/tenants/${two.slug}/users`),
    ).resolves.toMatchObject({
      status: 404,
    });
  });

  test('suspending and rotating stop a registered phone at once', async () => {
    const user = await hire({ firstName: 'Fay' });
    const other = await hire({ firstName: 'Gus' });
    const fay = await phone(asPhone(await credentials(user), 'fay'));
    const gus = await phone(asPhone(await credentials(other), 'gus'));
    for (const each of [fay, gus]) expect((await each.register()).status).toBe(200);

    expect((await tenant.api.post(`/users/${user.id}/suspend`, {}, WAIT)).status).toBe(200);
    expect((await fay.dial(other.extension)).status).not.toBe(200);
    expect((await gus.dial(user.extension)).status).not.toBe(200);
    expect((await fay.register()).status).toBe(401);

    expect((await tenant.api.post(`/users/${user.id}/activate`, {}, WAIT)).status).toBe(200);
    expect((await fay.register()).status).toBe(200);
    const [line] = (await tenant.api.get(`/users/${user.id}/lines`)).json.items;
    expect((await tenant.api.post(`/users/${user.id}/lines/${line.id}/rotate`, {}, WAIT)).status).toBe(200);
    expect((await fay.register()).status).toBe(401);
    expect((await gus.dial(user.extension)).status).not.toBe(200);
    const again = await phone(asPhone(await credentials(user), 'fay with the new secret'));
    expect((await again.register()).status).toBe(200);
    const { calling } = await connect(gus, user.extension, again);
    await calling.hangup();
  });
});

test('a name that could be a command is shown as typed, or refused with a reason', async () => {
  const reader = await hire({ firstName: 'Reader' });
  const readersPhone = await phone(asPhone(await credentials(reader), 'reader'));
  await readersPhone.register();
  for (const name of [
    '${SHELL(touch /tmp/x)}',
    'a,b;c&d|e',
    'Zed "Z" \\ O\'Neil',
    'مريم \u200fعلي',
    '👩‍👩‍👧',
  ]) {
    const user = await hire({ firstName: name });
    const from = await phone(asPhone(await credentials(user), 'named'));
    await from.register();
    const { calling, called } = await connect(from, reader.extension, readersPhone);
    expect(called.remote.display).toBe(name);
    await calling.hangup();
    await called.waitEnded();
  }
  for (const name of ['a\r\nAction: Originate', 'a\nb', 'a\0b']) {
    const answer = await tenant.api.post('/users', {
      username: 'bad',
      email: 'bad@example.org',
      firstName: name,
    });
    expect([400, 422]).toContain(answer.status);
    expect(answer.json.errors[0].path).toBe('/firstName');
  }
});
