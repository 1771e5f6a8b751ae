import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { foundTenant, type TestTenant } from '../support/tenants.ts';

/** `Prefer: wait` on a real Asterisk: when the answer comes, the PBX has what the answer says. */
let service: TestService;
let tenant: TestTenant;
beforeAll(async () => {
  service = await startService();
  const pbx = service.patchbay.deps.pbxOf(service.nodeId)!;
  await pbx.link.whenConnected(30_000);
  tenant = await foundTenant(service);
});
afterAll(() => service?.stop());

const WAIT = { prefer: 'wait=20' };
const entry = (path: string) => service.patchbay.deps.pbxOf(service.nodeId)!.db.get(path);

test('a user who is created, suspended, activated and reassigned, seen from the PBX', async () => {
  const created = await tenant.api.post(
    '/users',
    { username: 'ada', firstName: 'Ada', email: 'ada@example.org', extension: '1001', phone: 'softphone' },
    WAIT,
  );
  const ada = created.json;
  const line = ada.lines[0].id;
  expect(ada.sync.state).toBe('applied');
  expect(await entry(`pb/ext/${tenant.id}/1001`)).toBe(ada.id);
  expect(await entry(`pb/ring/${ada.id}`)).toBe(`PJSIP/${line}`);
  const digest = await entry(`ps_auths/auth/${line}`);

  await tenant.api.call('POST', `/users/${ada.id}/lines/${line}/rotate`, { json: {}, headers: WAIT });
  expect(await entry(`ps_auths/auth/${line}`)).not.toBe(digest);

  await tenant.api.post(`/users/${ada.id}/suspend`, {}, WAIT);
  expect(await entry(`pb/ext/${tenant.id}/1001`)).toBeNull();
  await tenant.api.post(`/users/${ada.id}/activate`, {}, WAIT);
  expect(await entry(`pb/ext/${tenant.id}/1001`)).toBe(ada.id);

  const bob = (
    await tenant.api.post('/users', { username: 'bob', firstName: 'Bob', email: 'bob@example.org' })
  ).json;
  await tenant.api.post('/extensions/1001/reassign', { userId: bob.id }, WAIT);
  const [moved] = (await tenant.api.get(`/users/${bob.id}`)).json.lines;
  expect(await entry(`pb/ext/${tenant.id}/1001`)).toBe(bob.id);
  expect(await entry(`pb/ring/${bob.id}`)).toBe(`PJSIP/${moved.id}`);
  expect(await entry(`pb/line/${line}`)).toBeNull();
  expect(await entry(`pb/ring/${ada.id}`)).toBeNull();
});

test('a webphone session stands when it is answered, and is gone when it is ended', async () => {
  const user = await tenant.user({ extension: '1002' });
  const at = `/users/${user.id}/webphone-credentials`;
  const { lineId } = (await tenant.api.post(at, {}, WAIT)).json;
  expect(JSON.parse((await entry(`ps_endpoints/endpoint/${lineId}`))!).webrtc).toBe('yes');
  await tenant.api.delete(`${at}/${lineId}`, WAIT);
  expect(await entry(`pb/line/${lineId}`)).toBeNull();
});
