import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, foundTenant, refusal, type TestTenant } from '../support/tenants.ts';

let service: TestService;
let tenant: TestTenant;
let serial = 0;
/** A number that no other test of this file enters. */
const freshNumber = () => `+331557${String(++serial).padStart(5, '0')}`;

beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  tenant = await foundTenant(service);
});
afterAll(() => service?.stop());

test('a number is entered as dialled, kept in E.164, given to a user and taken back', async () => {
  const created = await tenant.api.post('/numbers', { e164: '01 55 50 10 01', label: 'Front desk' });
  expect(created.json).toMatchObject({ e164: '+33155501001', label: 'Front desk', userId: null, user: null });
  const ada = await tenant.user({ firstName: 'Ada', lastName: 'L' });
  const at = `/numbers/${created.json.id}`;
  const given = await tenant.api.patch(at, { userId: ada.id });
  expect(given.json).toMatchObject({ label: 'Front desk', user: { id: ada.id, name: 'Ada L' } });
  expect((await tenant.api.get(`/users/${ada.id}`)).json.numbers).toEqual(['+33155501001']);
  const same = await tenant.api.patch(at, { userId: ada.id });
  expect(same.json.version).toBe(given.json.version);
  expect((await tenant.api.patch(at, { userId: null, label: null })).json).toMatchObject({
    userId: null,
    label: null,
  });
  expect(refusal(await tenant.api.patch(at, { userId: crypto.randomUUID() }))).toEqual([
    422,
    'validation-failed',
    ['/userId'],
  ]);
  expect(refusal(await tenant.api.patch(at, { e164: '+33155501002' }))[2]).toEqual(['/e164']);
});

test('a number belongs to one tenant of the installation', async () => {
  const e164 = freshNumber();
  await tenant.api.post('/numbers', { e164 });
  const other = await foundTenant(service);
  expect(refusal(await other.api.post('/numbers', { e164 }))).toEqual([409, 'number-taken', ['/e164']]);
  expect(refusal(await other.api.post('/numbers', { e164: '12' }))).toEqual([
    422,
    'validation-failed',
    ['/e164'],
  ]);
  const theirs = (await other.api.post('/numbers', { e164: freshNumber() })).json;
  const user = { username: 'thief', firstName: 'T', email: 'thief@example.org' };
  for (const [method, path, json] of [
    ['POST', '/users', { ...user, outboundNumber: theirs.e164 }],
    ['PATCH', '', { defaultNumber: theirs.e164 }],
    ['POST', '/caller-id-groups', { name: 'Stolen', numbers: [theirs.e164] }],
  ] as const) {
    const answer = await tenant.api.call(method, path, { json, headers: { 'if-match': '*' } });
    expect([path, answer.status, answer.json.code]).toEqual([path, 422, 'number-not-owned']);
  }
  for (const method of ['GET', 'DELETE'])
    expect((await tenant.api.call(method, `/numbers/${theirs.id}`)).status).toBe(404);
});

test('a number that somebody shows is not removed', async () => {
  const [shown, grouped, standard, free] = await Promise.all(
    Array.from({ length: 4 }, async () => (await tenant.api.post('/numbers', { e164: freshNumber() })).json),
  );
  await tenant.user({ outboundNumber: shown.e164 });
  await tenant.api.post('/caller-id-groups', { name: 'Keeps', numbers: [grouped.e164] });
  await tenant.api.patch('', { defaultNumber: standard.e164 });
  for (const { id } of [shown, grouped, standard])
    expect(refusal(await tenant.api.delete(`/numbers/${id}`))).toEqual([409, 'in-use', []]);
  expect((await tenant.api.delete(`/numbers/${free.id}`)).status).toBe(204);
});

test('numbers are searched and filtered, page by page', async () => {
  const own = await foundTenant(service);
  const user = await own.user();
  const numbers = Array.from({ length: 5 }, freshNumber);
  for (const [n, e164] of numbers.entries())
    await own.api.post('/numbers', { e164, label: `Label ${n}`, ...(n === 2 && { userId: user.id }) });
  const found = async (query: string) =>
    (await own.api.get(`/numbers?${query}`)).json.items.map((one: { e164: string }) => one.e164);
  expect(await found('given=true')).toEqual([numbers[2]]);
  expect(await found('given=false')).toHaveLength(4);
  expect(await found('search=label%203')).toEqual([numbers[3]]);
  expect(await found(`search=0${numbers[4]!.slice(3)}`)).toEqual([numbers[4]]);
  const first = (await own.api.get('/numbers?limit=3')).json;
  const rest = (await own.api.get(`/numbers?limit=3&cursor=${first.next}`)).json;
  expect([...first.items, ...rest.items].map((one: { e164: string }) => one.e164)).toEqual(numbers);
});

test('a caller ID group holds numbers of the tenant, in their order, each once', async () => {
  const [a, b, c] = [freshNumber(), freshNumber(), freshNumber()];
  for (const e164 of [a, b, c]) await tenant.api.post('/numbers', { e164 });
  const created = await tenant.api.post('/caller-id-groups', { name: 'Sales', numbers: [b, a] });
  expect(created.json).toMatchObject({ name: 'Sales', numbers: [b, a], teams: 0 });
  const at = `/caller-id-groups/${created.json.id}`;
  const changed = await tenant.api.patch(at, { numbers: [a, b, c] });
  expect(changed.json).toMatchObject({
    name: 'Sales',
    numbers: [a, b, c],
    version: created.json.version + 1,
  });
  expect((await tenant.api.patch(at, { name: 'Sales' })).json.version).toBe(changed.json.version);
  expect(refusal(await tenant.api.patch(at, { numbers: [a, a] }))).toEqual([
    409,
    'conflict-duplicate',
    ['/numbers'],
  ]);
  expect(refusal(await tenant.api.patch(at, { numbers: [a, freshNumber()] }))).toEqual([
    422,
    'number-not-owned',
    ['/numbers/1'],
  ]);
  expect((await tenant.api.get(at)).json.numbers).toEqual([a, b, c]);
  const again = await tenant.api.post('/caller-id-groups', { name: 'SALES', numbers: [a] });
  expect(refusal(again)).toEqual([409, 'conflict-duplicate', ['/name']]);
  expect((await tenant.api.get('/caller-id-groups')).json.items.length).toBeGreaterThan(0);

  const team = (await tenant.api.post('/teams', { name: 'Sellers', callerIdGroupId: created.json.id })).json;
  expect(refusal(await tenant.api.delete(at))).toEqual([409, 'in-use', []]);
  await tenant.api.patch(`/teams/${team.id}`, { callerIdGroupId: null });
  expect((await tenant.api.delete(at)).status).toBe(204);
});

test('a team has agents and supervisors', async () => {
  const [ada, bob] = [await tenant.user({ firstName: 'Ada', lastName: 'A' }), await tenant.user()];
  const team = (await tenant.api.post('/teams', { name: 'Support' })).json;
  const at = `/teams/${team.id}`;
  const member = (id: string, capacities: string[]) => tenant.api.put(`${at}/members/${id}`, { capacities });
  expect((await member(ada.id, ['agent', 'supervisor'])).status).toBe(204);
  expect((await member(bob.id, ['agent'])).status).toBe(204);
  expect((await tenant.api.get(at)).json).toMatchObject({ name: 'Support', agents: 2, supervisors: 1 });
  expect((await tenant.api.get(`/users/${ada.id}`)).json.teams).toEqual([
    { id: team.id, name: 'Support', capacity: 'agent' },
    { id: team.id, name: 'Support', capacity: 'supervisor' },
  ]);
  await member(ada.id, ['supervisor']);
  const first = (await tenant.api.get(`${at}/members?limit=1`)).json;
  const rest = (await tenant.api.get(`${at}/members?limit=1&cursor=${first.next}`)).json;
  const members = [...first.items, ...rest.items];
  expect(members.find((one: { userId: string }) => one.userId === ada.id)).toMatchObject({
    name: 'Ada A',
    capacities: ['supervisor'],
  });
  await tenant.api.delete(`${at}/members/${bob.id}`);
  expect((await tenant.api.get(at)).json).toMatchObject({ agents: 0, supervisors: 1 });
  const audit = (await auditOf(service, tenant.id)).filter((one) => one.action === 'team.member');
  expect(audit.at(-1)).toMatchObject({ before: { capacities: ['agent'] }, after: { capacities: [] } });

  const stranger = await (await foundTenant(service)).user();
  expect((await member(stranger.id, ['agent'])).status).toBe(404);
  expect(refusal(await tenant.api.post('/teams', { name: 'support' }))).toEqual([
    409,
    'conflict-duplicate',
    ['/name'],
  ]);
  expect(refusal(await tenant.api.patch(at, { callerIdGroupId: crypto.randomUUID() }))[2]).toEqual([
    '/callerIdGroupId',
  ]);
  expect((await tenant.api.delete(at)).status).toBe(204);
  expect((await tenant.api.get(`/users/${ada.id}`)).json.teams).toEqual([]);
});

test("members of a team are compared again when the team's caller ID group changes", async () => {
  const user = await tenant.user();
  const e164 = freshNumber();
  await tenant.api.post('/numbers', { e164 });
  const group = (await tenant.api.post('/caller-id-groups', { name: 'Again', numbers: [e164] })).json;
  const team = (await tenant.api.post('/teams', { name: 'Again' })).json;
  await tenant.api.put(`/teams/${team.id}/members/${user.id}`, { capacities: ['agent'] });
  await service.owner.query('DELETE FROM sync_pending');
  await tenant.api.patch(`/teams/${team.id}`, { callerIdGroupId: group.id });
  const { rows } = await service.owner.query('SELECT subject FROM sync_pending');
  expect(rows.map((row) => row.subject)).toContain(`user:${user.id}`);
});

test('a trunk keeps its password to itself', async () => {
  const created = await tenant.api.post('/trunks', {
    name: 'Carrier',
    host: 'sip.carrier.example',
    username: 'acme',
    password: 'trunk-secret-that-nobody-sees',
  });
  expect(created.json).toMatchObject({
    hasPassword: true,
    port: 5060,
    transport: 'udp',
    numberFormat: 'e164+',
  });
  const at = `/trunks/${created.json.id}`;
  const { rows } = await service.owner.query('SELECT secret FROM trunks WHERE id = $1', [created.json.id]);
  expect(service.patchbay.deps.unseal(rows[0].secret, `trunk:${created.json.id}`)).toBe(
    'trunk-secret-that-nobody-sees',
  );
  const changed = await tenant.api.patch(at, { password: 'second-secret-that-nobody-sees' });
  expect(changed.json.version).toBe(2);
  expect(refusal(await tenant.api.patch(at, { username: null }))).toEqual([
    422,
    'validation-failed',
    ['/username'],
  ]);
  expect((await tenant.api.patch(at, { username: null, password: null })).json).toMatchObject({
    username: null,
    hasPassword: false,
  });
  expect(refusal(await tenant.api.patch(at, { username: 'half' }))[2]).toEqual(['/password']);
  for (const host of ['a b', 'x;y', 'sip:host', ''])
    expect(refusal(await tenant.api.patch(at, { host }))[2]).toEqual(['/host']);
  const everything = [
    created.text,
    changed.text,
    (await tenant.api.get('/trunks')).text,
    JSON.stringify(await auditOf(service, tenant.id)),
    service.logged(),
  ].join();
  expect(everything).not.toContain('secret-that-nobody-sees');
  expect((await tenant.api.delete(at)).status).toBe(204);
});

test('call forwarding goes to an extension or a number, never to an emergency number', async () => {
  const { deps } = service.patchbay;
  const known = deps.isReservedExtension;
  deps.isReservedExtension = (_country, number) => number === '112';
  try {
    const [ada, bob] = [await tenant.user({ extension: '1001' }), await tenant.user({ extension: '1002' })];
    const at = `/users/${ada.id}/forwarding`;
    const none = { always: null, busy: null, noAnswer: null, unregistered: null, noAnswerSeconds: 20 };
    expect((await tenant.api.get(at)).json).toEqual(none);
    const set = await tenant.api.put(at, { busy: '1002', noAnswer: '06 12 34 56 78', noAnswerSeconds: 30 });
    expect(set.json).toEqual({ ...none, busy: '1002', noAnswer: '0612345678', noAnswerSeconds: 30 });
    expect((await tenant.api.patch(at, { busy: null })).json).toMatchObject({
      busy: null,
      noAnswer: '0612345678',
    });
    for (const target of ['112', '1001', '1003', 'sip:x@y', '*72', '1', '1'.repeat(25)])
      expect([target, refusal(await tenant.api.patch(at, { always: target }))]).toEqual([
        target,
        [422, 'validation-failed', ['/always']],
      ]);
    expect((await tenant.api.put(at, {})).json).toEqual(none);
    await tenant.api.delete('/extensions/1002');
    expect((await tenant.api.patch(at, { always: '1002' })).status).toBe(422);
    expect(bob.extension).toBe('1002');
  } finally {
    deps.isReservedExtension = known;
  }
});

test('built-in roles and their permissions are listed', async () => {
  const { json } = await tenant.api.get('/roles');
  const root = json.items.find((role: { key: string }) => role.key === 'organisation-administrator');
  expect(root.permissions).toContain('users:write');
  expect(root.permissions).not.toContain('tenants:write');
  expect(json.items).toHaveLength(7);
  expect((await tenant.api.get(`/roles/${root.id}`)).json).toEqual(root);
  expect((await tenant.api.get(`/roles/${crypto.randomUUID()}`)).status).toBe(404);
});
