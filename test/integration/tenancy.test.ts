import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enterTenant, enterUser } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let ours: { id: string };
let theirs: { id: string };
/** As the service's own role, with queries that name no tenant at all. */
let app: pg.Client;
/** Every table that has a tenant. */
let tables: string[];

beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  ours = await enterTenant(service);
  theirs = await enterTenant(service);
  for (const { id } of [ours, theirs]) await fillEveryTable(id);
  const { rows } = await service.owner.query<{ table_name: string }>(
    `SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  tables = rows.map((row) => row.table_name);
  app = await asAppRole();
});
afterAll(async () => {
  await app?.end();
  await service?.stop();
});

async function fillEveryTable(tenantId: string): Promise<void> {
  const { owner } = service;
  const user = await enterUser(service, tenantId, '1001');
  const one = async (sql: string, values: unknown[] = []) =>
    (await owner.query(sql, [tenantId, ...values])).rows[0]?.id;
  const number = await one(
    "INSERT INTO numbers (tenant_id, e164) VALUES ($1, '+3315' || floor(random() * 1e8)::int) RETURNING id",
  );
  const profile = await one("INSERT INTO dial_profiles (tenant_id, name) VALUES ($1, 'Own') RETURNING id");
  const group = await one("INSERT INTO caller_id_groups (tenant_id, name) VALUES ($1, 'Group') RETURNING id");
  const team = await one("INSERT INTO teams (tenant_id, name) VALUES ($1, 'Team') RETURNING id");
  const role = await one("INSERT INTO roles (tenant_id, name) VALUES ($1, 'Role') RETURNING id");
  const tag = await one("INSERT INTO tags (tenant_id, name) VALUES ($1, 'Tag') RETURNING id");
  const skill = await one("INSERT INTO skills (tenant_id, name) VALUES ($1, 'Skill') RETURNING id");
  const attribute = await one(
    "INSERT INTO attribute_definitions (tenant_id, key, label, type) VALUES ($1, 'key', 'Label', 'text') RETURNING id",
  );
  const values = { user: user.id, number, profile, group, team, role, tag, skill, attribute };
  const fill: [string, (keyof typeof values)[]][] = [
    ["INSERT INTO dial_rules VALUES ($1, $2, 0, 'allow', '{}')", ['profile']],
    ['INSERT INTO caller_id_group_numbers VALUES ($1, $2, 0, $3)', ['group', 'number']],
    ["INSERT INTO trunks (tenant_id, name, host) VALUES ($1, 'Trunk', 'carrier.example')", []],
    ['INSERT INTO user_roles VALUES ($1, $2, $3)', ['user', 'role']],
    ['INSERT INTO team_members VALUES ($1, $2, $3)', ['team', 'user']],
    ["INSERT INTO user_attributes VALUES ($1, $2, $3, '1')", ['user', 'attribute']],
    ['INSERT INTO user_tags VALUES ($1, $2, $3)', ['user', 'tag']],
    ['INSERT INTO user_skills VALUES ($1, $2, $3, 5)', ['user', 'skill']],
    ['INSERT INTO call_forwards (tenant_id, user_id) VALUES ($1, $2)', ['user']],
    ['INSERT INTO fences (tenant_id, user_id) VALUES ($1, $2)', ['user']],
    ["INSERT INTO pending_deletions (tenant_id, user_id, requested_by) VALUES ($1, $2, '{}')", ['user']],
    [
      "INSERT INTO deleted_users (tenant_id, id, snapshot, deleted_by) VALUES ($1, gen_random_uuid(), '{}', '{}')",
      [],
    ],
    [
      "INSERT INTO api_keys (id, tenant_id, name, secret_hash, scopes, created_by) VALUES (substr(md5(random()::text), 1, 16), $1, 'k', sha256('x'), '{}', '{}')",
      [],
    ],
    [
      "INSERT INTO audit (tenant_id, actor, action, object_type, object_id) VALUES ($1, '{}', 'a', 'b', 'c')",
      [],
    ],
    [
      "INSERT INTO refused_calls (tenant_id, node_id, dialled, reason, path) SELECT $1, id, '1', 'r', 'dial' FROM pbx_nodes",
      [],
    ],
    [
      "INSERT INTO retired_lines (id, tenant_id, user_id) VALUES ('x' || $2::uuid::text, $1, $2::uuid)",
      ['user'],
    ],
    ["INSERT INTO sync_status SELECT id, 'user:x' || $1::uuid, $1::uuid, 1 FROM pbx_nodes", []],
  ];
  for (const [sql, names] of fill) await owner.query(sql, [tenantId, ...names.map((name) => values[name])]);
}

async function asAppRole(): Promise<pg.Client> {
  const { prepareLogins } = await import('../../src/db/logins.ts');
  const urls = await prepareLogins(service.databaseUrl, service.masterKeys[0]!);
  const client = new pg.Client({ connectionString: urls.app });
  await client.connect();
  return client;
}

async function as<T>(
  setting: 'patchbay.tenant' | 'patchbay.platform',
  value: string,
  work: () => Promise<T>,
): Promise<T> {
  await app.query('BEGIN');
  try {
    await app.query('SELECT set_config($1, $2, true)', [setting, value]);
    return await work();
  } finally {
    await app.query('ROLLBACK');
  }
}

/** A query that forgets to name the tenant. */
const rowsOf = async (table: string) => (await app.query(`SELECT tenant_id FROM ${table}`)).rows;

describe('row-level security alone, with queries that name no tenant', () => {
  test('covers every table that has a tenant', async () => {
    const { rows } = await service.owner.query(
      "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relrowsecurity",
    );
    const guarded = new Set(rows.map((row) => row.relname));
    expect(tables.filter((table) => !guarded.has(table))).toEqual([]);
    expect(tables.length).toBeGreaterThan(20);
  });

  test('shows a tenant its own rows and no others', async () => {
    for (const table of tables) {
      const seen = await as('patchbay.tenant', ours.id, () => rowsOf(table));
      expect(seen.length, `${table} was not filled`).toBeGreaterThan(0);
      expect(
        seen.filter((row) => row.tenant_id !== ours.id),
        table,
      ).toEqual([]);
    }
  });

  test('shows nothing to who names no tenant', async () => {
    for (const table of tables) expect(await rowsOf(table), table).toEqual([]);
  });

  test('shows the platform no people, lines or secrets', async () => {
    const people = tables.filter(
      (table) => !['audit', 'sync_pending', 'sync_status', 'api_keys'].includes(table),
    );
    for (const table of people)
      expect(await as('patchbay.platform', 'on', () => rowsOf(table)), table).toEqual([]);
  });

  test('shows a supervisor without a team nobody, nor what is theirs', async () => {
    // Rows that say nothing without the users beside them; that an extension is taken is told to all who see extensions.
    const open = ['api_keys', 'extensions', 'numbers', 'team_members', 'user_roles'];
    const { rows } = await service.owner.query<{ table_name: string }>(
      "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'user_id'",
    );
    const ofUsers = rows.map((row) => row.table_name).filter((table) => !open.includes(table));
    for (const table of ['users', 'teams', 'deleted_users', ...ofUsers]) {
      const seen = await as('patchbay.tenant', ours.id, async () => {
        await app.query("SELECT set_config('patchbay.supervisor', gen_random_uuid()::text, true)");
        return rowsOf(table);
      });
      expect(seen, table).toEqual([]);
    }
  });

  test('lets nobody change or add another tenant’s rows', async () => {
    const writable = (
      await service.owner.query(
        "SELECT table_name FROM information_schema.role_table_grants WHERE grantee = 'patchbay_app' AND privilege_type = 'UPDATE'",
      )
    ).rows.map((row) => row.table_name);
    for (const table of tables.filter((name) => writable.includes(name))) {
      const changed = await as('patchbay.tenant', ours.id, () =>
        app.query(`UPDATE ${table} SET tenant_id = tenant_id WHERE tenant_id = $1`, [theirs.id]),
      );
      expect(changed.rowCount, table).toBe(0);
      const moved = as('patchbay.tenant', ours.id, () =>
        app.query(`UPDATE ${table} SET tenant_id = $1`, [theirs.id]),
      );
      await expect(moved, table).rejects.toThrow(/row-level security|violates|append-only/);
    }
  });

  test('the role that serves requests cannot turn it off', async () => {
    const { rows } = await app.query(
      'SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false }]);
    await expect(app.query('ALTER TABLE users DISABLE ROW LEVEL SECURITY')).rejects.toThrow(/must be owner/);
    await expect(app.query('SET ROLE patchbay_sync')).rejects.toThrow(/permission denied/);
  });

  test('nobody rewrites the audit, not even its owner', async () => {
    await expect(app.query('DELETE FROM audit')).rejects.toThrow(/permission denied/);
    await expect(service.owner.query('DELETE FROM audit')).rejects.toThrow(/append-only/);
    await expect(service.owner.query("UPDATE audit SET action = 'x'")).rejects.toThrow(/append-only/);
  });
});

test('Prisma’s picture of the tables is the database’s', async () => {
  const { Prisma } = await import('../../src/generated/prisma/client.ts');
  const { readFile } = await import('node:fs/promises');
  const schema = await readFile(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8');
  const pictured = new Map<string, string[]>();
  for (const [, body] of schema.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)) {
    const table = /@@map\("(\w+)"\)/.exec(body!)![1]!;
    const scalars = body!
      .split('\n')
      .filter((line) => /^ {2}\w+ +(String|Int|BigInt|Boolean|DateTime|Json|Bytes)\b/.test(line));
    pictured.set(
      table,
      scalars.map((line) => /@map\("(\w+)"\)/.exec(line)?.[1] ?? /^ {2}(\w+)/.exec(line)![1]!).sort(),
    );
  }
  const { rows } = await service.owner.query<{ table_name: string; columns: string[] }>(
    `SELECT table_name, array_agg(column_name::text ORDER BY column_name::text COLLATE "C") AS columns
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' AND is_generated = 'NEVER' GROUP BY 1`,
  );
  expect(Object.fromEntries(pictured)).toEqual(
    Object.fromEntries(rows.map((row) => [row.table_name, row.columns])),
  );
  expect(Object.keys(Prisma.ModelName)).toHaveLength(pictured.size);
});
