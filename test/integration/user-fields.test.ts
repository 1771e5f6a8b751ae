import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiClient } from '../support/api-client.ts';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, foundTenant, refusal, type TestTenant } from '../support/tenants.ts';

let service: TestService;
let tenant: TestTenant;

beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  tenant = await foundTenant(service);
});
afterAll(() => service?.stop());

describe('allowed networks', () => {
  test('are stored in one way of writing, each once, none inside another', async () => {
    const user = await tenant.user({
      allowedNetworks: ['2001:DB8:0::1/32', '192.0.2.77/24', '192.0.2.5', '10.0.0.1', '10.0.0.1/32'],
    });
    expect(user.allowedNetworks).toEqual(['10.0.0.1/32', '192.0.2.0/24', '2001:db8::/32']);
    const same = await tenant.api.patch(`/users/${user.id}`, { allowedNetworks: user.allowedNetworks });
    expect(same.json.version).toBe(user.version);
    const cleared = await tenant.api.patch(`/users/${user.id}`, { allowedNetworks: [] });
    expect([cleared.json.allowedNetworks, cleared.json.version]).toEqual([[], user.version + 1]);
    const entry = (await auditOf(service, tenant.id)).findLast(
      ({ action, objectId }) => action === 'user.update' && objectId === user.id,
    );
    expect([entry.before.allowedNetworks, entry.after.allowedNetworks]).toEqual([user.allowedNetworks, []]);
  });

  test.each([
    ['10.0.0.0/33'],
    ['10.0.0/8'],
    ['010.0.0.1'],
    ['fe80::1%eth0'],
    ['::ffff:10.0.0.1'],
    ['10.0.0.0/8/8'],
    ['10.0.0.0/-1'],
    ['!10.0.0.0/8'],
    ['10.0.0.1,10.0.0.2'],
    ['office.example'],
    [''],
  ])('are refused where they are no network: %j', async (network) => {
    const user = await tenant.user();
    const answer = await tenant.api.patch(`/users/${user.id}`, { allowedNetworks: ['10.0.0.0/8', network] });
    expect(refusal(answer)).toEqual([422, 'validation-failed', ['/allowedNetworks/1']]);
  });

  test('are refused when they are too many, or too long for the PBX', async () => {
    const user = await tenant.user();
    const many = Array.from({ length: 21 }, (_, n) => `10.0.${n}.0/24`);
    const long = Array.from({ length: 9 }, (_, n) => `2001:db8:1111:2222:3333:4444:5555:${n + 1}666/128`);
    for (const allowedNetworks of [many, long]) {
      const answer = await tenant.api.patch(`/users/${user.id}`, { allowedNetworks });
      expect(refusal(answer)).toEqual([422, 'validation-failed', ['/allowedNetworks']]);
    }
  });

  test('let an API key of the user in from inside them, and no other', async () => {
    const user = await tenant.user();
    const made = await tenant.api.post('/keys', { name: 'own', userId: user.id, scopes: ['users:read'] });
    expect(made.status).toBe(201);
    const own = apiClient(() => service.url, made.json.token);
    const status = async (allowedNetworks: string[]) => {
      await tenant.api.patch(`/users/${user.id}`, { allowedNetworks });
      return (await own.get(`/tenants/${tenant.slug}/users/${user.id}`)).status;
    };
    expect(await status(['203.0.113.0/24', '2001:db8::/32'])).toBe(401);
    expect(await status(['203.0.113.0/24', '127.0.0.0/8'])).toBe(200);
    expect(await status(['127.0.0.2'])).toBe(401);
    expect(await status([])).toBe(200);
  });
});

const users = async (query: string) =>
  (await tenant.api.get(`/users?${query}`)).json.items.map(({ id }: { id: string }) => id).sort();
const labels = async (kind: 'tags' | 'skills') => (await tenant.api.get(`/${kind}`)).json.items;
const named = async (kind: 'tags' | 'skills', name: string) =>
  (await labels(kind)).find((one: { name: string }) => one.name === name);
const lastUpdateOf = async (userId: string) =>
  (await auditOf(service, tenant.id)).findLast((entry) => entry.objectId === userId);

describe('tags', () => {
  test('are made by using them, in whatever case, and found by the list', async () => {
    const ada = await tenant.user({ tags: ['Night shift', 'vip', 'VIP'] });
    const bob = await tenant.user({ tags: ['night SHIFT'] });
    expect(ada.tags.map((tag: string) => tag.toLowerCase())).toEqual(['night shift', 'vip']);
    expect(bob.tags).toEqual(['Night shift']);
    expect(await named('tags', 'Night shift')).toMatchObject({ users: 2 });
    expect(await users('tag=NIGHT%20shift')).toEqual([ada.id, bob.id].sort());
    expect(await users('tag=vip')).toEqual([ada.id]);
    expect(await users('tag=nobody')).toEqual([]);
  });

  test('change the version and the history of the user when they change, and only then', async () => {
    const user = await tenant.user({ tags: ['first'] });
    const same = await tenant.api.patch(`/users/${user.id}`, { tags: ['FIRST'] });
    expect(same.json.version).toBe(user.version);
    const other = await tenant.api.patch(`/users/${user.id}`, { tags: ['second'] });
    expect([other.json.tags, other.json.version]).toEqual([['second'], user.version + 1]);
    const untouched = await tenant.api.patch(`/users/${user.id}`, { alias: 'x' });
    expect(untouched.json.tags).toEqual(['second']);
    const entries = (await auditOf(service, tenant.id)).filter(({ objectId }) => objectId === user.id);
    expect(entries[1]).toMatchObject({ before: { tags: ['first'] }, after: { tags: ['second'] } });
    expect((await tenant.api.patch(`/users/${user.id}`, { tags: [] })).json.tags).toEqual([]);
  });

  test('are renamed and deleted for everyone; a change against the old name is refused', async () => {
    const user = await tenant.user({ tags: ['Berlin', 'Paris'] });
    const { id } = await named('tags', 'Berlin');
    expect(refusal(await tenant.api.patch(`/tags/${id}`, { name: 'PARIS' }))).toEqual([
      409,
      'conflict-duplicate',
      ['/name'],
    ]);
    expect((await tenant.api.patch(`/tags/${id}`, { name: 'Bonn' })).json).toMatchObject({
      name: 'Bonn',
      users: 1,
    });
    const stale = { 'if-match': `"${user.version}"` };
    expect((await tenant.api.patch(`/users/${user.id}`, { tags: ['Berlin'] }, stale)).status).toBe(412);
    expect((await tenant.api.delete(`/tags/${id}`)).status).toBe(204);
    expect((await tenant.api.get(`/users/${user.id}`)).json.tags).toEqual(['Paris']);
    expect((await tenant.api.get(`/tags/${id}`)).status).toBe(404);
    const audit = (await auditOf(service, tenant.id)).filter(({ objectId }) => objectId === id);
    expect(audit.map(({ action }) => action)).toEqual(['tag.rename', 'tag.delete']);
  });

  test('are refused beyond 50, and with a sign that divides them in a file', async () => {
    const user = await tenant.user();
    const fifty = Array.from({ length: 50 }, (_, n) => `t${n}`);
    expect((await tenant.api.patch(`/users/${user.id}`, { tags: fifty })).json.tags).toHaveLength(50);
    const more = await tenant.api.patch(`/users/${user.id}`, { tags: [...fifty, 'one'] });
    expect(refusal(more)).toEqual([422, 'validation-failed', ['/tags']]);
    const divided = await tenant.api.patch(`/users/${user.id}`, { tags: ['a', 'b;c'] });
    expect(refusal(divided)).toEqual([422, 'validation-failed', ['/tags/1']]);
  });

  test('that two make at the same time become one', async () => {
    const both = await Promise.all(
      ['Rush', 'rush'].map((tag) => tenant.user({ tags: ['zeta', tag, 'alpha'] })),
    );
    expect(both[0]!.tags).toEqual(both[1]!.tags);
  });
});

describe('skills', () => {
  test('have levels, can be looked up by a least level, and say who has them', async () => {
    const ada = await tenant.user({
      skills: [
        { name: 'English', level: 9 },
        { name: 'billing', level: 3 },
      ],
    });
    const bob = await tenant.user({ skills: [{ name: 'english', level: 4 }] });
    expect(ada.skills).toEqual([
      { name: 'billing', level: 3 },
      { name: 'English', level: 9 },
    ]);
    expect(await users('skill=english')).toEqual([ada.id, bob.id].sort());
    expect(await users('skill=english:5')).toEqual([ada.id]);
    expect(await users('skill=english:10')).toEqual([]);
    expect(await users('skill=english:5&skill=billing:4')).toEqual([ada.id]);
    const { id, users: count } = await named('skills', 'English');
    expect(count).toBe(2);
    const first = (await tenant.api.get(`/skills/${id}/users?limit=1`)).json;
    const rest = (await tenant.api.get(`/skills/${id}/users?limit=1&cursor=${first.next}`)).json;
    expect([...first.items, ...rest.items].map(({ user, level }) => [user.id, level])).toEqual([
      [ada.id, 9],
      [bob.id, 4],
    ]);
    expect(rest.next).toBeNull();
    const better = await tenant.api.patch(`/users/${bob.id}`, { skills: [{ name: 'ENGLISH', level: 5 }] });
    expect([better.json.skills[0].level, better.json.version]).toEqual([5, bob.version + 1]);
    expect(await lastUpdateOf(bob.id)).toMatchObject({
      before: { skills: [{ name: 'English', level: 4 }] },
      after: { skills: [{ name: 'English', level: 5 }] },
    });
  });

  test.each([
    [[{ name: 'a', level: 0 }], '/skills/0/level'],
    [[{ name: 'a', level: 11 }], '/skills/0/level'],
    [[{ name: 'a', level: 1.5 }], '/skills/0/level'],
    [[{ name: 'a:b', level: 1 }], '/skills/0/name'],
    [
      [
        { name: 'a', level: 1 },
        { name: 'A', level: 2 },
      ],
      '/skills/1/name',
    ],
  ])('are refused when they are none: %j', async (skills, place) => {
    const answer = await tenant.api.post('/users', {
      username: 'n',
      firstName: 'N',
      email: 'n@example.org',
      skills,
    });
    expect(refusal(answer)).toEqual([422, 'validation-failed', [place]]);
  });
});

test('labels of one tenant are nothing to another, and need the permission', async () => {
  const other = await foundTenant(service);
  await tenant.user({ tags: ['ours'], skills: [{ name: 'ours', level: 1 }] });
  expect((await other.api.get('/tags')).json.items).toEqual([]);
  expect((await other.api.get('/users?tag=ours')).json.items).toEqual([]);
  for (const kind of ['tags', 'skills'] as const) {
    const { id } = await named(kind, 'ours');
    expect((await other.api.get(`/${kind}/${id}`)).status).toBe(404);
    expect((await other.api.call('DELETE', `/${kind}/${id}`)).status).toBe(404);
    const reader = await tenant.apiWith(['users:read']);
    expect((await reader.delete(`/${kind}/${id}`)).status).toBe(403);
  }
});

describe('attributes', () => {
  let at: TestTenant;
  const ids = new Map<string, string>();
  const SECRET = 'calendar-token-1f9e';

  beforeAll(async () => {
    at = await foundTenant(service);
    for (const [key, type, choices] of [
      ['costCentre', 'text', []],
      ['desk', 'number', []],
      ['shift', 'choice', ['day', 'night']],
      ['sites', 'list', ['Paris', 'Lyon']],
      ['words', 'list', []],
      ['remote', 'boolean', []],
      ['joined', 'date', []],
      ['token', 'secret', []],
    ]) {
      const made = await at.api.post('/attributes', { key, label: `The ${key}`, type, choices });
      expect(made.status).toBe(201);
      ids.set(String(key), made.json.id);
    }
  });

  test('of every type are kept as sent; one that is not sent stays, null clears', async () => {
    const attributes = {
      costCentre: 'Zürich "7"',
      desk: 12.5,
      shift: 'night',
      sites: ['Lyon'],
      words: ['b', 'a'],
      remote: false,
      joined: '2024-02-29',
    };
    const user = await at.user({ attributes });
    expect([user.attributes, user.secretAttributes]).toEqual([attributes, []]);
    const same = await at.api.patch(`/users/${user.id}`, { attributes });
    expect(same.json.version).toBe(user.version);
    const other = await at.api.patch(`/users/${user.id}`, { attributes: { desk: 13, shift: null } });
    const { shift, ...rest } = attributes;
    expect([other.json.attributes, other.json.version]).toEqual([{ ...rest, desk: 13 }, user.version + 1]);
    const entry = (await auditOf(service, at.id)).findLast(({ objectId }) => objectId === user.id);
    expect([entry.before.attributes, entry.after.attributes]).toEqual([attributes, other.json.attributes]);
  });

  test.each([
    ['costCentre', 5],
    ['costCentre', 'two\nlines'],
    ['desk', '12'],
    ['shift', 'evening'],
    ['sites', ['Paris', 'Nice']],
    ['sites', 'Paris'],
    ['words', ['a', 'a']],
    ['remote', 'yes'],
    ['joined', '2023-02-29'],
    ['joined', '29.2.2024'],
    ['token', 7],
    ['unknown', 'x'],
    ['a/b~c', 'x'],
  ])('are refused where the value is not of the type: %s = %j', async (key, value) => {
    const user = await at.user();
    const answer = await at.api.patch(`/users/${user.id}`, {
      attributes: { [key]: value, remote: key === 'remote' ? value : true },
    });
    const place = key.replaceAll('~', '~0').replaceAll('/', '~1');
    expect(refusal(answer)).toEqual([422, 'validation-failed', [`/attributes/${place}`]]);
    expect((await at.api.get(`/users/${user.id}`)).json.attributes).toEqual({});
  });

  test('that are secret are sealed, and shown to nobody', async () => {
    const user = await at.user({ attributes: { token: SECRET } });
    expect([user.attributes, user.secretAttributes]).toEqual([{}, ['token']]);
    const again = await at.api.patch(`/users/${user.id}`, { attributes: { token: `${SECRET}-2` } });
    expect(again.json.version).toBe(user.version + 1);
    const { rows } = await service.owner.query(
      'SELECT secret FROM user_attributes WHERE user_id = $1 AND definition_id = $2',
      [user.id, ids.get('token')],
    );
    const { unseal } = service.patchbay.deps;
    expect(unseal(rows[0].secret, `attribute:${user.id}:${ids.get('token')}`)).toBe(`${SECRET}-2`);
    const audit = JSON.stringify(await auditOf(service, at.id));
    const places = [again.text, audit, service.logged(), rows[0].secret.toString('latin1')];
    expect(places.filter((place) => place.includes(SECRET))).toEqual([]);
  });

  test('that are required must be there for a new user and cannot be cleared', async () => {
    const strict = await foundTenant(service);
    const old = await strict.user();
    const definition = { key: 'badge', label: 'Badge', type: 'text', required: true };
    expect((await strict.api.post('/attributes', definition)).status).toBe(201);
    const missing = await strict.api.post('/users', {
      username: 'n',
      firstName: 'N',
      email: 'n@example.org',
    });
    expect(refusal(missing)).toEqual([422, 'validation-failed', ['/attributes/badge']]);
    const user = await strict.user({ attributes: { badge: '7' } });
    const cleared = await strict.api.patch(`/users/${user.id}`, { attributes: { badge: null } });
    expect(refusal(cleared)).toEqual([422, 'validation-failed', ['/attributes/badge']]);
    expect((await strict.api.patch(`/users/${old.id}`, { alias: 'x' })).status).toBe(200);
  });

  test('are deleted with their values only when that is said, and a choice that is used stays', async () => {
    const user = await at.user({ attributes: { shift: 'night', sites: ['Paris', 'Lyon'] } });
    const of = (key: string) => `/attributes/${ids.get(key)}`;
    for (const [key, choices] of [
      ['shift', ['day']],
      ['sites', ['Lyon']],
    ] as const)
      expect((await at.api.patch(of(key), { choices })).json).toMatchObject({ code: 'in-use', users: 1 });
    expect((await at.api.patch(of('shift'), { choices: ['night', 'late'] })).json.choices).toEqual([
      'night',
      'late',
    ]);
    expect((await at.api.delete(of('shift'))).json).toMatchObject({ code: 'in-use', users: 1 });
    expect((await at.api.delete(`${of('shift')}?force=true`)).status).toBe(204);
    const after = (await at.api.get(`/users/${user.id}`)).json;
    expect([after.attributes, after.version]).toEqual([{ sites: ['Paris', 'Lyon'] }, user.version + 1]);
  });

  test('have a key of their own, a type for good, and choices where they belong', async () => {
    const define = (fields: object) =>
      at.api.post('/attributes', { key: 'x', label: 'X', type: 'text', ...fields });
    expect(refusal(await define({ key: 'desk' }))).toEqual([409, 'conflict-duplicate', ['/key']]);
    expect(refusal(await define({ key: 'Desk 1' }))).toEqual([422, 'validation-failed', ['/key']]);
    expect(refusal(await define({ type: 'choice' }))).toEqual([422, 'validation-failed', ['/choices']]);
    expect(refusal(await define({ choices: ['a'] }))).toEqual([422, 'validation-failed', ['/choices']]);
    expect((await at.api.patch(`/attributes/${ids.get('desk')}`, { type: 'text' })).status).toBe(422);
    const clerk = await at.apiWith(['users:read', 'users:write']);
    expect((await clerk.post('/attributes', { key: 'y', label: 'Y', type: 'text' })).status).toBe(403);
  });

  test('for dialers and routers come by one call, which can be repeated', async () => {
    const dialling = await foundTenant(service);
    for (let time = 0; time < 2; time++)
      expect((await dialling.api.post('/dialer-attributes', undefined)).status).toBe(200);
    const { items } = (await dialling.api.get('/attributes')).json;
    expect(items.map(({ key }: { key: string }) => key)).toEqual([
      'autoDial',
      'capacity',
      'channels',
      'leadAssignment',
      'speechLanguage',
      'speechRecognition',
    ]);
    const attributes = {
      autoDial: true,
      capacity: 3,
      channels: ['voice', 'chat'],
      leadAssignment: 'automatic',
    };
    expect((await dialling.user({ attributes })).attributes).toEqual(attributes);
    expect((await at.api.get('/attributes')).json.items).not.toContainEqual(items[0]);
  });
});
