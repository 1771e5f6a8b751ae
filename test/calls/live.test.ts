import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { phone, type UaPhone } from '../support/phones/ua-phone.ts';
import { startService, type TestService } from '../support/service.ts';
import { foundTenant, type TestTenant, type TestUser } from '../support/tenants.ts';
import { until } from '../support/until.ts';

interface Person extends TestUser {
  phone: UaPhone;
}

let service: TestService;
let tenant: TestTenant;
let other: TestTenant;
let ada: Person;
let bob: Person;
let eve: Person;

beforeAll(async () => {
  service = await startService();
  tenant = await foundTenant(service);
  other = await foundTenant(service);
  ada = await withPhone(tenant, { firstName: 'Ada', lastName: 'Byron' });
  bob = await withPhone(tenant, { firstName: 'Bob', lastName: 'Stone' });
  eve = await withPhone(other, { firstName: 'Eve', lastName: 'Else' });
});
afterAll(() => service?.stop());

/** A user made over the API, whose phone uses what the API hands out. */
async function withPhone(of: TestTenant, fields: Record<string, unknown>): Promise<Person> {
  const user = await of.user({ extension: 'next', phone: 'softphone', ...fields });
  const line = user.lines[0].id;
  const { json } = await of.api.get(`/users/${user.id}/lines/${line}/credentials`);
  expect(await service.patchbay.deps.waitApplied(of.id, [`user:${user.id}`], 30)).toBe(true);
  const opened = await phone({
    server: inject('asterisk').sip,
    user: line,
    password: json.password,
    name: user.firstName,
  });
  expect((await opened.register()).status).toBe(200);
  return { ...user, phone: opened };
}

const liveOf = async (user: Person) => (await tenant.api.get(`/users/${user.id}/live`)).json;

describe('live state', () => {
  test('tells who is registered from where, and reachable', async () => {
    const { items } = (await tenant.api.get('/live')).json;
    expect(items.map(({ user }: { user: { id: string } }) => user.id).sort()).toEqual(
      [ada.id, bob.id].sort(),
    );
    const { host, port } = ada.phone.agent.local;
    const line = ada.lines[0].id;
    await until('the phone has answered an OPTIONS', async () => {
      const [registration] = (await liveOf(ada)).registrations;
      return registration.reachable === true && registration.roundtripMs > 0;
    });
    const live = await liveOf(ada);
    expect(live).toMatchObject({
      user: { id: ada.id, name: 'Ada Byron', extension: ada.extension },
      registrations: [{ line, address: `${host}:${port}` }],
      calls: [],
    });
    expect(Date.parse(live.registrations[0].expiresAt)).toBeGreaterThan(Date.now());
  });

  test('tells who is in a call with whom, and since when', async () => {
    const calling = await ada.phone.startCall(bob.extension);
    const called = await bob.phone.expectCall({ answer: false });
    expect((await liveOf(ada)).calls).toMatchObject([{ direction: 'out', state: 'dialling' }]);
    expect((await liveOf(bob)).calls).toMatchObject([{ direction: 'in', state: 'ringing' }]);
    await called.answer();
    await calling.answered();
    const { items } = (await tenant.api.get(`/live?user=${ada.id}&user=${bob.id}`)).json;
    const byUser = new Map(items.map((item: { user: { id: string } }) => [item.user.id, item]));
    expect(byUser.get(ada.id)).toMatchObject({
      calls: [{ state: 'up', direction: 'out', peer: { name: 'Bob Stone', number: bob.extension } }],
    });
    expect(byUser.get(bob.id)).toMatchObject({
      calls: [{ state: 'up', direction: 'in', peer: { name: 'Ada Byron', number: ada.extension } }],
    });
    await calling.hangup();
    await until('the calls are gone', async () => (await liveOf(ada)).calls.length === 0);
  });

  test("is not another tenant's to see, nor its calls to end", async () => {
    const { calling, called } = await connect(ada.phone, bob.extension, bob.phone);
    expect((await other.api.get(`/users/${ada.id}/live`)).status).toBe(404);
    expect((await other.api.get(`/live?user=${ada.id}`)).json.items).toEqual([]);
    const seen = (await other.api.get('/live')).json.items;
    expect(seen.map(({ user }: { user: { id: string } }) => user.id)).toEqual([eve.id]);
    const [call] = (await liveOf(ada)).calls;
    expect((await other.api.delete(`/calls/${call.id}`)).status).toBe(404);
    expect([calling.state, called.state]).toEqual(['up', 'up']);

    const reader = await tenant.apiWith(['calls:read']);
    expect((await reader.delete(`/calls/${call.id}`)).status).toBe(403);
    expect((await tenant.api.delete(`/calls/${call.id}`)).status).toBe(204);
    await Promise.all([calling.waitEnded(), called.waitEnded()]);
    await until('it is gone', async () => (await tenant.api.delete(`/calls/${call.id}`)).status === 404);
  });

  test('goes page by page', async () => {
    const first = (await tenant.api.get('/live?limit=1')).json;
    const second = (await tenant.api.get(`/live?limit=1&cursor=${first.next}`)).json;
    const ids = [...first.items, ...second.items].map(({ user }) => user.id);
    expect(ids).toEqual([ada.id, bob.id].sort());
    expect(second.next).toBeNull();
  });
});

describe('click-to-call', () => {
  const click = (user: { id: string }, to: string) => tenant.api.post('/calls', { user: user.id, to });

  test("rings the user's phone, then calls the colleague with the user's name", async () => {
    const own = ada.phone.expectCall();
    const started = await click(ada, bob.extension);
    expect(started.status).toBe(202);
    const [mine, theirs] = await Promise.all([own, bob.phone.expectCall()]);
    expect(theirs.remote.user).toBe(ada.extension);
    await hearEachOther(mine, theirs);
    expect((await service.platform.delete(`/tenants/${tenant.slug}/users/${ada.id}`)).json.code).toBe(
      'user-in-call',
    );
    await mine.hangup();
    await theirs.waitEnded();
  });

  test('can be ended while the phone rings, by its own tenant', async () => {
    const ringing = ada.phone.expectCall({ answer: false });
    const { id } = (await click(ada, bob.extension)).json;
    const call = await ringing;
    expect((await other.api.delete(`/calls/${id}`)).status).toBe(404);
    expect((await tenant.api.delete(`/calls/${id}`)).status).toBe(204);
    await call.waitEnded();
  });

  test('is refused before anything rings when the PBX would refuse it, or nobody could answer', async () => {
    const before = (await ada.phone.callsSoFar()).length;
    const refused = await click(ada, '0899123456');
    expect(refused).toMatchObject({
      status: 422,
      json: { code: 'validation-failed', errors: [{ path: '/to' }] },
    });
    const silent = await tenant.user({ extension: 'next', phone: 'softphone' });
    expect(await click(silent, bob.extension)).toMatchObject({
      status: 422,
      json: { errors: [{ path: '/user' }] },
    });
    expect((await click(eve, bob.extension)).status).toBe(404);
    expect((await ada.phone.callsSoFar()).length).toBe(before);
  });
});
