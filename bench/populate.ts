import { randomBytes } from 'node:crypto';
import { generateLineId } from '../src/domain/secrets/generate.ts';
import { secretOwner } from '../src/domain/secrets/owner.ts';
import { seal } from '../src/domain/secrets/seal.ts';
import { until } from '../test/support/until.ts';
import type { Stack } from './stack.ts';

export interface BenchLine {
  userId: string;
  lineId: string;
  secret: string;
}

/** A tenant founded over the API, and its users, written in bulk beside it. */
export interface Population {
  tenantId: string;
  slug: string;
  lines: BenchLine[];
}

/** So many users, each with an extension and a softphone. */
export async function populate(stack: Stack, count: number): Promise<Population> {
  const slug = `bench-${randomBytes(3).toString('hex')}`;
  const answer = await stack.api.post('/tenants', {
    slug,
    name: slug,
    country: 'FR',
    extensionLength: 6,
    extensionRanges: [{ first: '200000', last: '299999' }],
  });
  if (answer.status !== 201) throw new Error(`no tenant: ${answer.status} ${answer.text}`);
  const tenantId: string = answer.json.id;
  return { tenantId, slug, lines: await addUsers(stack, tenantId, count) };
}

async function addUsers(stack: Stack, tenantId: string, count: number): Promise<BenchLine[]> {
  const client = await stack.owner.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `WITH range AS (SELECT id FROM extension_ranges WHERE tenant_id = $1),
       made AS (
         INSERT INTO users (tenant_id, username, first_name, last_name, email, sip_alias)
         SELECT $1, 'user' || n, 'User', 'Number ' || n, 'user' || n || '@example.com', 'user' || n
         FROM generate_series(1, $2::int) n RETURNING id, username)
       INSERT INTO extensions (tenant_id, number, user_id, range_id, range_first, range_last)
       SELECT $1, (200000 + substr(username, 5)::int)::text, made.id, range.id, 200000, 299999 FROM made, range`,
      [tenantId, count],
    );
    const users = await client.query<{ id: string }>('SELECT id FROM users WHERE tenant_id = $1', [tenantId]);
    const lines = users.rows.map(({ id }) => ({
      userId: id,
      lineId: generateLineId(),
      secret: randomBytes(9).toString('hex'),
    }));
    await client.query(
      `INSERT INTO lines (id, tenant_id, user_id, kind, secret)
       SELECT l.id, $1, l.user_id, 'softphone', l.secret FROM unnest($2::text[], $3::uuid[], $4::bytea[]) AS l (id, user_id, secret)`,
      [
        tenantId,
        lines.map((line) => line.lineId),
        lines.map((line) => line.userId),
        lines.map((line) => seal(stack.keyring, line.secret, secretOwner.line(line.lineId))),
      ],
    );
    await client.query('COMMIT');
    return lines;
  } finally {
    client.release();
  }
}

/** Resolves when nothing waits for the PBX any more. */
export async function whenApplied(stack: Stack, deadlineMs = 60_000): Promise<void> {
  await until(
    'every change is on the PBX',
    async () => (await stack.owner.query('SELECT FROM sync_pending LIMIT 1')).rowCount === 0,
    deadlineMs,
  );
}

/** Resolves when the PBX has looked at all its lines, those in stock included, and nothing more is to come. */
export async function whenSettled(stack: Stack, deadlineMs = 120_000): Promise<void> {
  await until(
    'every line is tracked and the stock is full',
    async () => {
      const { rows } = await stack.owner.query<{ done: boolean }>(
        `SELECT EXISTS (SELECT FROM node_conditions WHERE type = 'settled' AND status = 'true')
                AND (SELECT count(*) FILTER (WHERE settled_at IS NOT NULL) = count(*) FROM spare_lines)
                AND (SELECT count(*) * 2 > max(n.spare_sip) FROM spare_lines s JOIN pbx_nodes n ON n.id = s.node_id
                     WHERE s.kind = 'sip') AS done`,
      );
      return rows[0]!.done;
    },
    deadlineMs,
  );
  await whenApplied(stack);
}
