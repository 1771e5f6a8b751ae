import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiClient } from '../support/api-client.ts';
import { startService, type TestService } from '../support/service.ts';
import { auditOf, below, foundTenant, refusal, type TestTenant, type TestUser } from '../support/tenants.ts';

let service: TestService;
let tenant: TestTenant;
let ada: TestUser;
beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  tenant = await foundTenant(service);
  ada = await tenant.user({ firstName: 'Ada', lastName: 'Lovelace', extension: '1001' });
});
afterAll(() => service?.stop());

const make = async (kind: string, more: object = {}) =>
  (await tenant.api.post(`/users/${ada.id}/lines`, { kind, ...more })).json;
const revealed: string[] = [];
const credentials = async (line: string) => {
  const { json } = await tenant.api.get(`/users/${ada.id}/lines/${line}/credentials`);
  revealed.push(json.password);
  return json;
};
const withToken = (token: string) =>
  below(
    apiClient(() => service.url, token),
    `/tenants/${tenant.slug}`,
  );
const keyOf = async (userId: string) =>
  (await tenant.api.post('/keys', { name: 'own', scopes: [], userId })).json;

test('a line is made without showing its secret; revealing it is recorded', async () => {
  const created = await tenant.api.post(`/users/${ada.id}/lines`, { kind: 'softphone', label: 'Laptop' });
  expect(created.status).toBe(201);
  const line = created.json;
  expect(Object.keys(line).toSorted()).toEqual(
    ['createdAt', 'expiresAt', 'id', 'kind', 'label', 'rotatedAt', 'userId', 'version'].toSorted(),
  );
  const answer = await tenant.api.get(`/users/${ada.id}/lines/${line.id}/credentials`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.json).toEqual({
    lineId: line.id,
    kind: 'softphone',
    sipUsername: line.id,
    password: expect.stringMatching(/^[A-Za-z2-9]{24}$/),
    realm: 'asterisk',
    domain: `${tenant.slug}.patchbay.local`,
    server: { host: '127.0.0.1', port: 5060, transports: ['tcp', 'udp'] },
    websocketUrl: null,
    sipUri: `sip:${line.id}:${answer.json.password}@127.0.0.1:5060;transport=tcp`,
    displayName: 'Ada Lovelace',
    extension: '1001',
    expiresAt: null,
  });
  const audit = (await auditOf(service, tenant.id)).filter((entry) => entry.objectId === line.id);
  expect(audit.map((entry) => entry.action)).toEqual(['line.create', 'secret.reveal']);
  expect(JSON.stringify(audit)).not.toContain(answer.json.password);
});

test('what the PBX is to get is the digest of the very secret that is revealed', async () => {
  const line = await make('desk');
  const { password } = await credentials(line.id);
  const { rows } = await service.owner.query('SELECT secret FROM lines WHERE id = $1', [line.id]);
  expect(rows[0].secret.toString('latin1')).not.toContain(password);
  const opened = service.patchbay.deps.unseal(rows[0].secret, `line:${line.id}`);
  const md5 = (text: string) => createHash('md5').update(`${line.id}:asterisk:${text}`).digest('hex');
  expect(md5(opened)).toBe(md5(password));
});

test('rotating gives another secret, revoking takes the line away', async () => {
  const line = await make('softphone');
  const before = await credentials(line.id);
  const rotated = await tenant.api.post(`/users/${ada.id}/lines/${line.id}/rotate`);
  expect(rotated.json).toMatchObject({ id: line.id, version: line.version + 1 });
  const after = await credentials(line.id);
  expect(after.password).not.toBe(before.password);
  const stale = await tenant.api.post(`/users/${ada.id}/lines/${line.id}/rotate`, {}, { 'if-match': '"1"' });
  expect(refusal(stale)[1]).toBe('stale-version');
  expect((await tenant.api.delete(`/users/${ada.id}/lines/${line.id}`)).status).toBe(204);
  expect((await tenant.api.get(`/users/${ada.id}/lines/${line.id}/credentials`)).status).toBe(404);
  const bob = await tenant.user({ phone: 'softphone' });
  const foreign = bob.lines[0].id;
  expect((await tenant.api.get(`/users/${ada.id}/lines/${foreign}/credentials`)).status).toBe(404);
  expect((await tenant.api.delete(`/users/${ada.id}/lines/${foreign}`)).status).toBe(404);
});

test('the QR code comes as PNG and SVG', async () => {
  const line = await make('softphone');
  const get = (name: string) =>
    fetch(`${service.url}/api/v1/tenants/${tenant.slug}/users/${ada.id}/lines/${line.id}/${name}`, {
      headers: { authorization: `Bearer ${tenant.api.token}` },
    });
  const png = await get('qr.png');
  expect([png.status, png.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect(
    Buffer.from(await png.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  const svg = await get('qr.svg');
  expect(svg.headers.get('content-type')).toBe('image/svg+xml');
  expect(await svg.text()).toMatch(/^<svg /);
  const webphone = await make('webphone');
  expect((await tenant.api.get(`/users/${ada.id}/lines/${webphone.id}/qr.png`)).status).toBe(422);
});

test('where phones can type digits only, secret and user name are digits; a webphone types nothing', async () => {
  const own = await foundTenant(service, { sipPasswordPolicy: 'digits' });
  const user = await own.user({ phone: 'desk' });
  const [line] = user.lines;
  expect(line.id).toMatch(/^9\d{11}$/);
  const { json } = await own.api.get(`/users/${user.id}/lines/${line.id}/credentials`);
  expect(json.password).toMatch(/^\d{32}$/);
  const session = await own.api.post(`/users/${user.id}/webphone-credentials`, {});
  expect(session.json.password).toMatch(/[a-zA-Z]/);
});

test('a webphone session has a line of its own, which ends at once', async () => {
  const opened = await tenant.api.post(`/users/${ada.id}/webphone-credentials`, { seconds: 600 });
  expect(opened.status).toBe(201);
  expect(opened.json).toMatchObject({
    kind: 'webphone',
    websocketUrl: '/ws/test',
    sipUri: null,
    server: { transports: ['wss'] },
    displayName: 'Ada Lovelace',
  });
  const left = Date.parse(opened.json.expiresAt) - Date.now();
  expect(left).toBeGreaterThan(590_000);
  expect(left).toBeLessThanOrEqual(600_000);
  const end = () => tenant.api.delete(`/users/${ada.id}/webphone-credentials/${opened.json.lineId}`);
  expect((await end()).status).toBe(204);
  expect((await end()).status).toBe(404);
  const lasting = await make('webphone');
  expect((await tenant.api.delete(`/users/${ada.id}/webphone-credentials/${lasting.id}`)).status).toBe(404);
  const tooLong = await tenant.api.post(`/users/${ada.id}/webphone-credentials`, { seconds: 12 * 3600 + 1 });
  expect(refusal(tooLong)).toEqual([422, 'validation-failed', ['/seconds']]);
});

test('a session ends with the key that asked for it, revoked or run out', async () => {
  const key = await keyOf(ada.id);
  const own = withToken(key.token);
  const opened = await own.post(`/users/${ada.id}/webphone-credentials`, {});
  expect(opened.status).toBe(201);
  const ids = async () =>
    (await tenant.api.get(`/users/${ada.id}/lines`)).json.items.map((line: { id: string }) => line.id);
  expect(await ids()).toContain(opened.json.lineId);
  await tenant.api.delete(`/keys/${key.id}`);
  expect(await ids()).not.toContain(opened.json.lineId);
  expect((await own.get(`/users/${ada.id}/lines`)).status).toBe(401);

  const platformKey = (
    await service.platform.post('/keys', { name: 'p', scopes: ['lines:write', 'secrets:reveal'] })
  ).json;
  const platform = withToken(platformKey.token);
  const asked = await platform.post(`/users/${ada.id}/webphone-credentials`, {});
  expect(await ids()).toContain(asked.json.lineId);
  await service.platform.delete(`/keys/${platformKey.id}`);
  expect(await ids()).not.toContain(asked.json.lineId);

  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const short = (await tenant.api.post('/keys', { name: 'short', scopes: [], userId: ada.id, expiresAt }))
    .json;
  const bounded = await withToken(short.token).post(`/users/${ada.id}/webphone-credentials`, {});
  expect(bounded.json.expiresAt).toBe(expiresAt);
});

test('a line whose time is up is gone for everyone, before anybody removed it', async () => {
  const { json } = await tenant.api.post(`/users/${ada.id}/webphone-credentials`, { seconds: 60 });
  await service.owner.query(`UPDATE lines SET expires_at = now() - interval '1 second' WHERE id = $1`, [
    json.lineId,
  ]);
  expect((await tenant.api.get(`/users/${ada.id}/lines/${json.lineId}/credentials`)).status).toBe(404);
  const user = (await tenant.api.get(`/users/${ada.id}`)).json;
  expect(user.lines.map((line: { id: string }) => line.id)).not.toContain(json.lineId);
});

test('suspending ends webphone sessions and keeps phones', async () => {
  const user = await tenant.user({ phone: 'desk' });
  await tenant.api.post(`/users/${user.id}/webphone-credentials`, {});
  await tenant.api.post(`/users/${user.id}/suspend`);
  expect((await tenant.api.get(`/users/${user.id}`)).json.lines).toEqual(user.lines);
  expect((await tenant.api.post(`/users/${user.id}/webphone-credentials`, {})).status).toBe(422);
});

test('everyone reaches their own phones with their own key, and nobody else', async () => {
  const bob = await tenant.user({ phone: 'softphone' });
  const own = withToken((await keyOf(bob.id)).token);
  const at = `/users/${bob.id}`;
  const line = `${at}/lines/${bob.lines[0].id}`;
  expect((await own.get(at)).status).toBe(200);
  expect((await own.get(`${line}/credentials`)).status).toBe(200);
  expect((await own.get(`${line}/qr.svg`)).status).toBe(200);
  expect((await own.post(`${line}/rotate`)).status).toBe(200);
  expect((await own.get(`${at}/forwarding`)).status).toBe(200);
  expect((await own.post(`${at}/webphone-credentials`, {})).status).toBe(201);
  for (const [method, path] of [
    ['GET', '/users'],
    ['PATCH', at],
    ['POST', `${at}/suspend`],
    ['POST', `${at}/lines`],
    ['DELETE', line],
    ['GET', `/users/${ada.id}`],
    ['GET', `/users/${ada.id}/lines`],
    ['POST', `/users/${ada.id}/webphone-credentials`],
  ] as const)
    expect([
      method,
      path,
      (await own.call(method, path, method === 'GET' ? {} : { json: {} })).status,
    ]).toEqual([method, path, 403]);
  await tenant.api.post(`${at}/suspend`);
  expect((await own.get(at)).status).toBe(401);
});

test('revealing needs its own permission', async () => {
  const line = await make('softphone');
  const writer = await tenant.apiWith(['lines:read', 'lines:write', 'users:read']);
  expect(refusal(await writer.get(`/users/${ada.id}/lines/${line.id}/credentials`))[1]).toBe('forbidden');
  expect(refusal(await writer.get(`/users/${ada.id}/lines/${line.id}/qr.png`))[1]).toBe('forbidden');
  expect(refusal(await writer.post(`/users/${ada.id}/webphone-credentials`, {}))[1]).toBe('forbidden');
});

test('nobody has more lines than ring, also when all ask at once', async () => {
  const user = await tenant.user();
  const answers = await Promise.all(
    Array.from({ length: 24 }, () => tenant.api.post(`/users/${user.id}/lines`, { kind: 'softphone' })),
  );
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(20);
  expect(answers.filter((answer) => answer.status === 422)).toHaveLength(4);
});

test('no secret that was shown stands in the log, or in clear in the database', async () => {
  const line = await make('softphone');
  await credentials(line.id);
  const opened = await tenant.api.post(
    `/users/${ada.id}/webphone-credentials`,
    {},
    { 'idempotency-key': 'webphone-kept-1' },
  );
  const secrets = [...revealed, opened.json.password];
  expect(secrets.length).toBeGreaterThan(3);
  const { rows: tables } = await service.owner.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  let everything = service.logged();
  for (const { name } of tables) {
    const { rows } = await service.owner.query(`SELECT t::text AS row FROM "${name}" t`);
    everything += rows.map((one) => one.row).join('\n');
  }
  expect(everything).toContain(line.id);
  for (const secret of secrets) {
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(Buffer.from(secret).toString('hex'));
  }
});
