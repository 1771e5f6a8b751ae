import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { startPatchbay } from '../src/compose.ts';
import { readConfig } from '../src/config.ts';
import { ensureFirstPlatformKey } from '../src/features/keys/service.ts';
import { startPostgres } from '../src/local/postgres.ts';

/**
 * How long listing, searching and filtering take over HTTP with 10,000 users in a tenant (and as many in another):
 * `npx tsx bench/list-users.ts [users] [rounds]`. Needs Postgres alone; the PBX node is one that does not answer.
 */
const [users = 10_000, rounds = 200] = process.argv.slice(2).map(Number);

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
chmodSync(folder, 0o755);
const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres') });
const patchbay = await startPatchbay({
  databaseUrl: postgres.url,
  masterKeys: [randomBytes(32)],
  migrationsFolder: path.join(readConfig().projectRoot, 'prisma/migrations'),
  http: { host: '127.0.0.1', port: 0 },
  version: 'bench',
  logger: pino({ level: 'silent' }),
  compareEvery: 3_600_000,
});
const owner = new pg.Client({ connectionString: postgres.url });
await owner.connect();
const token = await ensureFirstPlatformKey(patchbay.deps.db);

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
async function call(method: string, at: string, json?: unknown): Promise<any> {
  const response = await fetch(`${patchbay.url}/api/v1${at}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: json === undefined ? undefined : JSON.stringify(json),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body;
}

async function populate(slug: string): Promise<void> {
  const range = { first: '200000', last: '299999' };
  const { id } = await call('POST', '/tenants', {
    slug,
    name: slug,
    country: 'FR',
    extensionLength: 6,
    extensionRanges: [range],
  });
  await owner.query(
    `WITH made AS (
       INSERT INTO users (tenant_id, username, first_name, last_name, email, employee_id, sip_alias)
       SELECT $1, 'user' || n, (ARRAY['Ada', 'Zoë', '小龙', 'Grace'])[1 + n % 4], 'Number' || md5(n::text),
              'user' || n || '@example.org', 'E' || n, 'user' || n
       FROM generate_series(1, $2::int) n RETURNING id, username),
     extended AS (
       INSERT INTO extensions (tenant_id, number, user_id, range_id, range_first, range_last)
       SELECT $1, (199999 + substr(username, 5)::int)::text, made.id, r.id, r.first, r.last
       FROM made, extension_ranges r WHERE r.tenant_id = $1),
     given AS (
       INSERT INTO user_roles (tenant_id, user_id, role_id)
       SELECT $1, made.id, r.id FROM made, roles r WHERE r.tenant_id = $1 AND r.builtin = 'user'),
     numbered AS (
       INSERT INTO numbers (tenant_id, e164, user_id)
       SELECT $1, '+331' || (CASE $3 WHEN 'a' THEN 55000000 ELSE 56000000 END + substr(username, 5)::int), made.id
       FROM made WHERE username LIKE '%7')
     INSERT INTO lines (id, tenant_id, user_id, kind, secret)
     SELECT '9' || lpad((CASE $3 WHEN 'a' THEN 0 ELSE 50000000 END + substr(username, 5)::int)::text, 11, '0'), $1, made.id,
            (ARRAY['softphone', 'desk'])[1 + substr(username, 5)::int % 2], '\\x00' FROM made`,
    [id, users, slug],
  );
}

const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(1).padStart(6);

/** CPU time used so far by Postgres's processes, in ms (Linux, /proc/<pid>/stat in ticks of 10 ms; else 0). */
function postgresCpu(): number {
  if (!existsSync('/proc/self/stat')) return 0;
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      if (Number(fields[1]) === postgres.pid) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks * 10;
}

/** Wall clock, and the CPU that was used for one request, which tells the same on a machine that is busy otherwise. */
async function measure(
  what: string,
  ask: (round: number) => Promise<unknown>,
  times = rounds,
): Promise<void> {
  for (let warm = 0; warm < 5; warm++) await ask(warm);
  const took: number[] = [];
  const [node, server] = [process.cpuUsage(), postgresCpu()];
  for (let round = 0; round < times; round++) {
    const start = performance.now();
    await ask(round);
    took.push(performance.now() - start);
  }
  const used = process.cpuUsage(node);
  const each = (ms: number) => (ms / times).toFixed(1).padStart(5);
  took.sort((a, b) => a - b);
  console.log(
    `${what.padEnd(34)} p50 ${quantile(took, 0.5)} ms   p99 ${quantile(took, 0.99)} ms   CPU: node ${each((used.user + used.system) / 1000)} ms, Postgres ${each(postgresCpu() - server)} ms`,
  );
}

await call('POST', '/nodes', {
  name: 'nowhere',
  sipHost: '127.0.0.1',
  amiHost: '127.0.0.1',
  amiPort: 1,
  amiUser: 'x',
  amiSecret: 'x',
  ariUrl: 'http://127.0.0.1:1/ari',
  ariUser: 'x',
  ariSecret: 'x',
});
for (const slug of ['a', 'b']) await populate(slug);
// As it is in daily work: nearly everything has reached the PBX.
await owner.query(`DELETE FROM sync_pending WHERE subject NOT LIKE 'user:0%'`);
await owner.query('VACUUM ANALYZE');

const list = (query: string) => call('GET', `/tenants/a/users?${query}`);
console.log(`${users} users in a tenant, ${rounds} rounds, pages of 50`);
await measure('for comparison: read one tenant', () => call('GET', '/tenants/b'));
await measure('first page', () => list(''));
let next = (await list('')).next;
await measure('following pages', async () => {
  const page = await list(`cursor=${next}`);
  next = page.next ?? (await list('')).next;
});
await measure('first page, 200 rows', () => list('limit=200'));
await measure('search, matches one', (round) => list(`search=user${1 + ((round * 37) % users)}@`));
await measure('search, matches a quarter', () => list('search=grace'));
await measure('search, two words', () => list('search=ada%20number1'));
await measure('search, digits', (round) => list(`search=${200_000 + ((round * 37) % users)}`));
await measure('search, matches nothing', () => list('search=nobody-is-called-so'));
for (const sort of ['username', 'email', 'extension', 'status', 'createdAt'])
  await measure(`sorted by ${sort}`, () => list(`sort=${sort}&order=desc`));
await measure('filter: phone', () => list('phone=desk&status=active'));
await measure('filter: role', () => list('role=user'));
await measure('filter: not in sync', () => list('inSync=false'));
await measure('filter: in sync, search', () => list('inSync=true&search=grace'));
await measure('next free extension', () => call('GET', '/tenants/a/extensions/next-free'));
const run = randomBytes(3).toString('hex');
await measure(
  'create with extension and phone',
  (round) =>
    call('POST', '/tenants/a/users', {
      username: `${run}-${round}-${randomBytes(3).toString('hex')}`,
      firstName: 'New',
      email: `${randomBytes(6).toString('hex')}@example.org`,
      extension: 'next',
      phone: 'softphone',
    }),
  Math.min(rounds, 100),
);

await owner.end();
await patchbay.stop();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });
