import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';
import { foundTenant, type TestTenant, type TestUser } from '../support/tenants.ts';
import { until } from '../support/until.ts';

let service: TestService;
let tenant: TestTenant;
let ada: TestUser;

beforeAll(async () => {
  service = await startService({ compareEvery: 3_600_000 });
  tenant = await foundTenant(service);
  ada = await tenant.user({ extension: 'next', phone: 'softphone', firstName: 'Ada', lastName: 'Byron' });
  await until('all is applied', async () => (await tenant.api.get('/sync')).json.waiting === 0);
});
afterAll(() => service?.stop());

const at = (more: string) => `/nodes/${service.nodeId}${more}`;
const pbx = () => service.patchbay.deps.pbxOf(service.nodeId)!;

test('a tenant sees how much the PBX has, and the state of the PBX', async () => {
  const { json } = await tenant.api.get('/sync');
  expect(json).toMatchObject({ waiting: 0, failed: 0, oldestWait: null, drifted: 0, lastDrift: null });
  expect(json.applied).toBeGreaterThan(5);
  expect(json.pbx).toContainEqual(expect.objectContaining({ type: 'connected', status: 'true' }));
});

test('a node tells its connection, health, lines and stock', async () => {
  const { status, json } = await service.platform.get(at('/status'));
  expect(status).toBe(200);
  expect(json).toMatchObject({
    link: { state: 'connected', trouble: null },
    health: { version: expect.stringMatching(/^22\./), backlog: { total: expect.any(Number) } },
    calls: 0,
    tenants: 1,
    users: 1,
    lines: 1,
    waiting: 0,
    failed: 0,
  });
  expect(json.stock.map(({ kind, wanted }: { kind: string; wanted: number }) => [kind, wanted])).toEqual([
    ['sip', 20],
    ['webrtc', 10],
  ]);
  const nowhere = await service.platform.get('/nodes/00000000-0000-4000-8000-000000000000/status');
  expect(nowhere.status).toBe(404);
});

describe('what somebody altered on the PBX', () => {
  test('is in the plan field by field, without being touched; the repair mends it and both logs tell it', async () => {
    const quiet = await service.platform.get(at('/plan'));
    expect(quiet.json).toMatchObject({ inSync: true, puts: 0, removals: 0, subjects: [] });
    expect(quiet.json.entries).toBeGreaterThan(1_000);

    const path = `pb/user/${ada.id}`;
    const right = (await pbx().db.get(path))!;
    const wrong = right.replace(`|${ada.extension}|`, '|6666|');
    await pbx().db.write([
      [path, wrong],
      ['pb/ext/nobody/1', 'x'],
    ]);
    const { json } = await service.platform.get(at('/plan'));
    expect(json).toMatchObject({ inSync: false, puts: 1, removals: 1, settles: false });
    expect(json.subjects).toContainEqual({
      subject: `user:${ada.id}`,
      because: 'drift',
      fields: [{ path, field: 'extension', expected: ada.extension, found: '6666' }],
    });
    expect(await pbx().db.get(path)).toBe(wrong);

    const repaired = await service.platform.post(at('/repair'), undefined, { prefer: 'wait=20' });
    expect(repaired).toMatchObject({ status: 200, json: { done: true } });
    expect(await pbx().db.get(path)).toBe(right);
    expect(await pbx().db.get('pb/ext/nobody/1')).toBeNull();
    expect((await service.platform.get(at('/plan'))).json.inSync).toBe(true);

    const drift = (await tenant.api.get('/sync/drift')).json.items;
    expect(drift).toEqual([
      expect.objectContaining({
        kind: 'user',
        id: ada.id,
        name: 'Ada Byron',
        extension: ada.extension,
        fields: [{ path, field: 'extension', expected: ada.extension, found: '6666' }],
      }),
    ]);
    expect((await tenant.api.get('/sync')).json).toMatchObject({ drifted: 1 });
    const all = (await service.platform.get(at('/drift'))).json.items;
    expect(all.map(({ subject }: { subject: string }) => subject).sort()).toEqual([
      'stray',
      `user:${ada.id}`,
    ]);
    const other = await foundTenant(service);
    expect((await other.api.get('/sync/drift')).json.items).toEqual([]);
  });

  test('is asked for without waiting: 202', async () => {
    const asked = await service.platform.post(at('/repair'));
    expect(asked).toMatchObject({ status: 202, json: { done: false } });
  });

  test('never shows a secret', async () => {
    const auth = `ps_auths/auth/${ada.lines[0].id}`;
    const right = (await pbx().db.get(auth))!;
    await pbx().db.write([[auth, right.replace(/MD5:[0-9a-f]{32}/, `MD5:${'a'.repeat(32)}`)]]);
    const { json, text } = await service.platform.get(at('/plan'));
    expect(json).toMatchObject({ registrationsEnded: 1 });
    expect(json.subjects[0].fields).toEqual([
      { path: auth, field: 'secret', expected: '(ours)', found: '(another)' },
    ]);
    expect(text).not.toContain(/MD5:[0-9a-f]{32}/.exec(right)![0]);
    expect(text).not.toContain('a'.repeat(32));
    await service.platform.post(at('/repair'), undefined, { prefer: 'wait=20' });
  });

  test('a change on its way is a change and no drift', async () => {
    // The writer is kept from taking it: the row's next try is far off.
    await service.owner.query(
      `CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN NEW.retry_at := now() + interval '1 hour'; NEW.attempts := 1; NEW.reason := 'pbx-refused';
                  NEW.message := 'No'; RETURN NEW; END $$;
       CREATE TRIGGER later BEFORE INSERT ON sync_pending FOR EACH ROW EXECUTE FUNCTION later()`,
    );
    expect((await tenant.api.patch(`/users/${ada.id}`, { firstName: 'Augusta' })).status).toBe(200);
    const plan = (await service.platform.get(at('/plan'))).json;
    expect(plan.subjects.length).toBeGreaterThan(0);
    for (const subject of plan.subjects) expect(subject.because).toBe('change');
    const waiting = (await tenant.api.get('/sync/waiting')).json.items;
    expect(waiting).toEqual([
      expect.objectContaining({
        subject: `user:${ada.id}`,
        name: 'Augusta Byron',
        attempts: 1,
        reason: 'pbx-refused',
        message: 'No',
      }),
    ]);
    const summary = (await tenant.api.get('/sync')).json;
    expect(summary).toMatchObject({ waiting: 0, failed: 1 });
    expect(summary.oldestWait).toBe(waiting[0].since);
    await service.owner.query('DROP FUNCTION later() CASCADE');
    await service.owner.query('UPDATE sync_pending SET retry_at = NULL');
    await until('it is applied', async () => (await tenant.api.get('/sync')).json.failed === 0);
  });
});

test('a PBX that is away is told as such, and what waits for it', async () => {
  const alone = await startService({ pbx: 'none' });
  try {
    const place = await foundTenant(alone);
    await place.user();
    const node = `/nodes/${alone.nodeId}`;
    expect((await alone.platform.get(`${node}/status`)).json).toMatchObject({
      link: { state: expect.stringMatching(/connecting|disconnected/) },
      health: null,
      calls: null,
      users: 1,
    });
    expect((await place.api.get('/sync')).json.waiting).toBeGreaterThan(0);
    expect((await alone.platform.get(`${node}/plan`)).json.code).toBe('pbx-not-connected');
    expect((await alone.platform.post(`${node}/repair`, undefined, { prefer: 'wait=1' })).status).toBe(202);
  } finally {
    await alone.stop();
  }
});

test('what concerns nodes is not for keys of a tenant', async () => {
  for (const more of ['/status', '/drift', '/plan'])
    expect((await service.withKey(tenant.id, ['pbx:read']).then((key) => key.get(at(more)))).status).toBe(
      403,
    );
});
