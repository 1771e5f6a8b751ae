import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEAM_PERMISSIONS } from '../../src/domain/permissions.ts';
import type { BuiltinRole } from '../../src/domain/roles.ts';
import { type ApiClient, apiClient } from '../support/api-client.ts';
import { startService, type TestService } from '../support/service.ts';
import { below, foundTenant, refusal, TENANT_PERMISSIONS, type TestTenant } from '../support/tenants.ts';

/** Whom the keys of people reach: themselves, their supervised teams, other teams, other tenants. */

let service: TestService;
let tenant: TestTenant;
let foreign: TestTenant;
/** The supervised team and the other one, each with one member who has a phone and an extension. */
let ours: Team;
let theirs: Team;
let stranger: Member;

type Member = { id: string; line: string; extension: string; lastName: string };
type Team = { id: string; member: Member };

beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  [tenant, foreign] = [await foundTenant(service), await foundTenant(service)];
  ours = await newTeam('Ours');
  theirs = await newTeam('Theirs');
  stranger = await newMember(foreign);
});
afterAll(() => service?.stop());

async function newMember(of: TestTenant, roles: string[] = ['agent']): Promise<Member> {
  const user = await of.user({ roles, extension: 'next', phone: 'softphone' });
  return { id: user.id, line: user.lines[0].id, extension: user.extension, lastName: user.lastName };
}

async function newTeam(name: string): Promise<Team> {
  const { id } = (await tenant.api.post('/teams', { name })).json;
  const member = await newMember(tenant);
  await join(id, member.id, 'agent');
  return { id, member };
}

const join = (team: string, user: string, capacity: 'agent' | 'supervisor') =>
  tenant.api.put(`/teams/${team}/members/${user}`, { capacities: [capacity] });

/** A person with these roles who supervises our team, and the token of a key with every scope. */
async function person(roles: string[]): Promise<{ self: Member; token: string; api: ApiClient }> {
  const self = await newMember(tenant, roles);
  await join(ours.id, self.id, 'supervisor');
  const key = await tenant.api.post('/keys', { name: 'own', scopes: TENANT_PERMISSIONS, userId: self.id });
  const { token } = key.json;
  return { self, token, api: below(client(token), `/tenants/${tenant.slug}`) };
}
const client = (token: string) => apiClient(() => service.url, token);

const ADMINISTRATORS = ['organisation-administrator', 'administrator'];
const READERS = [...ADMINISTRATORS, 'analyst'];

type Rule = { roles: string[]; teams: boolean; own: boolean; stranger?: number };

/**
 * One line a route: what it answers to who may (the PBX is away; If-Match is of another version), which roles may
 * for everyone, whether supervisors may for their teams, whether everybody may for themselves.
 */
const ROUTES: [string, string, number, Rule][] = [
  ['GET', '', 200, { roles: READERS, teams: true, own: true }],
  ['PATCH', '', 412, { roles: ADMINISTRATORS, teams: false, own: false }],
  ['DELETE', '', 412, { roles: ADMINISTRATORS, teams: false, own: false }],
  ['POST', '/suspend', 412, { roles: ADMINISTRATORS, teams: false, own: false }],
  ['GET', '/permissions', 200, { roles: READERS, teams: true, own: true }],
  ['GET', '/lines', 200, { roles: ADMINISTRATORS, teams: true, own: true }],
  ['GET', '/lines/:line', 200, { roles: ADMINISTRATORS, teams: true, own: true }],
  ['GET', '/lines/:line/credentials', 200, { roles: ADMINISTRATORS, teams: false, own: true }],
  ['GET', '/forwarding', 200, { roles: READERS, teams: true, own: true }],
  // A history outlives its user, so nobody is unknown to it; a stranger's has no entries (see the end of the test).
  ['GET', '/history', 200, { roles: READERS, teams: false, own: false, stranger: 200 }],
  ['GET', '/live', 503, { roles: READERS, teams: true, own: true }],
];
const ROLES: BuiltinRole[] = [
  'organisation-administrator',
  'administrator',
  'supervisor',
  'agent',
  'analyst',
  'user',
];

/** What a role's key must be answered for oneself, a supervised user, another, a stranger here, a stranger there. */
function expected(role: string, reached: number, { roles, teams, own, stranger = 404 }: Rule) {
  const limited = role === 'supervisor' && teams;
  const may = roles.includes(role);
  return {
    own: may || limited || own ? reached : 403,
    supervised: may || limited ? reached : 403,
    other: may ? reached : limited ? 404 : 403,
    strangerHere: may || limited ? stranger : 403,
    strangerThere: 404,
  };
}

describe.each(ROLES)('%s', (role) => {
  test('reaches what the role allows, on every kind of route, and nothing else', async () => {
    const { self, token } = await person([role]);
    const seen: object[] = [];
    const wanted: object[] = [];
    for (const [method, path, reached, rule] of ROUTES) {
      const ask = async (member: Member, slug = tenant.slug) => {
        const at = `/tenants/${slug}/users/${member.id}${path.replace(':line', member.line)}`;
        const json = method === 'PATCH' ? { alias: 'A' } : undefined;
        const headers: Record<string, string> = method === 'GET' ? {} : { 'if-match': '"999999"' };
        return (await client(token).call(method, at, { json, headers })).status;
      };
      seen.push({
        route: `${method} ${path}`,
        own: await ask(self),
        supervised: await ask(ours.member),
        other: await ask(theirs.member),
        strangerHere: await ask(stranger),
        strangerThere: await ask(stranger, foreign.slug),
      });
      wanted.push({ route: `${method} ${path}`, ...expected(role, reached, rule) });
    }
    expect(seen).toEqual(wanted);
    const history = await client(token).get(`/tenants/${tenant.slug}/users/${stranger.id}/history`);
    expect(history.json.items ?? []).toEqual([]);
  });
});

describe('a supervisor', () => {
  test('is shown the users of supervised teams in every list, and their number', async () => {
    const { self, api } = await person(['supervisor']);
    const listed = (await api.get('/users?limit=200')).json;
    const ids = listed.items.map((user: { id: string }) => user.id);
    expect(ids).toContain(self.id);
    expect(ids).toContain(ours.member.id);
    expect(ids).not.toContain(theirs.member.id);
    expect(listed.total).toBe(ids.length);
    for (const query of [`team=${theirs.id}`, `search=${theirs.member.lastName}`])
      expect((await api.get(`/users?${query}`)).json).toMatchObject({ items: [], total: 0 });
    const teams = (await api.get('/teams')).json.items;
    expect(teams.map((team: { id: string }) => team.id)).toEqual([ours.id]);
    for (const path of ['', '/members'])
      expect((await api.get(`/teams/${theirs.id}${path}`)).status).toBe(404);
    for (const path of ['/refused-calls', '/sync/waiting', '/sync/drift', '/deletions', '/dial-profiles']) {
      const answer = await api.get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.text, path).not.toContain(theirs.member.id);
    }
    expect((await tenant.api.get('/sync/waiting?limit=200')).text).toContain(theirs.member.id);
  });

  test('sees that an extension of another team is taken, not by whom', async () => {
    const { api } = await person(['supervisor']);
    const read = async (member: Member) => (await api.get(`/extensions/${member.extension}`)).json;
    expect(await read(theirs.member)).toMatchObject({ free: false, user: null });
    expect(await read(ours.member)).toMatchObject({ free: false, user: { id: ours.member.id } });
    const listed = (await api.get('/extensions?free=false&limit=200')).json.items;
    expect(listed).toContainEqual(expect.objectContaining({ number: theirs.member.extension, user: null }));
  });

  test('is told the truth about what a supervised user may dial, whoever is dialled', async () => {
    const { api } = await person(['supervisor']);
    const body = { number: theirs.member.extension };
    const asked = await api.post(`/users/${ours.member.id}/explain-dial`, body);
    const truth = await tenant.api.post(`/users/${ours.member.id}/explain-dial`, body);
    expect(asked.json.route).toBe('user');
    expect(asked.json).toEqual(truth.json);
  });

  test('loses a team with the next request, and is not limited in what another role gives for everyone', async () => {
    const { self, api } = await person(['supervisor', 'analyst']);
    expect((await api.get(`/users/${theirs.member.id}`)).status).toBe(200);
    expect((await api.get(`/users/${theirs.member.id}/lines`)).status).toBe(404);
    expect((await api.get(`/users/${ours.member.id}/lines`)).status).toBe(200);
    await tenant.api.delete(`/teams/${ours.id}/members/${self.id}`);
    expect((await api.get(`/users/${ours.member.id}/lines`)).status).toBe(404);
    expect((await api.get(`/users/${self.id}/lines`)).status).toBe(200);
  });
});

describe('a role of the tenant that is for supervised teams only', () => {
  let role: { id: string };
  beforeAll(async () => {
    const body = { name: 'Team manager', permissions: [...TEAM_PERMISSIONS], teamsOnly: true };
    role = (await tenant.api.post('/roles', body)).json;
  });

  test('answers for another team as for nobody, on every route that names a user', async () => {
    const { api } = await person([role.id]);
    const document = (await (await fetch(`${service.url}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { 'x-permission': string }>>;
    };
    const reached: string[] = [];
    let asked = 0;
    for (const [path, methods] of Object.entries(document.paths).filter(([name]) => name.includes('{user}')))
      for (const [method, route] of Object.entries(methods)) {
        const at = path
          .replace('/api/v1/tenants/{tenant}', '')
          .replace('{user}', theirs.member.id)
          .replace('{line}', theirs.member.line);
        const json = ['post', 'put', 'patch'].includes(method) ? {} : undefined;
        const { status } = await api.call(method.toUpperCase(), at, { json });
        const held = (TEAM_PERMISSIONS as readonly string[]).includes(route['x-permission']);
        if (status !== (held ? 404 : 403)) reached.push(`${method} ${path}: ${status}`);
        asked++;
      }
    expect(reached).toEqual([]);
    expect(asked).toBeGreaterThan(20);
  });

  test('manages its users, and widens its reach in no way', async () => {
    const { self, api } = await person([role.id]);
    const at = `/users/${ours.member.id}`;
    expect((await api.patch(at, { alias: 'Known' })).json.alias).toBe('Known');
    expect((await api.post(`${at}/suspend`)).status).toBe(200);
    expect((await api.post(`${at}/activate`)).status).toBe(200);
    expect((await api.patch(at, { roles: ['supervisor'] })).status).toBe(200);
    expect((await api.patch(at, { roles: ['agent'] })).status).toBe(200);
    const wider = await api.patch(at, { roles: ['analyst'] });
    expect(refusal(wider)).toEqual([403, 'forbidden', ['/roles']]);

    const made = await api.post('/users', { username: 'new', firstName: 'N', email: 'new@example.org' });
    expect(refusal(made)[1]).toBe('forbidden');
    expect((await api.post('/teams', { name: 'Mine' })).status).toBe(403);
    const put = (team: string, user: string) =>
      api.put(`/teams/${team}/members/${user}`, { capacities: ['supervisor'] });
    expect((await put(ours.id, theirs.member.id)).status).toBe(404);
    expect((await put(theirs.id, self.id)).status).toBe(404);
    expect((await put(theirs.id, ours.member.id)).status).toBe(404);
    const call = await api.post('/calls', { user: theirs.member.id, to: ours.member.extension });
    expect(call.status).toBe(404);
  });

  test('cannot pass on for the whole tenant what it holds for teams', async () => {
    const more = { name: 'Granter', permissions: ['roles:write', 'keys:write'] };
    const granter = (await tenant.api.post('/roles', more)).json;
    const { api } = await person([role.id, granter.id]);
    const key = await api.post('/keys', { name: 'wide', scopes: ['users:read'] });
    expect(refusal(key)).toEqual([403, 'forbidden', ['/scopes/0']]);
    const wide = await api.post('/roles', { name: 'Wide', permissions: ['users:read'] });
    expect(refusal(wide)).toEqual([403, 'forbidden', ['/permissions']]);
    const loosened = await api.patch(`/roles/${role.id}`, { teamsOnly: false }, { 'if-match': '*' });
    expect(refusal(loosened)).toEqual([403, 'forbidden', ['/permissions']]);
  });

  test('suspending one of two organisation administrators asks the whole tenant, not the team', async () => {
    const { self, api } = await person([role.id]);
    const team = (await tenant.api.post('/teams', { name: 'With one administrator' })).json;
    await join(team.id, self.id, 'supervisor');
    await tenant.api.delete(`/teams/${ours.id}/members/${self.id}`);
    const [inTeam] = [
      await tenant.user({ roles: ['organisation-administrator'] }),
      await tenant.user({ roles: ['organisation-administrator'] }),
    ];
    await join(team.id, inTeam.id, 'agent');
    expect((await api.post(`/users/${inTeam.id}/suspend`)).status).toBe(200);
  });
});
