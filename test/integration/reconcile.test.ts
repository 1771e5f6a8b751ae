import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pbx } from '../../src/pbx/port.ts';
import { type EnteredUser, enterTenant, enterUser, whenInSync } from '../support/people.ts';
import { loseAstDb, startPrivateAsterisk } from '../support/private-asterisk.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let asterisk: Awaited<ReturnType<typeof startPrivateAsterisk>>;
let service: TestService;
let pbx: Pbx;
let tenant: { id: string };

beforeAll(async () => {
  asterisk = await startPrivateAsterisk();
  service = await startService({ pbx: asterisk, compareEvery: 3_600_000 });
  pbx = service.patchbay.deps.pbxOf(service.nodeId)!;
  await pbx.link.whenConnected(10_000);
  tenant = await enterTenant(service);
});
afterAll(async () => {
  await service?.stop();
  await asterisk?.stop();
});

/** Everything of ours that stands on the PBX. */
async function standing(): Promise<Map<string, string>> {
  const trees = await Promise.all(
    ['pb', 'ps_endpoints', 'ps_auths', 'ps_aors', 'ps_identifies'].map((family) => pbx.db.readTree(family)),
  );
  return new Map(trees.flatMap((tree) => [...tree]));
}

const conditions = async () =>
  new Map(
    (await service.owner.query('SELECT type, status, reason FROM node_conditions')).rows.map((row) => [
      row.type,
      `${row.status} ${row.reason}`,
    ]),
  );

const compareNow = async () => {
  await service.owner.query('SELECT request_comparison($1)', [service.nodeId]);
  await whenInSync(service);
};

describe('a change', () => {
  let user: EnteredUser;

  test('of one user reaches the PBX as that user’s entries', async () => {
    user = await enterUser(service, tenant.id, '1001', 'Zoë "Zed" O’Neil; ${x}');
    await whenInSync(service);
    const entries = await standing();
    expect(entries.get(`pb/ext/${tenant.id}/1001`)).toBe(user.id);
    expect(entries.get(`pb/line/${user.lineId}`)).toBe(user.id);
    expect(entries.get(`pb/name/${user.id}`)).toBe('Zoë "Zed" O’Neil; ${x}');
    expect(JSON.parse(entries.get(`ps_endpoints/endpoint/${user.lineId}`)!).context).toBe('pb-phones');
    expect([...entries.values()].join('\n')).not.toContain(user.secret);
  });

  test('takes a line from the stock once there is one', async () => {
    await until('spare lines settled', async () => {
      const { rows } = await service.owner.query(
        "SELECT count(*)::int AS n FROM spare_lines WHERE settled_at IS NOT NULL AND kind = 'sip'",
      );
      return rows[0].n >= 10;
    });
    const spare = (await service.owner.query("SELECT id FROM spare_lines WHERE kind = 'sip'")).rows.map(
      (r) => r.id,
    );
    const second = await enterUser(service, tenant.id, '1002');
    expect(spare).toContain(second.lineId);
    await whenInSync(service);
    const endpoint = (await standing()).get(`ps_endpoints/endpoint/${second.lineId}`)!;
    expect(JSON.parse(endpoint).context).toBe('pb-phones');
  });

  test('of the extension takes the old one away', async () => {
    await service.owner.query("UPDATE extensions SET number = '1005' WHERE user_id = $1", [user.id]);
    await whenInSync(service);
    const entries = await standing();
    expect(entries.get(`pb/ext/${tenant.id}/1005`)).toBe(user.id);
    expect(entries.has(`pb/ext/${tenant.id}/1001`)).toBe(false);
  });

  test('to suspended parks the lines and takes everything else away', async () => {
    await service.owner.query("UPDATE users SET status = 'suspended' WHERE id = $1", [user.id]);
    await whenInSync(service);
    const entries = await standing();
    expect([...entries.keys()].filter((path) => path.startsWith('pb/') && path.includes(user.id))).toEqual(
      [],
    );
    expect(JSON.parse(entries.get(`ps_endpoints/endpoint/${user.lineId}`)!).context).toBe('pb-nowhere');
    await service.owner.query("UPDATE users SET status = 'active' WHERE id = $1", [user.id]);
    await whenInSync(service);
    expect((await standing()).get(`pb/ext/${tenant.id}/1005`)).toBe(user.id);
  });

  test('that deletes the user leaves nothing of it', async () => {
    await service.owner.query('DELETE FROM users WHERE id = $1', [user.id]);
    await whenInSync(service);
    const left = [...(await standing())].filter(([path, value]) =>
      [user.id, user.lineId].some((id) => path.includes(id) || value.includes(id)),
    );
    expect(left).toEqual([]);
  });
});

describe('whatever happens to the PBX', () => {
  let before: Map<string, string>;

  test('an entry altered by hand is put right, and told field by field', async () => {
    const user = await enterUser(service, tenant.id, '1100');
    await whenInSync(service);
    before = await standing();
    const record = before.get(`pb/user/${user.id}`)!;
    await pbx.db.write([
      [`pb/user/${user.id}`, record.replace('|1100|', '|1999|')],
      [`pb/ext/${tenant.id}/1998`, user.id],
      ['ps_endpoints/endpoint/fax', '{"context":"fax"}'],
      ['other/key', 'not ours'],
    ]);
    await pbx.db.remove([`pb/line/${user.lineId}`]);
    await compareNow();
    const after = await standing();
    expect(after.get('ps_endpoints/endpoint/fax')).toBe('{"context":"fax"}');
    after.delete('ps_endpoints/endpoint/fax');
    expect(after).toEqual(before);
    expect(await pbx.db.get('other/key')).toBe('not ours');
    const { rows } = await service.owner.query('SELECT drift FROM sync_status WHERE subject = $1', [
      `user:${user.id}`,
    ]);
    expect(rows[0].drift).toContainEqual({
      path: `pb/user/${user.id}`,
      field: 'extension',
      expected: '1100',
      found: '1999',
    });
  });

  test('a lost AstDB comes back whole', async () => {
    before = await standing();
    await pbx.db.remove(['ps_endpoints/endpoint/fax']);
    before.delete('ps_endpoints/endpoint/fax');
    await loseAstDb(asterisk);
    const [last] = [...before.keys()].filter((path) => path.startsWith('pb/ext/'));
    await until('extensions, written last, are back', () => pbx.db.get(last!), 60_000);
    await compareNow();
    expect(await standing()).toEqual(before);
  });

  test('changes made while it is away are there when it is back', async () => {
    await asterisk.kill('SIGKILL');
    await until('the loss is noticed', async () =>
      (await conditions()).get('connected')?.startsWith('false'),
    );
    const users: EnteredUser[] = [];
    for (let i = 0; i < 10; i++) users.push(await enterUser(service, tenant.id, `12${i}0`));
    const { rows } = await service.owner.query('SELECT subject FROM sync_pending');
    expect(rows.map((row) => row.subject)).toEqual(
      expect.arrayContaining(users.map((user) => `user:${user.id}`)),
    );
    await asterisk.restart();
    await whenInSync(service);
    const entries = await standing();
    for (const user of users) expect(entries.get(`pb/ext/${tenant.id}/${user.extension}`)).toBe(user.id);
  });
});

test('only one of two services writes, and the other takes over', async () => {
  const epoch = async () => (await service.owner.query('SELECT epoch FROM pbx_nodes')).rows[0].epoch;
  const first = await epoch();
  await service.restart();
  pbx = service.patchbay.deps.pbxOf(service.nodeId)!;
  await until('the new writer', async () => BigInt(await epoch()) > BigInt(first));
  await enterUser(service, tenant.id, '1300');
  await whenInSync(service);
});
