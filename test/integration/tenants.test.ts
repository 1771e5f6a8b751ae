import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, everyItem, foundTenant, refusal } from '../support/tenants.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ pbx: 'none' });
});
afterAll(() => service?.stop());

test('a tenant comes with roles, built-in profiles, a range and a default profile', async () => {
  const created = await service.platform.post('/tenants', { slug: 'acme', name: 'Acme', country: 'FR' });
  expect(created.status).toBe(201);
  expect(created.headers.get('location')).toBe('/api/v1/tenants/acme');
  expect(created.json).toMatchObject({
    slug: 'acme',
    sipDomain: 'acme.patchbay.local',
    extensionLength: 4,
    extensionRanges: [{ first: '1000', last: '1999' }],
    activeUsers: 0,
    nodeId: service.nodeId,
  });
  const { rows: profiles } = await service.owner.query(
    'SELECT id, builtin FROM dial_profiles WHERE tenant_id = $1 ORDER BY builtin',
    [created.json.id],
  );
  expect(profiles.map((profile) => profile.builtin)).toEqual([
    'internal',
    'international',
    'national',
    'national-special',
  ]);
  expect(profiles.find((profile) => profile.builtin === 'national').id).toBe(created.json.defaultProfileId);
  const roles = await service.platform.get('/tenants/acme/roles');
  expect(roles.json.items.map((role: { key: string }) => role.key)).toContain('organisation-administrator');
  expect((await auditOf(service, null)).at(-1)).toMatchObject({
    action: 'tenant.create',
    after: { slug: 'acme' },
  });
});

test('a slug, a SIP domain are given once', async () => {
  const tenant = await foundTenant(service, { sipDomain: 'one.example' });
  const again = (more: object) =>
    service.platform.post('/tenants', { slug: 'other', name: 'Other', country: 'FR', ...more });
  expect(refusal(await again({ slug: tenant.slug }))).toEqual([409, 'conflict-duplicate', ['/slug']]);
  expect(refusal(await again({ sipDomain: 'one.example' }))).toEqual([
    409,
    'conflict-duplicate',
    ['/sipDomain'],
  ]);
  expect(refusal(await again({ nodeId: '00000000-0000-4000-8000-000000000000' }))).toEqual([
    422,
    'validation-failed',
    ['/nodeId'],
  ]);
  expect(refusal(await again({ country: 'XX' }))).toEqual([422, 'validation-failed', ['/country']]);
});

test('a repeated creation founds one tenant', async () => {
  const create = () =>
    service.platform.post(
      '/tenants',
      { slug: 'twice', name: 'Twice', country: 'DE' },
      { 'idempotency-key': 'found-twice-1' },
    );
  const [first, second] = [await create(), await create()];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect(second.json.id).toBe(first.json.id);
});

test('an administrator changes the settings, not what belongs to the platform', async () => {
  const { api, id } = await foundTenant(service);
  const changed = await api.patch('', {
    name: 'New name',
    timeZone: 'Europe/Paris',
    language: 'FR-fr',
    sipPasswordPolicy: 'digits',
    limits: { abroadAtOnce: 2, longestCallSeconds: 3600 },
  });
  expect(changed.status).toBe(200);
  expect(changed.json).toMatchObject({
    name: 'New name',
    language: 'fr-FR',
    limits: { abroadAtOnce: 2, abroadPerHour: null, longestCallSeconds: 3600 },
  });
  const oneLimit = await api.patch('', { limits: { abroadAtOnce: null } });
  expect(oneLimit.json.limits).toMatchObject({ abroadAtOnce: null, longestCallSeconds: 3600 });
  for (const change of [
    { slug: 'mine' },
    { country: 'DE' },
    { sipDomain: 'x.example' },
    { extensionLength: 3 },
  ])
    expect(refusal(await api.patch('', change))[1]).toBe('forbidden');
  expect((await service.platform.patch(`/tenants/${id}`, { country: 'DE' })).json.country).toBe('DE');
});

test('the default number is one that the tenant owns, written in any form', async () => {
  const { api } = await foundTenant(service);
  expect(refusal(await api.patch('', { defaultNumber: '0155501001' }))).toEqual([
    422,
    'number-not-owned',
    ['/defaultNumber'],
  ]);
  await api.post('/numbers', { e164: '+33155501001' });
  expect((await api.patch('', { defaultNumber: '01 55 50 10 01' })).json.defaultNumber).toBe('+33155501001');
  expect((await api.patch('', { defaultNumber: null })).json.defaultNumber).toBeNull();
});

test('ranges are replaced as a whole, and keep what is in use', async () => {
  const tenant = await foundTenant(service, {
    extensionRanges: [
      { first: '1000', last: '1499' },
      { first: '1500', last: '1999' },
    ],
  });
  await tenant.user({ extension: '1600' });
  const ranges = (...list: [string, string][]) =>
    tenant.api.patch('', { extensionRanges: list.map(([first, last]) => ({ first, last })) });

  // 1600 moves from one range to the other.
  const moved = await ranges(['1000', '1699'], ['1700', '1999']);
  expect([moved.status, moved.json.extensionRanges]).toEqual([
    200,
    [
      { first: '1000', last: '1699' },
      { first: '1700', last: '1999' },
    ],
  ]);
  const lost = await ranges(['1000', '1599']);
  expect(refusal(lost)).toEqual([422, 'extension-out-of-range', ['/extensionRanges']]);
  expect(lost.json.detail).toContain('1600');
  expect(refusal(await ranges(['1000', '1800'], ['1700', '1999']))).toEqual([
    409,
    'conflict-duplicate',
    ['/extensionRanges'],
  ]);
  expect(refusal(await ranges(['100', '199']))).toEqual([422, 'validation-failed', ['/extensionRanges/0']]);
  expect((await tenant.api.get('/extensions/1600')).json.free).toBe(false);
});

test('ranges around emergency numbers are refused, and none is the default', async () => {
  const { deps } = service.patchbay;
  const known = deps.isReservedExtension;
  deps.isReservedExtension = (country, number) => country === 'FR' && number === '112';
  try {
    const tenant = await foundTenant(service, { extensionLength: 3 });
    const { json } = await tenant.api.get('');
    expect(json.extensionRanges).toEqual([{ first: '200', last: '299' }]);
    const around = await tenant.api.patch('', { extensionRanges: [{ first: '100', last: '150' }] });
    expect(refusal(around)).toEqual([422, 'validation-failed', ['/extensionRanges/0']]);
    expect(around.json.detail).toContain('112');
  } finally {
    deps.isReservedExtension = known;
  }
});

test('two administrators do not overwrite each other', async () => {
  const { api } = await foundTenant(service);
  const etag = (await api.get('')).headers.get('etag')!;
  const answers = await Promise.all(
    ['A', 'B'].map((name) => api.call('PATCH', '', { json: { name }, headers: { 'if-match': etag } })),
  );
  expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 412]);
  expect((await api.call('PATCH', '', { json: { name: 'C' } })).status).toBe(428);
});

test('a tenant is deleted by name, and with users only by force', async () => {
  const tenant = await foundTenant(service);
  const administrator = await tenant.user({
    roles: ['organisation-administrator'],
    extension: 'next',
    phone: 'softphone',
  });
  const number = await tenant.api.post('/numbers', { e164: '+33155502001', userId: administrator.id });
  await tenant.api.patch('', { defaultNumber: '+33155502001' });
  await tenant.api.post('/caller-id-groups', { name: 'Sales', numbers: [number.json.e164] });
  const remove = (query: string) => service.platform.delete(`/tenants/${tenant.slug}?${query}`);

  expect(refusal(await remove('confirm=other'))).toEqual([422, 'validation-failed', ['/confirm']]);
  const refused = await remove(`confirm=${tenant.slug}`);
  expect(refusal(refused)).toEqual([409, 'in-use', []]);
  expect(refused.json.users).toBe(1);
  expect((await tenant.api.delete(`?confirm=${tenant.slug}&force=true`)).status).toBe(403);

  expect((await remove(`confirm=${tenant.slug}&force=true`)).status).toBe(204);
  expect((await service.platform.get(`/tenants/${tenant.slug}`)).status).toBe(404);
  for (const table of ['users', 'extensions', 'lines', 'numbers', 'roles', 'dial_profiles', 'api_keys']) {
    const { rows } = await service.owner.query(`SELECT 1 FROM ${table} WHERE tenant_id = $1`, [tenant.id]);
    expect(rows, table).toEqual([]);
  }
});

test('the platform lists tenants page by page; a tenant sees itself alone', async () => {
  const one = await foundTenant(service);
  const two = await foundTenant(service);
  const slugs = (await everyItem(service.platform, '/tenants?limit=2')).map((tenant) => tenant.slug);
  expect(new Set(slugs).size).toBe(slugs.length);
  expect(slugs).toEqual(slugs.toSorted());
  expect(slugs).toEqual(expect.arrayContaining([one.slug, two.slug]));
  const own = await service.withKey(one.id, ['tenant:read']);
  expect((await own.get('/tenants')).status).toBe(403);
  expect((await own.get(`/tenants/${one.slug}`)).status).toBe(200);
  expect((await own.get(`/tenants/${two.slug}`)).status).toBe(404);
});
