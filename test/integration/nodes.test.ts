import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, foundTenant, refusal } from '../support/tenants.ts';
import { until } from '../support/until.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ pbx: 'none' });
});
afterAll(() => service?.stop());

const NODE = {
  name: 'pbx-2',
  sipHost: 'pbx2.example.org',
  amiHost: '127.0.0.1',
  amiPort: 1,
  amiUser: 'patchbay',
  amiSecret: 'ami-secret-that-nobody-sees',
  ariUrl: 'http://127.0.0.1:1/ari',
  ariUser: 'patchbay',
  ariSecret: 'ari-secret-that-nobody-sees',
};

test('a node is added, followed at once, changed and removed; its secrets never come out', async () => {
  const created = await service.platform.post('/nodes', NODE);
  expect(created.status).toBe(201);
  const { id } = created.json;
  expect(created.json).toMatchObject({ name: 'pbx-2', sipPort: 5060, tenants: 0, spareSip: 50 });
  expect(service.patchbay.deps.pbxOf(id)).not.toBeNull();

  const changed = await service.platform.patch(`/nodes/${id}`, { amiSecret: 'another-secret', spareSip: 5 });
  expect(changed.json).toMatchObject({ spareSip: 5, version: 2 });
  const { rows } = await service.owner.query('SELECT ami_secret, ari_secret FROM pbx_nodes WHERE id = $1', [
    id,
  ]);
  const { unseal } = service.patchbay.deps;
  expect(unseal(rows[0].ami_secret, 'node ami:pbx-2')).toBe('another-secret');
  expect(unseal(rows[0].ari_secret, 'node ari:pbx-2')).toBe(NODE.ariSecret);

  const all = [
    created.text,
    changed.text,
    (await service.platform.get('/nodes')).text,
    JSON.stringify(await auditOf(service, null)),
    service.logged(),
  ].join();
  expect(all).not.toMatch(/secret-that-nobody-sees|another-secret/);

  expect((await service.platform.delete(`/nodes/${id}`)).status).toBe(204);
  expect(service.patchbay.deps.pbxOf(id)).toBeNull();
});

test('a node says in which condition it is', async () => {
  const { conditions } = await until('a condition', async () => {
    const { json } = await service.platform.get(`/nodes/${service.nodeId}`);
    return json.conditions.length > 0 ? json : null;
  });
  const connected = conditions.find((one: { type: string }) => one.type === 'connected');
  expect(connected).toMatchObject({ status: 'false', message: expect.stringMatching(/\S/) });
});

test('names are given once; what breaks a line or hides a password in an address is refused', async () => {
  expect(refusal(await service.platform.post('/nodes', { ...NODE, name: 'test' }))).toEqual([
    409,
    'conflict-duplicate',
    ['/name'],
  ]);
  for (const [field, value] of [
    ['amiUser', 'x\r\nAction: Command'],
    ['amiHost', 'a b'],
    ['ariUrl', 'ftp://127.0.0.1/ari'],
    ['ariUrl', 'http://user:password@127.0.0.1/ari'],
    ['name', 'No Blanks'],
  ])
    expect(refusal(await service.platform.post('/nodes', { ...NODE, [field!]: value }))).toEqual([
      422,
      'validation-failed',
      [`/${field}`],
    ]);
  expect(refusal(await service.platform.patch(`/nodes/${service.nodeId}`, { name: 'other' }))[2]).toEqual([
    '/name',
  ]);
});

test('a node on which a tenant lives stays; a tenant does not see nodes', async () => {
  const tenant = await foundTenant(service);
  expect(refusal(await service.platform.delete(`/nodes/${service.nodeId}`))).toEqual([409, 'in-use', []]);
  const own = await service.withKey(tenant.id, ['users:read']);
  expect((await own.get('/nodes')).status).toBe(403);
});
