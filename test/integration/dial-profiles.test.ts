import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, foundTenant, refusal, type TestTenant } from '../support/tenants.ts';

let service: TestService;
let tenant: TestTenant;

const ALLOW_FRANCE = {
  action: 'allow',
  match: { kind: 'class', classes: ['fixed', 'mobile'], where: 'national' },
};
const DENY_PARIS = { action: 'deny', match: { kind: 'prefix', prefix: '+331' } };

beforeAll(async () => {
  service = await startService();
  tenant = await foundTenant(service);
});
afterAll(() => service?.stop());

let names = 0;
async function newProfile(rules: unknown[] = [DENY_PARIS, ALLOW_FRANCE]) {
  const answer = await tenant.api.post('/dial-profiles', { name: `Profile ${++names}`, rules });
  expect(answer.status).toBe(201);
  return answer.json;
}
const profileOnPbx = async (id: string) => {
  await service.patchbay.deps.waitApplied(tenant.id, [`profile:${id}`], 5);
  const { db } = service.patchbay.deps.pbxOf(service.nodeId)!;
  return { current: await db.get(`pb/profile/${id}`), rows: await db.readTree('pb/rule') };
};

describe('a dial profile of one’s own', () => {
  test('is made of ordered rules, read back as sent, and stands on the PBX', async () => {
    const profile = await newProfile();
    expect(profile).toMatchObject({
      rules: [DENY_PARIS, ALLOW_FRANCE],
      builtin: null,
      isDefault: false,
      users: 0,
      revision: 1,
    });
    expect((await tenant.api.get(`/dial-profiles/${profile.id}`)).json).toEqual(profile);
    const { current, rows } = await profileOnPbx(profile.id);
    expect(current).toMatch(/^1\b/);
    expect(rows.get(`pb/rule/${profile.id}.1/p+331`)).toMatch(/deny/);
  });

  test('gets a new revision when its rules change, and none when they do not', async () => {
    const profile = await newProfile();
    const at = `/dial-profiles/${profile.id}`;
    const renamed = await tenant.api.patch(at, { name: 'Renamed' });
    expect(renamed.json).toMatchObject({ name: 'Renamed', revision: 1, version: 2 });
    const same = await tenant.api.patch(at, { rules: [DENY_PARIS, ALLOW_FRANCE] });
    expect(same.json).toMatchObject({ revision: 1, version: 2 });
    const other = await tenant.api.patch(at, { rules: [ALLOW_FRANCE, DENY_PARIS] });
    expect(other.json).toMatchObject({ revision: 2, version: 3, rules: [ALLOW_FRANCE, DENY_PARIS] });
    const { current, rows } = await profileOnPbx(profile.id);
    expect(current).toMatch(/^2\b/);
    expect([...rows.keys()].filter((path) => path.includes(`${profile.id}.1/`))).toEqual([]);
    const stale = await tenant.api.patch(at, { rules: [] }, { 'if-match': '"2"' });
    expect(refusal(stale)).toEqual([412, 'stale-version', []]);
    const actions = (await auditOf(service, tenant.id)).filter(({ objectId }) => objectId === profile.id);
    expect(actions.map(({ action }) => action)).toEqual([
      'dial-profile.create',
      'dial-profile.update',
      'dial-profile.update',
    ]);
    expect(actions[2]).toMatchObject({
      before: { rules: [DENY_PARIS, ALLOW_FRANCE] },
      after: { rules: [ALLOW_FRANCE, DENY_PARIS] },
    });
  });

  test.each([
    ['a prefix that is no number', { kind: 'prefix', prefix: '+0' }, '/rules/0/match/prefix'],
    [
      'a country that is none',
      { kind: 'class', classes: 'any', where: { countries: ['XX'] } },
      '/rules/0/match/where',
    ],
    ['no class', { kind: 'class', classes: [], where: 'anywhere' }, '/rules/0/match/classes'],
    ['an unknown member', { kind: 'prefix', prefix: '+33', where: 'anywhere' }, '/rules/0/match'],
  ])('with %s is refused with the place', async (_, match, place) => {
    const answer = await tenant.api.post('/dial-profiles', {
      name: 'Wrong',
      rules: [{ action: 'allow', match }],
    });
    const [status, code, places] = refusal(answer);
    expect([status, code]).toEqual([422, 'validation-failed']);
    expect(places.some((at) => at.startsWith(place))).toBe(true);
  });

  test('whose name is taken is refused', async () => {
    const { name } = await newProfile();
    const answer = await tenant.api.post('/dial-profiles', { name: name.toUpperCase(), rules: [] });
    expect(refusal(answer)).toEqual([409, 'conflict-duplicate', ['/name']]);
  });
});

describe('removing', () => {
  test('a profile that users have is refused with their number; another takes its place when named', async () => {
    const [old, other] = [await newProfile(), await newProfile()];
    const users = [
      await tenant.user({ profileId: old.id }),
      await tenant.user({ profileId: old.id }),
      await tenant.user({ profileId: other.id }),
    ];
    const listed = await tenant.api.get(`/dial-profiles/${old.id}/users`);
    expect(listed.json.items.map(({ id }: { id: string }) => id).sort()).toEqual(
      [users[0]!.id, users[1]!.id].sort(),
    );
    const refused = await tenant.api.delete(`/dial-profiles/${old.id}`);
    expect(refused).toMatchObject({ status: 409, json: { code: 'profile-in-use', users: 2 } });
    expect(refusal(await tenant.api.delete(`/dial-profiles/${old.id}?replaceWith=${old.id}`))).toEqual([
      422,
      'validation-failed',
      ['/replaceWith'],
    ]);
    expect((await tenant.api.delete(`/dial-profiles/${old.id}?replaceWith=${other.id}`)).status).toBe(204);
    for (const user of users)
      expect((await tenant.api.get(`/users/${user.id}`)).json.profileId).toBe(other.id);
    const history = await tenant.api.get(`/users/${users[0]!.id}/history`);
    expect(history.json.items[0]).toMatchObject({
      action: 'user.update',
      before: { profileId: old.id },
      after: { profileId: other.id },
    });
  });

  test("the tenant's default is refused, counting those who follow it; another becomes the default when named", async () => {
    const own = await foundTenant(service);
    const profile = (await own.api.post('/dial-profiles', { name: 'Ours', rules: [] })).json;
    await own.api.patch('', { defaultProfileId: profile.id });
    await own.user();
    const refused = await own.api.delete(`/dial-profiles/${profile.id}`);
    expect(refused).toMatchObject({ status: 409, json: { code: 'profile-in-use', users: 1 } });
    const national = (await own.api.get('/dial-profiles')).json.items.find(
      ({ builtin }: { builtin: string }) => builtin === 'national',
    );
    expect((await own.api.delete(`/dial-profiles/${profile.id}?replaceWith=${national.id}`)).status).toBe(
      204,
    );
    expect((await own.api.get('')).json.defaultProfileId).toBe(national.id);
  });

  test('one that nobody uses takes it off the PBX', async () => {
    const profile = await newProfile();
    expect((await profileOnPbx(profile.id)).current).toMatch(/^1\b/);
    expect((await tenant.api.delete(`/dial-profiles/${profile.id}`)).status).toBe(204);
    const { current, rows } = await profileOnPbx(profile.id);
    expect(current).toBeNull();
    expect([...rows.keys()].filter((path) => path.includes(profile.id))).toEqual([]);
  });
});

test('built-in profiles show their rules and are read-only', async () => {
  const { items } = (await tenant.api.get('/dial-profiles')).json;
  const builtin = items.filter((item: { builtin: string | null }) => item.builtin !== null);
  expect(builtin.map((item: { builtin: string }) => item.builtin).sort()).toEqual([
    'internal',
    'international',
    'national',
    'national-special',
  ]);
  const national = builtin.find((item: { builtin: string }) => item.builtin === 'national');
  expect(national).toMatchObject({ isDefault: true });
  expect(national.rules).toHaveLength(1);
  const at = `/dial-profiles/${national.id}`;
  expect(refusal(await tenant.api.patch(at, { rules: [] }))).toEqual([409, 'is-built-in', []]);
  expect(refusal(await tenant.api.delete(at))).toEqual([409, 'is-built-in', []]);
});

test("another tenant's profile is not there", async () => {
  const profile = await newProfile();
  const other = await foundTenant(service);
  const at = `/dial-profiles/${profile.id}`;
  expect((await other.api.get(at)).status).toBe(404);
  expect((await other.api.patch(at, { name: 'Mine' }, { 'if-match': '*' })).status).toBe(404);
  expect((await other.api.delete(at)).status).toBe(404);
  expect((await other.api.get(`${at}/users`)).status).toBe(404);
});
