import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PbxError } from '../../src/pbx/pbx-error.ts';
import { type EnteredUser, enterTenant, enterUser, whenInSync } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
let tenant: { id: string; slug: string };
let next = 1000;

beforeAll(async () => {
  service = await startService();
  tenant = await enterTenant(service);
});
afterAll(() => service?.stop());

const at = (user: { id: string }) => `/tenants/${tenant.slug}/users/${user.id}`;
const one = async (sql: string, ...values: unknown[]) => (await service.owner.query(sql, values)).rows[0];
const pbx = () => service.patchbay.deps.pbxOf(service.nodeId)!;
const newUser = async (): Promise<EnteredUser> => {
  const user = await enterUser(service, tenant.id, String(next++));
  await whenInSync(service);
  return user;
};

test('a fence that a crash left is lifted, and calls are possible again', async () => {
  const user = await newUser();
  const { db, objects } = pbx();
  await service.owner.query('INSERT INTO fences (user_id, tenant_id) VALUES ($1, $2)', [user.id, tenant.id]);
  await until('it stands', async () => (await objects.endpointsInMaintenance()).has(user.lineId));
  expect(await db.get(`pb/fence/${user.id}`)).toBe('1');
  // As if half a minute had passed.
  await service.owner.query("UPDATE fences SET since = now() - interval '31 seconds'");
  await until('it is down', async () => !(await objects.endpointsInMaintenance()).has(user.lineId));
  expect(await db.get(`pb/fence/${user.id}`)).toBeNull();
  expect((await service.platform.delete(at(user))).status).toBe(204);
});

test('a fence that was taken from under a deletion keeps it from deleting', async () => {
  const user = await newUser();
  await service.owner.query(
    `CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN UPDATE fences SET holder = gen_random_uuid() WHERE user_id = NEW.user_id; RETURN NULL; END $$;
     CREATE TRIGGER steal AFTER INSERT ON fences FOR EACH ROW EXECUTE FUNCTION steal()`,
  );
  const answer = await service.platform.delete(at(user));
  await service.owner.query('DROP FUNCTION steal() CASCADE');
  expect(answer).toMatchObject({ status: 503, json: { code: 'timed-out' } });
  expect(await one('SELECT 1 FROM users WHERE id = $1', user.id)).toBeDefined();
});

test('a fence that does not stand on the PBX, whatever the reconciler reported, keeps the user until it does', async () => {
  const user = await newUser();
  const asked = vi.spyOn(pbx().objects, 'endpointsInMaintenance');
  asked.mockResolvedValue(new Set());
  expect(await service.platform.delete(at(user))).toMatchObject({
    status: 502,
    json: { code: 'pbx-failed' },
  });
  expect(await one('SELECT 1 FROM users WHERE id = $1', user.id)).toBeDefined();
  expect(await one('SELECT 1 FROM fences WHERE user_id = $1', user.id)).toBeUndefined();
  asked.mockRestore();
  vi.spyOn(pbx().objects, 'endpointsInMaintenance').mockResolvedValueOnce(new Set());
  expect((await service.platform.delete(at(user))).status).toBe(204);
});

test('a PBX that goes away between the fence and the decision keeps the user, and the fence goes', async () => {
  const user = await newUser();
  const asked = vi.spyOn(pbx().objects, 'endpointsInMaintenance');
  asked.mockRejectedValue(new PbxError('pbx-connection-lost', 'gone'));
  expect(await service.platform.delete(at(user))).toMatchObject({
    status: 503,
    json: { code: 'pbx-not-connected' },
  });
  asked.mockRestore();
  expect(await one('SELECT 1 FROM users WHERE id = $1', user.id)).toBeDefined();
  expect(await one('SELECT 1 FROM fences WHERE user_id = $1', user.id)).toBeUndefined();
  await until('calls are possible', async () => (await pbx().db.get(`pb/fence/${user.id}`)) === null);
});
