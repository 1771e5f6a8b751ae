import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, foundTenant, refusal, type TestTenant } from '../support/tenants.ts';

let service: TestService;
let tenant: TestTenant;
beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  tenant = await foundTenant(service);
});
afterAll(() => service?.stop());

const ADA = { username: 'ada', firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.org' };

test('a user with extension, roles and phone is created in one request', async () => {
  await tenant.api.post('/numbers', { e164: '+33155501001' });
  const created = await tenant.api.post('/users', {
    ...ADA,
    employeeId: 'E-7',
    timeZone: 'Europe/Paris',
    language: 'fr',
    outboundNumber: '01 55 50 10 01',
    extension: 'next',
    roles: ['agent', 'supervisor'],
    phone: 'softphone',
    limits: { abroadAtOnce: 1 },
  });
  expect(created.status).toBe(201);
  const { json: user } = created;
  expect(created.headers.get('location')).toBe(`/api/v1/tenants/${tenant.slug}/users/${user.id}`);
  expect(user).toMatchObject({
    ...ADA,
    status: 'active',
    extension: '1000',
    outboundNumber: '+33155501001',
    sipAlias: 'ada',
    sipAddress: `sip:ada@${tenant.slug}.patchbay.local`,
    profileId: null,
    recordCalls: false,
    allowOutbound: true,
    limits: { abroadAtOnce: 1, abroadPerHour: null },
    sync: { state: 'waiting' },
  });
  expect(user.roles.map((role: { key: string }) => role.key).toSorted()).toEqual(['agent', 'supervisor']);
  expect(user.lines).toEqual([
    { id: expect.stringMatching(/^pb[a-z2-7]{10}$/), kind: 'softphone', label: null },
  ]);
  const read = await tenant.api.get(`/users/${user.id}`);
  expect(read.json).toEqual(user);
  expect(read.headers.get('etag')).toBe(created.headers.get('etag'));
  const entry = (await auditOf(service, tenant.id)).findLast((one) => one.action === 'user.create');
  expect(entry).toMatchObject({
    objectId: user.id,
    before: null,
    after: { username: 'ada', extension: '1000' },
  });
  expect(entry.requestId).toBeTruthy();
});

test('what must be unique is, whatever its case, and the field is named', async () => {
  const first = await tenant.user({ extension: 'next' });
  const other = { username: 'unique1', firstName: 'U', email: 'unique1@example.org' };
  const create = async (more: object) => refusal(await tenant.api.post('/users', { ...other, ...more }));
  expect(await create({ username: first.username.toUpperCase() })).toEqual([
    409,
    'conflict-duplicate',
    ['/username'],
  ]);
  expect(await create({ email: first.email.toUpperCase() })).toEqual([409, 'conflict-duplicate', ['/email']]);
  expect(await create({ sipAlias: first.sipAlias })).toEqual([409, 'conflict-duplicate', ['/sipAlias']]);
  expect(await create({ extension: first.extension })).toEqual([409, 'extension-taken', ['/extension']]);
  expect(await create({ extension: '5000' })).toEqual([422, 'extension-out-of-range', ['/extension']]);
  expect(await create({ extension: '01000' })).toEqual([422, 'extension-out-of-range', ['/extension']]);
  expect(await create({ outboundNumber: '+33155509999' })).toEqual([
    422,
    'number-not-owned',
    ['/outboundNumber'],
  ]);
  expect(await create({ profileId: crypto.randomUUID() })).toEqual([
    422,
    'validation-failed',
    ['/profileId'],
  ]);
  expect(await create({ roles: ['agent', 'pope'] })).toEqual([422, 'validation-failed', ['/roles/1']]);
  expect(await create({ roles: [] })).toEqual([422, 'validation-failed', ['/roles']]);
  expect(await create({ firstName: null })).toEqual([422, 'validation-failed', ['/lastName']]);
  const { json } = await tenant.api.get('/users?search=unique1');
  expect(json.total).toBe(0);
});

test('two people with the same local part get SIP accounts of their own, also at once', async () => {
  const created = await Promise.all(
    ['a.example', 'b.example', 'c.example', 'd.example'].map((domain, n) =>
      tenant.api.post('/users', { username: `zoe${n}`, firstName: 'Zoë', email: `Zoë.Z@${domain}` }),
    ),
  );
  expect(created.map((answer) => answer.json.sipAlias).toSorted()).toEqual([
    'zoe.z',
    'zoe.z-2',
    'zoe.z-3',
    'zoe.z-4',
  ]);
});

test('a repeated creation makes one user', async () => {
  const body = { username: 'once', firstName: 'Once', email: 'once@example.org', extension: 'next' };
  const create = (json: object) => tenant.api.post('/users', json, { 'idempotency-key': 'create-once-1' });
  const [first, second] = [await create(body), await create(body)];
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect(second.json).toEqual(first.json);
  expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
  expect(refusal(await create({ ...body, username: 'other' }))[1]).toBe('idempotency-key-reused');
  expect((await tenant.api.get('/users?search=once')).json.total).toBe(1);
});

test('PATCH changes what is sent, null clears, and what changes nothing leaves the version', async () => {
  const user = await tenant.user({
    alias: 'Countess',
    callerIdName: 'A. L.',
    recordCalls: true,
    extension: 'next',
  });
  const at = `/users/${user.id}`;
  const changed = await tenant.api.patch(at, { lastName: 'King', alias: null });
  expect(changed.json).toMatchObject({
    firstName: user.firstName,
    lastName: 'King',
    alias: null,
    callerIdName: 'A. L.',
    recordCalls: true,
    extension: user.extension,
    roles: user.roles,
  });
  const same = await tenant.api.patch(at, { lastName: 'King', extension: user.extension, roles: ['user'] });
  expect(same.headers.get('etag')).toBe(changed.headers.get('etag'));
  expect((await tenant.api.patch(at, {})).headers.get('etag')).toBe(changed.headers.get('etag'));
  for (const field of ['username', 'email', 'recordCalls', 'roles', 'sipAlias'])
    expect(refusal(await tenant.api.patch(at, { [field]: null }))).toEqual([
      422,
      'validation-failed',
      [`/${field}`],
    ]);
  expect(refusal(await tenant.api.patch(at, { firstName: null, lastName: null }))[2]).toEqual(['/lastName']);
  expect(refusal(await tenant.api.patch(at, { lastNmae: 'x' }))[2]).toEqual(['/lastNmae']);
  const entries = (await auditOf(service, tenant.id)).filter((one) => one.objectId === user.id);
  expect(entries.map((entry) => entry.action)).toEqual(['user.create', 'user.update']);
  expect([entries[1].before.lastName, entries[1].after.lastName]).toEqual([user.lastName, 'King']);
});

test('roles and extension are part of what the ETag stands for', async () => {
  const user = await tenant.user();
  const at = `/users/${user.id}`;
  const before = (await tenant.api.get(at)).headers.get('etag')!;
  await tenant.api.patch(at, { roles: ['agent'] });
  const stale = await tenant.api.call('PATCH', at, {
    json: { extension: 'next' },
    headers: { 'if-match': before },
  });
  expect(refusal(stale)).toEqual([412, 'stale-version', []]);
  const extended = await tenant.api.patch(at, { extension: 'next' });
  expect(extended.json.extension).not.toBeNull();
  expect((await tenant.api.patch(at, { extension: 'next' })).json.extension).toBe(extended.json.extension);
  expect((await tenant.api.patch(at, { extension: null })).json.extension).toBeNull();
});

test('of changes against the same version exactly one is made', async () => {
  const user = await tenant.user();
  const etag = `"${user.version}"`;
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      tenant.api.call('PATCH', `/users/${user.id}`, {
        json: { alias: `A${n}` },
        headers: { 'if-match': etag },
      }),
    ),
  );
  const made = answers.filter((answer) => answer.status === 200);
  expect(made).toHaveLength(1);
  expect(answers.filter((answer) => answer.status === 412)).toHaveLength(7);
  expect((await tenant.api.get(`/users/${user.id}`)).json.alias).toBe(made[0]!.json.alias);
});

test('suspending keeps everything but what works; the last organisation administrator stays', async () => {
  const root = await tenant.user({ roles: ['organisation-administrator', 'agent'], extension: 'next' });
  const at = `/users/${root.id}`;
  const last = [409, 'last-organisation-administrator', []];
  expect(refusal(await tenant.api.post(`${at}/suspend`))).toEqual(last);
  expect(refusal(await tenant.api.patch(at, { status: 'suspended' }))).toEqual(last);
  expect(refusal(await tenant.api.patch(at, { roles: ['agent'] }))).toEqual(last);

  const second = await tenant.user({ roles: ['organisation-administrator'] });
  const suspended = await tenant.api.post(`${at}/suspend`);
  expect(suspended.json).toMatchObject({ status: 'suspended', extension: root.extension });
  expect(refusal(await tenant.api.patch(`/users/${second.id}`, { roles: ['user'] }))).toEqual(last);
  expect((await tenant.api.post(`${at}/activate`)).json.status).toBe('active');
  const again = await tenant.api.post(`${at}/activate`);
  expect(again.json.version).toBe((await tenant.api.get(at)).json.version);
});

test('two administrators who suspend each other at once leave one', async () => {
  const own = await foundTenant(service);
  const [a, b] = [
    await own.user({ roles: ['organisation-administrator'] }),
    await own.user({ roles: ['organisation-administrator'] }),
  ];
  const answers = await Promise.all([
    own.api.post(`/users/${a.id}/suspend`),
    own.api.patch(`/users/${b.id}`, { roles: ['user'] }),
  ]);
  expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 409]);
});

test('nobody gives a role that holds more than they do; parts of a change need their own permission', async () => {
  const writer = await tenant.apiWith(['users:read', 'users:write']);
  const body = { username: 'limited', firstName: 'L', email: 'limited@example.org' };
  const create = async (more: object) => refusal(await writer.post('/users', { ...body, ...more }))[1];
  expect(await create({ roles: ['administrator'] })).toBe('forbidden');
  expect(await create({ extension: 'next' })).toBe('forbidden');
  expect(await create({ phone: 'desk' })).toBe('forbidden');
  const created = await writer.post('/users', body);
  expect(created.status).toBe(201);
  expect(refusal(await writer.patch(`/users/${created.json.id}`, { status: 'suspended' }))[1]).toBe(
    'forbidden',
  );
  expect(refusal(await writer.post(`/users/${created.json.id}/suspend`))[1]).toBe('forbidden');
  const reader = await tenant.apiWith(['users:read']);
  expect((await reader.get(`/users/${created.json.id}`)).status).toBe(200);
  expect((await reader.patch(`/users/${created.json.id}`, { alias: 'x' })).status).toBe(403);
});

const TYPED = [
  `Zoë "Zed" O'Neil; \${SHELL(touch /tmp/x)}`,
  "Robert'); DROP TABLE users;--",
  'مريم \u200fعلي\u200e',
  '李小龙 👩‍👩‍👧',
  'a,b\\c|d%26&e',
  '=1+1',
  '<script>alert(1)</script>',
];
test.each(TYPED)('a name is kept and found as typed: %s', async (name) => {
  const own = await foundTenant(service);
  const user = await own.user({ firstName: name, lastName: null });
  expect((await own.api.get(`/users/${user.id}`)).json.firstName).toBe(name);
  const found = await own.api.get(`/users?search=${encodeURIComponent(name)}`);
  expect(found.json.items.map((item: { id: string }) => item.id)).toEqual([user.id]);
});

test.each([
  ['a\r\nb', '/firstName'],
  ['a\nAction: Command', '/firstName'],
  ['nul\0', '/firstName'],
  [' blank', '/firstName'],
  ['', '/firstName'],
  ['x'.repeat(10_000), '/firstName'],
])('a name that cannot stand is refused in words: %j', async (name, path) => {
  const answer = await tenant.api.post('/users', {
    ...ADA,
    username: 'bad',
    email: 'bad@example.org',
    firstName: name,
  });
  expect(refusal(answer)).toEqual([422, 'validation-failed', [path]]);
  expect(answer.json.errors[0].message).toMatch(/^[A-Z].*\.$/);
});

test('the longest names are kept', async () => {
  const names = { firstName: '👍'.repeat(100), lastName: '"'.repeat(100) };
  expect(await tenant.user(names)).toMatchObject(names);
});

test('whoever waits for the PBX is told after the time that it waits, and why', async () => {
  const created = await tenant.api.post(
    '/users',
    { username: 'waits', firstName: 'Waits', email: 'waits@example.org' },
    { prefer: 'wait=1' },
  );
  expect(created.status).toBe(201);
  expect(created.json.sync).toMatchObject({ state: 'waiting' });
});

test("a stranger's user is not there, whichever way it is asked for", async () => {
  const stranger = await foundTenant(service);
  const theirs = await stranger.user({ extension: 'next', phone: 'softphone' });
  for (const [method, path, json] of [
    ['GET', `/users/${theirs.id}`],
    ['PATCH', `/users/${theirs.id}`, { alias: 'mine' }],
    ['POST', `/users/${theirs.id}/suspend`],
    ['GET', `/users/${theirs.id}/lines`],
    ['POST', `/users/${theirs.id}/lines`, { kind: 'softphone' }],
    ['GET', `/users/${theirs.id}/lines/${theirs.lines[0].id}/credentials`],
    ['POST', `/users/${theirs.id}/webphone-credentials`, {}],
    ['GET', `/users/${theirs.id}/forwarding`],
    ['PUT', `/users/${theirs.id}/forwarding`, { always: '1000' }],
    ['PUT', '/extensions/1500', { userId: theirs.id }],
  ] as const) {
    const answer = await tenant.api.call(method, path, { json, headers: { 'if-match': '*' } });
    expect([method, path, answer.status]).toEqual([method, path, 404]);
  }
  expect((await stranger.api.get(`/users/${theirs.id}`)).json).toEqual(theirs);
});
