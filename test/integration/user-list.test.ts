import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { everyItem, foundTenant, refusal, type TestTenant, type TestUser } from '../support/tenants.ts';
import { until } from '../support/until.ts';

let service: TestService;
let tenant: TestTenant;
const made: Record<string, TestUser> = {};

/** Last name, first name, more. */
const PEOPLE: [string, string, Record<string, unknown>][] = [
  ['Byron', 'Ada', { username: 'ada', employeeId: 'E-1', extension: '1007', phone: 'softphone' }],
  ['Hopper', 'Grace', { username: 'grace', extension: '1003', phone: 'desk', roles: ['supervisor'] }],
  ['Lovelace', 'Ada', { username: 'lovely', email: 'countess@court.example', phone: 'webphone' }],
  ['Çelik', 'Zoë', { username: 'zoe', alias: 'Zed 100%', status: 'suspended' }],
  ['李', '小龙', { username: 'bruce' }],
];

beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  tenant = await foundTenant(service);
  await tenant.api.post('/numbers', { e164: '+33155501001' });
  for (const [lastName, firstName, more] of PEOPLE)
    made[more.username as string] = await tenant.user({ lastName, firstName, ...more });
  await tenant.api.post('/numbers', { e164: '+33155502002', userId: made.grace!.id });
  await tenant.api.patch(`/users/${made.zoe!.id}`, { outboundNumber: '+33155501001' });
  // Another tenant full of people who would match as well.
  const other = await foundTenant(service);
  await other.user({ firstName: 'Ada', lastName: 'Stranger', extension: '1007' });
});
afterAll(() => service?.stop());

const found = async (query: string) => {
  const { json } = await tenant.api.get(`/users?${query}`);
  return json.items.map((user: { username: string }) => user.username);
};

test.each([
  ['ada', ['ada', 'lovely']],
  ['ADA', ['ada', 'lovely']],
  ['lovelace ada', ['lovely']],
  ['ada grace', []],
  ['countess', ['lovely']],
  ['court.example', ['lovely']],
  ['e-1', ['ada']],
  ['zed 100%', ['zoe']],
  ['%', ['zoe']],
  ['_', []],
  ['小龙', ['bruce']],
  ['çelik', ['zoe']],
  ['1007', ['ada']],
  ['100', ['ada', 'grace', 'zoe']],
  ['+33155502002', ['grace']],
  ['0155502002', ['grace']],
  ['55501001', ['zoe']],
  ["'; DROP TABLE users; --", []],
  ['   ', ['ada', 'grace', 'lovely', 'zoe', 'bruce']],
])('search %j finds %j', async (search, expected) => {
  expect(await found(`search=${encodeURIComponent(search)}`)).toEqual(expected);
});

test('filters, together and alone', async () => {
  expect(await found('status=suspended')).toEqual(['zoe']);
  expect(await found('status=suspended&status=active&search=zoe')).toEqual(['zoe']);
  expect(await found('phone=softphone&phone=desk')).toEqual(['ada', 'grace']);
  expect(await found('phone=none')).toEqual(['zoe', 'bruce']);
  expect(await found('phone=none&phone=webphone&status=active')).toEqual(['lovely', 'bruce']);
  expect(await found('role=supervisor')).toEqual(['grace']);
  expect(await found(`role=${made.grace!.roles[0].id}`)).toEqual(['grace']);
  const team = (await tenant.api.post('/teams', { name: 'Night' })).json;
  await tenant.api.put(`/teams/${team.id}/members/${made.bruce!.id}`, { capacities: ['agent'] });
  expect(await found(`team=${team.id}`)).toEqual(['bruce']);
  expect(await found('inSync=false')).toHaveLength(5);
  expect(await found('inSync=true')).toEqual([]);
  expect(refusal(await tenant.api.get('/users?statsu=active'))[1]).toBe('validation-failed');
});

test.each([
  ['name', ['ada', 'grace', 'lovely', 'zoe', 'bruce']],
  ['username', ['ada', 'bruce', 'grace', 'lovely', 'zoe']],
  ['extension', ['grace', 'ada']],
  ['status', ['zoe']],
  ['createdAt', ['ada', 'grace', 'lovely', 'zoe', 'bruce']],
])('sorted by %s, both ways, page by page: everyone once', async (sort, expected) => {
  for (const order of ['asc', 'desc']) {
    const path = `/users?sort=${sort}&order=${order}&limit=2`;
    expect((await tenant.api.get(path)).json.total).toBe(5);
    const seen = (await everyItem(tenant.api, path)).map((user) => user.username);
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
    if (order === 'desc') seen.reverse();
    expect(seen.filter((name) => expected.includes(name))).toEqual(expected);
  }
});

test('a page goes on after its last row, whoever came or went meanwhile', async () => {
  const own = await foundTenant(service);
  for (const lastName of ['B', 'D', 'F']) await own.user({ lastName });
  const first = (await own.api.get('/users?limit=2')).json;
  await own.user({ lastName: 'A' });
  await own.user({ lastName: 'E' });
  const rest = (await own.api.get(`/users?limit=5&cursor=${first.next}`)).json;
  expect(rest.items.map((user: { lastName: string }) => user.lastName)).toEqual(['E', 'F']);
  expect(rest.total).toBe(5);
});

test('what waits for a PBX that is away says so', async () => {
  const { sync } = await until('a reason', async () => {
    const { json } = await tenant.api.get(`/users/${made.ada!.id}`);
    return json.sync.reason === null ? null : json;
  });
  expect(sync.state).toBe('waiting');
  expect(sync.message).toMatch(/\S/);
});
