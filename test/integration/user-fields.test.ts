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
