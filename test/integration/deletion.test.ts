import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const at = (user: { id: string }, more = '') => `/tenants/${tenant.slug}/users/${user.id}${more}`;
const one = async (sql: string, ...values: unknown[]) => (await service.owner.query(sql, values)).rows[0];
const newUser = async (): Promise<EnteredUser> => {
  const user = await enterUser(service, tenant.id, String(next++));
  await whenInSync(service);
  return user;
};

/** A user who never had a phone. */
const withoutPhone = async (of: TestService = service, tenantId = tenant.id): Promise<{ id: string }> => {
  const name = `nobody${next++}`;
  return of.patchbay.deps.db.asTenant(tenantId, (tx) =>
    tx.user.create({
      data: { tenantId, username: name, firstName: name, email: `${name}@example.com`, sipAlias: name },
      select: { id: true },
    }),
  );
};

describe('deleting', () => {
  test('frees the extension and the number, revokes keys and lines, and keeps a record', async () => {
    const user = await newUser();
    const { db } = service.patchbay.deps;
    const number = await db.asTenant(tenant.id, (tx) =>
      tx.phoneNumber.create({ data: { tenantId: tenant.id, e164: '+33155501001', userId: user.id } }),
    );
    const own = await service.withKey(tenant.id, ['users:read']);
    await service.owner.query('UPDATE api_keys SET user_id = $1 WHERE id = $2', [
      user.id,
      own.token.split('_')[1],
    ]);
    expect((await own.get(`/tenants/${tenant.slug}/deleted-users`)).status).toBe(200);

    expect((await service.platform.delete(at(user))).status).toBe(204);

    expect((await own.get(`/tenants/${tenant.slug}/deleted-users`)).status).toBe(401);
    expect(await one('SELECT 1 FROM extensions WHERE number = $1', user.extension)).toBeUndefined();
    expect(await one('SELECT 1 FROM lines WHERE id = $1', user.lineId)).toBeUndefined();
    expect(await one('SELECT user_id FROM numbers WHERE id = $1', number.id)).toEqual({ user_id: null });
    const record = await service.platform.get(`/tenants/${tenant.slug}/deleted-users/${user.id}`);
    expect(record.json).toMatchObject({
      id: user.id,
      deletedBy: { kind: 'api-key', name: 'test' },
      was: {
        username: `user${user.extension}`,
        extension: user.extension,
        numbers: ['+33155501001'],
        lines: [{ id: user.lineId, kind: 'softphone' }],
      },
    });
    expect(record.text).not.toContain(user.secret);
    const audit = await one("SELECT * FROM audit WHERE object_id = $1 AND action = 'user.delete'", user.id);
    expect(audit).toMatchObject({ tenant_id: tenant.id, after: null, before: record.json.was });
    const again = await service.platform.delete(at(user));
    expect(again).toMatchObject({ status: 404, json: { code: 'not-found' } });
  });

  test('waits, when asked to, until nothing of the user stands on the PBX', async () => {
    const user = await newUser();
    const { db, objects } = service.patchbay.deps.pbxOf(service.nodeId)!;
    expect((await service.platform.delete(at(user), { prefer: 'wait=10' })).status).toBe(204);
    for (const entry of [`pb/user/${user.id}`, `pb/fence/${user.id}`, `pb/line/${user.lineId}`])
      expect(await db.get(entry)).toBeNull();
    expect(await objects.objectExists('endpoint', user.lineId)).toBe(false);
    expect(await objects.endpointsInMaintenance()).toEqual(new Set());
  });

  test('an organisation administrator is refused, waiting or not', async () => {
    const user = await newUser();
    await service.patchbay.deps.db.asTenant(tenant.id, async (tx) => {
      const role = await tx.role.create({
        data: { tenantId: tenant.id, name: 'Owner', builtin: 'organisation-administrator' },
      });
      await tx.userRole.create({ data: { tenantId: tenant.id, userId: user.id, roleId: role.id } });
    });
    for (const when of ['refuse', 'idle', 'hangup'])
      expect(await service.platform.delete(at(user, `?when=${when}`))).toMatchObject({
        status: 409,
        json: { code: 'user-is-organisation-administrator' },
      });
    expect(await one('SELECT 1 FROM fences')).toBeUndefined();
  });

  test('an older version is refused', async () => {
    const user = await newUser();
    await service.owner.query("UPDATE users SET alias = 'A' WHERE id = $1", [user.id]);
    expect(await service.platform.delete(at(user), { 'if-match': '"1"' })).toMatchObject({
      status: 412,
      json: { code: 'stale-version', currentVersion: 2 },
    });
    expect((await service.platform.delete(at(user), { 'if-match': '"2"' })).status).toBe(204);
  });

  test('several at once delete once', async () => {
    const user = await newUser();
    const answers = await Promise.all(Array.from({ length: 5 }, () => service.platform.delete(at(user))));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
    expect(await one('SELECT count(*)::integer AS n FROM deleted_users WHERE id = $1', user.id)).toEqual({
      n: 1,
    });
  });

  test("another tenant's user is not there", async () => {
    const user = await newUser();
    const other = await enterTenant(service);
    const key = await service.withKey(other.id, ['users:delete', 'users:read']);
    expect((await key.delete(`/tenants/${other.slug}/users/${user.id}`)).status).toBe(404);
    expect((await key.delete(at(user))).status).toBe(404);
    expect((await key.get(`/tenants/${other.slug}/deleted-users`)).json.items).toEqual([]);
  });

  test('lists pages of the deleted, the latest first', async () => {
    const gone = [];
    for (let i = 0; i < 3; i++) {
      const user = await withoutPhone();
      await service.platform.delete(at(user));
      gone.unshift(user.id);
    }
    const first = await service.platform.get(`/tenants/${tenant.slug}/deleted-users?limit=2`);
    const second = await service.platform.get(
      `/tenants/${tenant.slug}/deleted-users?limit=1&cursor=${first.json.next}`,
    );
    expect([...first.json.items, ...second.json.items].map(({ id }) => id)).toEqual(gone);
  });
});

describe('a deletion that is queued', () => {
  const queue = (user: { id: string }) =>
    service.owner.query(
      'INSERT INTO pending_deletions (user_id, tenant_id, requested_by) VALUES ($1, $2, $3)',
      [
        user.id,
        tenant.id,
        { actor: { kind: 'api-key', id: 'x', name: 'Somebody' }, requestId: 'r1', ip: '192.0.2.1' },
      ],
    );
  const isQueued = (user: { id: string }) =>
    one('SELECT 1 FROM pending_deletions WHERE user_id = $1', user.id);

  test('by another process is carried out by this one, in the name of who asked', async () => {
    const user = await newUser();
    await queue(user);
    await until('it is gone', async () => !(await one('SELECT 1 FROM users WHERE id = $1', user.id)));
    const audit = await one("SELECT * FROM audit WHERE object_id = $1 AND action = 'user.delete'", user.id);
    expect(audit).toMatchObject({ actor: { name: 'Somebody' }, request_id: 'r1', ip: '192.0.2.1' });
  });

  test('and cancelled in the last moment does not happen', async () => {
    const user = await newUser();
    // Between the fence and the removal: as if somebody cancelled while it is being decided.
    await service.owner.query(
      `CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN DELETE FROM pending_deletions WHERE user_id = NEW.user_id; RETURN NULL; END $$;
       CREATE TRIGGER cancel AFTER INSERT ON fences FOR EACH ROW EXECUTE FUNCTION cancel()`,
    );
    await queue(user);
    await until('it is cancelled', async () => !(await isQueued(user)));
    await until(
      'the fence is down',
      async () => !(await one('SELECT 1 FROM fences WHERE user_id = $1', user.id)),
    );
    await service.owner.query('DROP FUNCTION cancel() CASCADE');
    expect(await one('SELECT 1 FROM users WHERE id = $1', user.id)).toBeDefined();
  });

  test('is given up when the user became an organisation administrator', async () => {
    const user = await newUser();
    await service.owner.query(
      `INSERT INTO user_roles (tenant_id, user_id, role_id)
       SELECT tenant_id, $1, id FROM roles WHERE tenant_id = $2 AND builtin = 'organisation-administrator'`,
      [user.id, tenant.id],
    );
    await queue(user);
    await until('it is given up', async () => !(await isQueued(user)));
    const audit = await one(
      "SELECT * FROM audit WHERE object_id = $1 AND action = 'user.cancel-deletion'",
      user.id,
    );
    expect(audit).toMatchObject({
      actor: { kind: 'system' },
      after: { reason: 'user-is-organisation-administrator' },
    });
    expect(await one('SELECT 1 FROM users WHERE id = $1', user.id)).toBeDefined();
  });
});

describe('while the PBX is away', () => {
  let alone: TestService;
  let place: { id: string; slug: string };
  beforeAll(async () => {
    alone = await startService({ pbx: 'none' });
    place = await enterTenant(alone);
  });
  afterAll(() => alone?.stop());

  test('nobody can know who is in a call: refused, or queued; who has no phone is deleted', async () => {
    const user = await enterUser(alone, place.id, '1001');
    const path = `/tenants/${place.slug}/users/${user.id}`;
    for (const when of ['refuse', 'hangup'])
      expect(await alone.platform.delete(`${path}?when=${when}`)).toMatchObject({
        status: 503,
        json: { code: 'pbx-not-connected' },
      });
    expect((await alone.platform.delete(`${path}?when=idle`)).status).toBe(202);
    expect((await alone.platform.get(`/tenants/${place.slug}/deletions`)).json.items).toHaveLength(1);
    const nobody = await withoutPhone(alone, place.id);
    expect((await alone.platform.delete(`/tenants/${place.slug}/users/${nobody.id}`)).status).toBe(204);
  });
});
