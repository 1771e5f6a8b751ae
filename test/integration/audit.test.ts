import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { foundTenant, type TestTenant, type TestUser } from '../support/tenants.ts';

let service: TestService;
let tenant: TestTenant;

beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  tenant = await foundTenant(service);
});
afterAll(() => service?.stop());

// biome-ignore lint/suspicious/noExplicitAny: bodies of answers.
type Entry = any;

async function everyPage(path: string): Promise<Entry[]> {
  const items: Entry[] = [];
  let cursor = '';
  do {
    const { json } = await tenant.api.get(`${path}${path.includes('?') ? '&' : '?'}limit=3${cursor}`);
    items.push(...json.items);
    cursor = json.next === null ? '' : `&cursor=${json.next}`;
  } while (cursor !== '');
  return items;
}

describe('the audit log of a tenant', () => {
  let ada: TestUser;
  let bob: TestUser;
  beforeAll(async () => {
    ada = await tenant.user({ extension: 'next', phone: 'softphone' }).catch(() => tenant.user());
    bob = await tenant.user();
    for (const alias of ['A', 'B', 'C', 'D', 'E'])
      expect((await tenant.api.patch(`/users/${ada.id}`, { alias })).status).toBe(200);
    await tenant.api.post(`/users/${ada.id}/lines`, { kind: 'desk', label: 'Kitchen' });
    await tenant.api.patch(`/users/${bob.id}`, { alias: 'Bob' });
  });

  test('pages without a gap or a repetition, the latest first', async () => {
    const all = await everyPage('/audit');
    const ids = all.map(({ id }) => BigInt(id));
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? 1 : -1)));
    expect(new Set(ids).size).toBe(ids.length);
    expect(all.length).toBeGreaterThan(8);
  });

  test('is filtered by object, action, actor and time', async () => {
    const updates = await everyPage(`/audit?objectType=user&objectId=${ada.id}&action=user.update`);
    expect(updates.map(({ after }) => after.alias)).toEqual(['E', 'D', 'C', 'B', 'A']);
    expect(updates[0].before.alias).toBe('D');
    const { actor, at } = updates[2];
    expect(await everyPage(`/audit?actor=${actor.id}&action=user.update&objectId=${ada.id}`)).toEqual(
      updates,
    );
    expect(await everyPage('/audit?actor=nobody')).toEqual([]);
    const until = await everyPage(`/audit?objectId=${ada.id}&action=user.update&to=${at}`);
    const from = await everyPage(`/audit?objectId=${ada.id}&action=user.update&from=${at}`);
    expect([...from, ...until].map(({ id }) => id).sort()).toEqual(updates.map(({ id }) => id).sort());
    expect(until.length).toBeGreaterThan(0);
  });

  test("tells a user's history: what was done to them and to what is theirs, also after the deletion", async () => {
    const history = await everyPage(`/users/${ada.id}/history`);
    const actions = history.map(({ action }) => action);
    expect(actions.filter((action) => action === 'user.update')).toHaveLength(5);
    expect(actions).toContain('line.create');
    expect(history.some(({ after }) => after?.alias === 'Bob')).toBe(false);
    expect(await everyPage(`/audit?user=${ada.id}`)).toEqual(history);
    const cem = await tenant.user();
    expect((await tenant.api.delete(`/users/${cem.id}`)).status).toBe(204);
    const past = await everyPage(`/users/${cem.id}/history`);
    expect(past.map(({ action }) => action)).toEqual(['user.delete', 'user.create']);
  });

  test('is not another tenant’s to read', async () => {
    const other = await foundTenant(service);
    const { items } = (await other.api.get(`/users/${ada.id}/history`)).json;
    expect(items).toEqual([]);
    const own = (await other.api.get('/audit?limit=200')).json.items;
    expect(own.some(({ objectId }: Entry) => objectId === ada.id)).toBe(false);
  });
});

test('the platform has a log of its own, without what happens inside tenants', async () => {
  const { json } = await service.platform.get('/audit?limit=200');
  const types = new Set(json.items.map(({ objectType }: Entry) => objectType));
  expect(
    json.items.some((entry: Entry) => entry.action === 'tenant.create' && entry.objectId === tenant.id),
  ).toBe(true);
  expect(types.has('user')).toBe(false);
  const tenantKey = await service.withKey(tenant.id, ['audit:read']);
  expect((await tenantKey.get('/audit')).status).toBe(403);
});

test('refused calls are listed with user and sentence, and filtered', async () => {
  const user = await tenant.user();
  for (const [dialled, reason, userId] of [
    ['0899123456', 'profile-denies', user.id],
    ['0044207946', 'no-rule', user.id],
    ['+33155501001', 'unassigned-number', null],
  ])
    await service.owner.query(
      `INSERT INTO refused_calls (tenant_id, node_id, user_id, dialled, number, class, rule, reason, path)
       VALUES ($1, $2, $3, $4, '+33899123456', 'premium', '2', $5, 'dial')`,
      [tenant.id, service.nodeId, userId, dialled, reason],
    );
  const all = await everyPage('/refused-calls');
  expect(all.map(({ dialled }) => dialled)).toEqual(['+33155501001', '0044207946', '0899123456']);
  expect(all[2]).toMatchObject({
    user: { id: user.id },
    numberClass: 'premium',
    rule: '2',
    sentence: 'A rule of the dial profile refuses it.',
  });
  expect(all[0]).toMatchObject({ user: null, userId: null });
  expect(await everyPage(`/refused-calls?user=${user.id}&reason=no-rule`)).toEqual([all[1]]);
  expect(await everyPage('/refused-calls?number=0899')).toEqual([all[2]]);
  expect((await (await foundTenant(service)).api.get('/refused-calls')).json.items).toEqual([]);
});
