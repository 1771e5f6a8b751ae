import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, apiClient } from '../support/api-client.ts';
import { startService, type TestService } from '../support/service.ts';
import {
  auditOf,
  below,
  foundTenant,
  refusal,
  TENANT_PERMISSIONS,
  type TestTenant,
  type TestUser,
} from '../support/tenants.ts';

let service: TestService;
let tenant: TestTenant;
beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  tenant = await foundTenant(service);
});
afterAll(() => service?.stop());

let serial = 0;
const newRole = async (permissions: string[], more: object = {}) =>
  (await tenant.api.post('/roles', { name: `Role ${++serial}`, permissions, ...more })).json;

/** A client with a key of this user that was given every scope: what counts is what the user holds. */
async function keyOf(user: TestUser, of = tenant): Promise<ApiClient> {
  const made = await of.api.post('/keys', { name: 'own', scopes: TENANT_PERMISSIONS, userId: user.id });
  expect(made.status).toBe(201);
  return below(
    apiClient(() => service.url, made.json.token),
    `/tenants/${of.slug}`,
  );
}

describe('custom roles', () => {
  test('a role is made, changed, given and removed, each recorded', async () => {
    const create = () =>
      tenant.api.post(
        '/roles',
        { name: 'Helpdesk', permissions: ['users:read', 'lines:read', 'users:read'] },
        { 'idempotency-key': 'role-once-1' },
      );
    const [created, repeated] = [await create(), await create()];
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({
      key: null,
      name: 'Helpdesk',
      permissions: ['lines:read', 'users:read'],
      teamsOnly: false,
      users: 0,
    });
    expect(repeated.json).toEqual(created.json);
    const at = `/roles/${created.json.id}`;
    const etag = (await tenant.api.get(at)).headers.get('etag')!;
    const changed = await tenant.api.patch(at, { permissions: ['users:read'] }, { 'if-match': etag });
    expect(changed.json).toMatchObject({ name: 'Helpdesk', permissions: ['users:read'], teamsOnly: false });
    const stale = await tenant.api.patch(at, { name: 'Late' }, { 'if-match': etag });
    expect(refusal(stale)).toEqual([412, 'stale-version', []]);
    const unconditional = await tenant.api.call('PATCH', at, { json: { name: 'Blind' } });
    expect(unconditional.json.code).toBe('precondition-required');
    const same = await tenant.api.patch(at, { name: 'Helpdesk', permissions: ['users:read'] });
    expect(same.json.version).toBe(changed.json.version);
    expect((await tenant.user({ roles: [created.json.id] })).roles[0].name).toBe('Helpdesk');
    const again = await tenant.api.post('/roles', { name: 'HELPDESK', permissions: [] });
    expect(refusal(again)).toEqual([409, 'conflict-duplicate', ['/name']]);
    const removed = await tenant.api.delete(`${at}?replaceWith=user`);
    expect(removed.status).toBe(204);
    expect((await tenant.api.get(at)).status).toBe(404);
    const audit = (await auditOf(service, tenant.id)).filter((entry) => entry.objectId === created.json.id);
    expect(audit.map((entry) => entry.action)).toEqual(['role.create', 'role.update', 'role.delete']);
    expect(audit[1].before.permissions).toEqual(['lines:read', 'users:read']);
    expect(audit[2].before.replacedWith).toBe('User');
  });

  test('built-in roles are read-only', async () => {
    const { items } = (await tenant.api.get('/roles')).json;
    const agent = items.find((role: { key: string }) => role.key === 'agent');
    for (const answer of [
      await tenant.api.patch(`/roles/${agent.id}`, { permissions: ['users:write'] }),
      await tenant.api.delete(`/roles/${agent.id}`),
    ])
      expect(refusal(answer)).toEqual([409, 'is-built-in', []]);
    expect((await tenant.api.get(`/roles/${agent.id}`)).json).toEqual(agent);
  });

  test('a role in use is not removed: who has it is said; replaced, its users get the other', async () => {
    const role = await newRole(['users:read']);
    const ada = await tenant.user({ firstName: 'Ada', lastName: 'L', roles: [role.id, 'agent'] });
    const bob = await tenant.user({ roles: [role.id] });
    const at = `/roles/${role.id}`;
    const refused = await tenant.api.delete(at);
    expect(refusal(refused)).toEqual([409, 'in-use', []]);
    expect(refused.json.total).toBe(2);
    expect(refused.json.users).toContainEqual({ id: ada.id, name: 'Ada L' });
    for (const wrong of [role.id, 'nobody', 'hardware-phone', crypto.randomUUID()]) {
      const answer = await tenant.api.delete(`${at}?replaceWith=${wrong}`);
      expect(refusal(answer)).toEqual([422, 'validation-failed', ['/replaceWith']]);
    }
    const poor = await tenant.apiWith(['roles:write']);
    expect(refusal(await poor.delete(`${at}?replaceWith=analyst`))[1]).toBe('forbidden');
    expect((await tenant.api.delete(`${at}?replaceWith=agent`)).status).toBe(204);
    for (const user of [ada, bob]) {
      const after = (await tenant.api.get(`/users/${user.id}`)).json;
      expect(after.roles.map((one: { key: string }) => one.key)).toEqual(['agent']);
      expect(after.version).toBeGreaterThan(user.version);
    }
  });

  test('nobody puts into a role, or gives to a user, what they do not hold', async () => {
    const limited = await tenant.apiWith(['roles:write', 'users:read', 'users:write']);
    const made = await limited.post('/roles', { name: 'Small', permissions: ['users:read'] });
    expect(made.status).toBe(201);
    const more = await limited.post('/roles', { name: 'Big', permissions: ['users:read', 'trunks:write'] });
    expect(refusal(more)).toEqual([403, 'forbidden', ['/permissions']]);
    const grown = await limited.patch(`/roles/${made.json.id}`, {
      permissions: ['users:read', 'trunks:write'],
    });
    expect(refusal(grown)).toEqual([403, 'forbidden', ['/permissions']]);
    const rich = await newRole(['trunks:write', 'users:read']);
    expect((await limited.patch(`/roles/${rich.id}`, { permissions: ['trunks:write'] })).status).toBe(200);
    const user = await tenant.user();
    const given = await limited.patch(`/users/${user.id}`, { roles: [rich.id] });
    expect(refusal(given)).toEqual([403, 'forbidden', ['/roles']]);
    const platform = await tenant.api.post('/roles', { name: 'P', permissions: ['tenants:write'] });
    expect(refusal(platform)).toEqual([422, 'validation-failed', ['/permissions/0']]);
    const elsewhere = await newRole(['trunks:write'], { teamsOnly: true });
    expect(elsewhere.code).toBe('validation-failed');
  });

  test('a role of one tenant is not there for another', async () => {
    const role = await newRole(['users:read']);
    const other = await foundTenant(service);
    for (const answer of [
      await other.api.get(`/roles/${role.id}`),
      await other.api.patch(`/roles/${role.id}`, { name: 'Mine' }, { 'if-match': '*' }),
      await other.api.delete(`/roles/${role.id}`),
    ])
      expect(answer.status).toBe(404);
    const thief = await other.user();
    expect(refusal(await other.api.patch(`/users/${thief.id}`, { roles: [role.id] }))[0]).toBe(422);
  });
});

test('effective permissions name the roles they come from, and what is switched off', async () => {
  const own = await newRole(['users:read', 'trunks:read']);
  const user = await tenant.user({ roles: ['supervisor', own.id], allowOutbound: false });
  const at = `/users/${user.id}/permissions`;
  const { json } = await tenant.api.get(at);
  const of = (permission: string) =>
    json.permissions.find((one: { permission: string }) => one.permission === permission);
  expect(of('users:read').roles.map((role: { name: string }) => role.name)).toEqual([own.name, 'Supervisor']);
  expect([of('users:read').teamsOnly, of('lines:read').teamsOnly]).toEqual([false, true]);
  expect(of('trunks:read').roles).toEqual([{ id: own.id, key: null, name: own.name }]);
  expect(of('users:write')).toBeUndefined();
  expect([json.active, json.switchedOff]).toEqual([true, ['outbound-calls']]);
  expect((await (await keyOf(user)).get(at)).json).toEqual(json);
  await tenant.api.post(`/users/${user.id}/suspend`);
  expect((await tenant.api.get(at)).json.active).toBe(false);
});

describe("a user's API key", () => {
  test('holds what the user holds at the time of the request', async () => {
    const role = await newRole(['users:read']);
    const user = await tenant.user({ roles: [role.id] });
    const key = await keyOf(user);
    expect((await key.get('/users')).status).toBe(200);
    expect((await key.get('/numbers')).status).toBe(403);
    await tenant.api.patch(`/roles/${role.id}`, { permissions: ['numbers:read'] });
    expect((await key.get('/users')).status).toBe(403);
    expect((await key.get('/numbers')).status).toBe(200);
    await tenant.api.patch(`/users/${user.id}`, { roles: ['user'] });
    expect((await key.get('/numbers')).status).toBe(403);
    expect((await key.get(`/users/${user.id}`)).status).toBe(200);
  });

  test('holds no more than it was given, and gives no more', async () => {
    const user = await tenant.user({ roles: ['organisation-administrator'] });
    const body = { name: 'narrow', scopes: ['users:read', 'keys:write'], userId: user.id };
    const { token } = (await tenant.api.post('/keys', body)).json;
    const key = below(
      apiClient(() => service.url, token),
      `/tenants/${tenant.slug}`,
    );
    expect((await key.get('/users')).status).toBe(200);
    expect((await key.get('/numbers')).status).toBe(403);
    const more = await key.post('/keys', { name: 'more', scopes: ['numbers:read'] });
    expect(refusal(more)).toEqual([403, 'forbidden', ['/scopes/0']]);
  });

  test('is dead while the user is suspended', async () => {
    const user = await tenant.user({ roles: ['analyst'] });
    const key = await keyOf(user);
    await tenant.api.post(`/users/${user.id}/suspend`);
    expect((await key.get('/users')).status).toBe(401);
    expect((await key.get(`/users/${user.id}`)).status).toBe(401);
    await tenant.api.post(`/users/${user.id}/activate`);
    expect((await key.get('/users')).status).toBe(200);
  });

  test('is not for hardware phones, and dies when its user becomes one', async () => {
    const phone = await tenant.user({ roles: ['hardware-phone'] });
    const made = await tenant.api.post('/keys', { name: 'door', scopes: [], userId: phone.id });
    expect(refusal(made)).toEqual([422, 'validation-failed', ['/userId']]);
    const person = await tenant.user({ roles: ['analyst'] });
    const key = await keyOf(person);
    const both = await tenant.api.patch(`/users/${person.id}`, { roles: ['analyst', 'hardware-phone'] });
    expect(refusal(both)).toEqual([422, 'validation-failed', ['/roles']]);
    expect((await key.get(`/users/${person.id}`)).status).toBe(200);
    await tenant.api.patch(`/users/${person.id}`, { roles: ['hardware-phone'] });
    expect((await key.get(`/users/${person.id}`)).status).toBe(401);
  });
});

test('the last organisation administrator is neither demoted nor suspended, also by two at once', async () => {
  const own = await foundTenant(service);
  const [one, two] = [
    await own.user({ roles: ['organisation-administrator'] }),
    await own.user({ roles: ['organisation-administrator'] }),
  ];
  const answers = await Promise.all([
    own.api.patch(`/users/${one.id}`, { roles: ['hardware-phone'] }),
    own.api.post(`/users/${two.id}/suspend`),
  ]);
  expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 409]);
  const refused = answers.find((answer) => answer.status === 409)!;
  expect(refused.json.code).toBe('last-organisation-administrator');
});
