import { randomBytes } from 'node:crypto';
import { generateLineId } from '../src/domain/secrets/generate.ts';
import { secretOwner } from '../src/domain/secrets/owner.ts';
import { seal } from '../src/domain/secrets/seal.ts';
import type { BenchService } from './bench-service.ts';

export interface BenchLine {
  userId: string;
  lineId: string;
  secret: string;
}

/** A tenant with so many users, each with an extension, a number and a softphone; written in bulk, beside the API. */
export async function populate(
  bench: BenchService,
  count: number,
): Promise<{ tenantId: string; lines: BenchLine[] }> {
  const slug = `bench-${randomBytes(3).toString('hex')}`;
  const { rows } = await bench.owner.query<{ id: string }>(
    `INSERT INTO tenants (slug, name, country, extension_length, sip_domain, node_id)
     VALUES ($1, $1, 'FR', 6, $1 || '.example', $2) RETURNING id`,
    [slug, bench.nodeId],
  );
  const tenantId = rows[0]!.id;
  const client = await bench.owner.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `WITH range AS (INSERT INTO extension_ranges (tenant_id, first, last) VALUES ($1, 100000, 199999) RETURNING id),
       made AS (
         INSERT INTO users (tenant_id, username, first_name, last_name, email, sip_alias)
         SELECT $1, 'user' || n, 'User', 'Number ' || n, 'user' || n || '@example.com', 'user' || n
         FROM generate_series(1, $2::int) n RETURNING id, username)
       INSERT INTO extensions (tenant_id, number, user_id, range_id, range_first, range_last)
       SELECT $1, (100000 + substr(username, 5)::int)::text, made.id, range.id, 100000, 199999 FROM made, range`,
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
        lines.map((line) => seal(bench.keyring, line.secret, secretOwner.line(line.lineId))),
      ],
    );
    await client.query('COMMIT');
    return { tenantId, lines };
  } finally {
    client.release();
  }
}

/** Resolves when nothing waits for the PBX. */
export async function whenApplied(bench: BenchService): Promise<void> {
  for (;;) {
    const { rows } = await bench.owner.query<{ waiting: number }>(
      'SELECT count(*)::int AS waiting FROM sync_pending',
    );
    if (rows[0]!.waiting === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
