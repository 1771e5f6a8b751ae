import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureFirstPlatformKey } from '../../src/features/keys/service.ts';
import { apiClient } from '../support/api-client.ts';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, below, everyItem, foundTenant, refusal } from '../support/tenants.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ pbx: 'none' });
});
afterAll(() => service?.stop());

const client = (token: string) => apiClient(() => service.url, token);

test('a key is shown once, works, is listed without its secret, and is revoked', async () => {
  const tenant = await foundTenant(service);
  const created = await tenant.api.post('/keys', { name: 'Import', scopes: ['users:read', 'users:read'] });
  expect(created.status).toBe(201);
  const { token, ...key } = created.json;
  expect(key).toMatchObject({ name: 'Import', scopes: ['users:read'], userId: null, lastUsedAt: null });
  const own = below(client(token), `/tenants/${tenant.slug}`);
  expect((await own.get('/users')).status).toBe(200);
  expect((await own.post('/users', {})).status).toBe(403);

  const listed = await tenant.api.get('/keys');
  expect(listed.text).not.toContain(token.split('_')[2]);
  const seen = listed.json.items.find((one: { id: string }) => one.id === key.id);
  expect(seen.lastUsedAt).not.toBeNull();

  expect((await tenant.api.delete(`/keys/${key.id}`)).status).toBe(204);
  expect((await own.get('/users')).status).toBe(401);
  expect((await tenant.api.delete(`/keys/${key.id}`)).status).toBe(204);
  expect((await tenant.api.get(`/keys/${key.id}`)).json.revokedAt).not.toBeNull();
  const revoked = (await tenant.api.get('/keys?revoked=true')).json.items;
  expect(revoked.map((one: { id: string }) => one.id)).toEqual([key.id]);
  const audit = (await auditOf(service, tenant.id)).filter((entry) => entry.objectId === key.id);
  expect(audit.map((entry) => entry.action)).toEqual(['key.create', 'key.revoke']);
  expect(JSON.stringify(audit)).not.toContain(token.split('_')[2]);
});

test('nobody gives a key more than they hold', async () => {
  const tenant = await foundTenant(service);
  const limited = await tenant.apiWith(['keys:write', 'users:read']);
  expect((await limited.post('/keys', { name: 'same', scopes: ['users:read'] })).status).toBe(201);
  const more = await limited.post('/keys', { name: 'more', scopes: ['users:read', 'users:write'] });
  expect(refusal(more)).toEqual([403, 'forbidden', ['/scopes/1']]);
  const platform = await tenant.api.post('/keys', { name: 'platform', scopes: ['tenants:write'] });
  expect(refusal(platform)).toEqual([422, 'validation-failed', ['/scopes/0']]);
  expect(refusal(await tenant.api.post('/keys', { name: 'none', scopes: [] }))[2]).toEqual(['/scopes']);
  const nobody = { name: 'x', scopes: [], userId: crypto.randomUUID() };
  expect(refusal(await tenant.api.post('/keys', nobody))).toEqual([422, 'validation-failed', ['/userId']]);
});

test('a key that has run out is refused; one in the past is not made', async () => {
  const tenant = await foundTenant(service);
  const past = { name: 'past', scopes: ['users:read'], expiresAt: '2020-01-01T00:00:00Z' };
  expect(refusal(await tenant.api.post('/keys', past))).toEqual([422, 'validation-failed', ['/expiresAt']]);
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const { json } = await tenant.api.post('/keys', { ...past, expiresAt });
  const own = below(client(json.token), `/tenants/${tenant.slug}`);
  expect((await own.get('/users')).status).toBe(200);
  await service.owner.query('UPDATE api_keys SET expires_at = now() WHERE id = $1', [json.id]);
  expect((await own.get('/users')).status).toBe(401);
});

test("a tenant's keys and the platform's do not see each other", async () => {
  const [one, two] = [await foundTenant(service), await foundTenant(service)];
  const { json } = await one.api.post('/keys', { name: 'mine', scopes: ['users:read'] });
  expect((await two.api.get(`/keys/${json.id}`)).status).toBe(404);
  expect((await two.api.delete(`/keys/${json.id}`)).status).toBe(404);
  expect((await service.platform.get(`/keys/${json.id}`)).status).toBe(404);
  expect((await service.platform.delete(`/keys/${json.id}`)).status).toBe(404);
  expect((await service.platform.get('/keys')).text).not.toContain(json.id);
  const own = client(json.token);
  expect((await own.get('/keys')).status).toBe(403);
  expect((await own.get(`/tenants/${two.slug}/users`)).status).toBe(404);
});

test('a repeated creation answers with the same key', async () => {
  const create = () =>
    service.platform.post(
      '/keys',
      { name: 'twice', scopes: ['nodes:read'] },
      { 'idempotency-key': 'key-twice-1' },
    );
  const [first, second] = [await create(), await create()];
  expect(second.json.token).toBe(first.json.token);
  const { rows } = await service.owner.query(`SELECT answer FROM idempotency_keys`);
  expect(JSON.stringify(rows)).not.toContain(first.json.token.split('_')[2]);
});

test('keys are listed page by page', async () => {
  const tenant = await foundTenant(service);
  for (const name of ['b', 'a', 'a', 'c']) await tenant.api.post('/keys', { name, scopes: ['users:read'] });
  const seen = (await everyItem(tenant.api, '/keys?limit=2')).map((key) => key.name);
  expect(seen).toEqual(['a', 'a', 'b', 'c', 'test']);
});

test('the first key of a platform is made once, also by replicas that start together', async () => {
  const { db } = service.patchbay.deps;
  expect(await ensureFirstPlatformKey(db)).toBeNull();
  await service.owner.query('UPDATE api_keys SET expires_at = now() WHERE tenant_id IS NULL');
  const replicas = Array.from({ length: 6 });
  // With connections open already, or the first would be through before the second has one.
  await Promise.all(replicas.map(() => db.asNobody((tx) => tx.$queryRaw`SELECT pg_sleep(0.1)::text`)));
  const tokens = await Promise.all(replicas.map(() => ensureFirstPlatformKey(db)));
  const made = tokens.filter((token) => token !== null);
  expect(made).toHaveLength(1);
  const first = client(made[0]!);
  expect((await first.get('/keys')).status).toBe(200);
  expect((await first.get('/tenants')).status).toBe(200);
});
