import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, everyItem, foundTenant, refusal } from '../support/tenants.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ pbx: 'none' });
});
afterAll(() => service?.stop());

const small = () =>
  foundTenant(service, {
    extensionLength: 2,
    extensionRanges: [
      { first: '07', last: '09' },
      { first: '20', last: '21' },
    ],
  });

test('extensions are listed in order, free and assigned, page by page', async () => {
  const tenant = await small();
  const ada = await tenant.user({ firstName: 'Ada', lastName: 'L', extension: '08' });
  const numbers = async (query: string) =>
    (await everyItem(tenant.api, `/extensions?${query}`)).map((one) => one.number);
  for (const limit of [1, 2, 50]) {
    expect(await numbers(`limit=${limit}`)).toEqual(['07', '08', '09', '20', '21']);
    expect(await numbers(`limit=${limit}&free=true`)).toEqual(['07', '09', '20', '21']);
    expect(await numbers(`limit=${limit}&free=false`)).toEqual(['08']);
  }
  expect((await tenant.api.get('/extensions/08')).json).toMatchObject({
    number: '08',
    free: false,
    user: { id: ada.id, username: ada.username, name: 'Ada L' },
  });
  expect((await tenant.api.get('/extensions/09')).json).toMatchObject({ free: true, user: null });
  expect((await tenant.api.get('/extensions/30')).status).toBe(404);
  expect((await tenant.api.get('/extensions/008')).status).toBe(404);
});

test('next free is the lowest; when none is left the answer says so', async () => {
  const tenant = await small();
  const next = () => tenant.api.get('/extensions/next-free');
  expect((await next()).json).toEqual({ number: '07' });
  await tenant.user({ extension: '07' });
  const middle = await tenant.user({ extension: 'next' });
  expect(middle.extension).toBe('08');
  for (const expected of ['09', '20', '21'])
    expect((await tenant.user({ extension: 'next' })).extension).toBe(expected);
  expect(refusal(await next())).toEqual([409, 'no-free-extension', []]);
  const full = { username: 'full', firstName: 'F', email: 'full@example.org', extension: 'next' };
  expect(refusal(await tenant.api.post('/users', full))).toEqual([409, 'no-free-extension', []]);
  await tenant.api.delete('/extensions/08');
  expect((await next()).json).toEqual({ number: '08' });
});

test('of many who ask for the next free one at once, each gets another', async () => {
  const tenant = await foundTenant(service);
  const users = await Promise.all(
    Array.from({ length: 20 }, () => tenant.user({ extension: 'next', phone: 'softphone' })),
  );
  expect(users.map((user) => user.extension).toSorted()).toEqual(
    Array.from({ length: 20 }, (_, n) => String(1000 + n)),
  );
});

test('of many who ask for the same one at once, one gets it', async () => {
  const tenant = await foundTenant(service);
  const users = await Promise.all(Array.from({ length: 6 }, () => tenant.user()));
  const answers = await Promise.all(
    users.map((user) => tenant.api.put('/extensions/1234', { userId: user.id })),
  );
  expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
  expect(answers.filter((answer) => answer.json.code === 'extension-taken')).toHaveLength(5);
});

test('assigning and unassigning by the extension itself', async () => {
  const tenant = await foundTenant(service);
  const ada = await tenant.user();
  const assigned = await tenant.api.put('/extensions/1005', { userId: ada.id });
  expect(assigned.json).toMatchObject({ number: '1005', user: { id: ada.id } });
  expect((await tenant.api.put('/extensions/1005', { userId: ada.id })).status).toBe(200);
  const { json } = await tenant.api.get(`/users/${ada.id}`);
  expect([json.extension, json.version > ada.version]).toEqual(['1005', true]);

  expect(refusal(await tenant.api.put('/extensions/1006', { userId: ada.id }))).toEqual([
    409,
    'conflict-duplicate',
    ['/extension'],
  ]);
  const bob = await tenant.user();
  expect(refusal(await tenant.api.put('/extensions/1005', { userId: bob.id }))[1]).toBe('extension-taken');
  expect(refusal(await tenant.api.put('/extensions/5000', { userId: bob.id }))[1]).toBe(
    'extension-out-of-range',
  );
  expect((await tenant.api.delete('/extensions/1005')).status).toBe(204);
  expect((await tenant.api.delete('/extensions/1005')).status).toBe(404);
  expect((await tenant.api.put('/extensions/1005', { userId: bob.id })).status).toBe(200);
});

test('another person gets the phones with new secrets; number, profile and history stay where they belong', async () => {
  const tenant = await foundTenant(service);
  await tenant.api.post('/numbers', { e164: '+33155503001' });
  const { rows: profiles } = await service.owner.query(
    `SELECT id FROM dial_profiles WHERE tenant_id = $1 AND builtin = 'international'`,
    [tenant.id],
  );
  const ada = await tenant.user({
    extension: '1001',
    phone: 'desk',
    outboundNumber: '+33155503001',
    profileId: profiles[0].id,
  });
  await tenant.api.post(`/users/${ada.id}/lines`, { kind: 'softphone', label: 'Laptop' });
  const direct = (await tenant.api.post('/numbers', { e164: '+33155503002', userId: ada.id })).json;
  await tenant.api.post(`/users/${ada.id}/webphone-credentials`, {});
  const oldLines = (await tenant.api.get(`/users/${ada.id}/lines`)).json.items;
  const oldSecrets = await Promise.all(
    oldLines.map(
      async (line: { id: string }) =>
        (await tenant.api.get(`/users/${ada.id}/lines/${line.id}/credentials`)).json.password,
    ),
  );
  const bob = await tenant.user();

  const done = await tenant.api.post('/extensions/1001/reassign', { userId: bob.id });
  expect(done.json).toMatchObject({ number: '1001', user: { id: bob.id } });

  const now = (await tenant.api.get(`/users/${bob.id}`)).json;
  expect(now).toMatchObject({
    extension: '1001',
    outboundNumber: '+33155503001',
    profileId: profiles[0].id,
    numbers: ['+33155503002'],
  });
  expect(now.lines.map(({ kind, label }: { kind: string; label: string }) => [kind, label])).toEqual([
    ['desk', null],
    ['softphone', 'Laptop'],
  ]);
  for (const line of now.lines) {
    expect(oldLines.map((old: { id: string }) => old.id)).not.toContain(line.id);
    const { json } = await tenant.api.get(`/users/${bob.id}/lines/${line.id}/credentials`);
    expect(oldSecrets).not.toContain(json.password);
  }
  const before = (await tenant.api.get(`/users/${ada.id}`)).json;
  expect(before).toMatchObject({ extension: null, outboundNumber: null, numbers: [], lines: [] });
  expect((await tenant.api.get(`/numbers/${direct.id}`)).json.userId).toBe(bob.id);
  const moves = (await auditOf(service, tenant.id)).filter((one) => one.action === 'extension.reassign');
  expect(moves.map((one) => one.before?.userId ?? one.after.userId)).toEqual([ada.id, bob.id]);
});

test('an extension is not reassigned to who has one, nor to its holder, nor without the rights', async () => {
  const tenant = await foundTenant(service);
  const ada = await tenant.user({ extension: '1001' });
  const bob = await tenant.user({ extension: '1002' });
  const give = (userId: string) => tenant.api.post('/extensions/1001/reassign', { userId });
  expect(refusal(await give(bob.id))).toEqual([409, 'conflict-duplicate', ['/userId']]);
  expect(refusal(await give(ada.id))).toEqual([409, 'conflict-duplicate', ['/userId']]);
  expect((await give(crypto.randomUUID())).status).toBe(404);
  expect((await tenant.api.post('/extensions/1003/reassign', { userId: bob.id })).status).toBe(404);
  const writer = await tenant.apiWith(['extensions:write']);
  expect(refusal(await writer.post('/extensions/1001/reassign', { userId: bob.id }))[1]).toBe('forbidden');
});

test('reassigning both ways at once ends, and every extension has one holder', async () => {
  const tenant = await foundTenant(service);
  const [ada, bob, eve] = [
    await tenant.user({ extension: '1001' }),
    await tenant.user({ extension: '1002' }),
    await tenant.user(),
  ];
  const answers = await Promise.all([
    tenant.api.post('/extensions/1001/reassign', { userId: eve.id }),
    tenant.api.post('/extensions/1002/reassign', { userId: eve.id }),
    tenant.api.put('/extensions/1003', { userId: eve.id }),
    tenant.api.delete('/extensions/1001'),
  ]);
  for (const answer of answers) expect([200, 204, 404, 409]).toContain(answer.status);
  const holders = (await tenant.api.get('/extensions?free=false')).json.items;
  const ids = holders.map((one: { user: { id: string } }) => one.user.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect([ada.id, bob.id, eve.id]).toEqual(expect.arrayContaining(ids));
});
