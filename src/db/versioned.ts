import { notFound, staleVersion } from '../domain/errors.ts';
import type { Tx } from './client.ts';

/** Tables whose rows carry a version, and what a person calls such a row. */
const THINGS = {
  pbx_nodes: 'PBX node',
  tenants: 'tenant',
  dial_profiles: 'dial profile',
  numbers: 'number',
  caller_id_groups: 'caller ID group',
  teams: 'team',
  trunks: 'trunk',
  roles: 'role',
  users: 'user',
  lines: 'line',
  attribute_definitions: 'attribute',
  tags: 'tag',
  skills: 'skill',
} as const;

/**
 * Locks a row until the transaction ends and compares its version with the one that the caller last read
 * (null: not compared), so that of two changes made against the same version one is refused.
 *
 * Throws `not-found` (also for another tenant's row: it is not visible) and `stale-version`.
 */
export async function lockVersion(
  tx: Tx,
  table: keyof typeof THINGS,
  id: string,
  expected: number | null,
): Promise<void> {
  // The table is one of ours, never a caller's text. NO KEY: rows that refer to this one may still come.
  const rows = await tx.$queryRawUnsafe<{ version: number }[]>(
    `SELECT version FROM ${table} WHERE id = $1${table === 'lines' ? '' : '::uuid'} FOR NO KEY UPDATE`,
    id,
  );
  const row = rows[0];
  if (!row) throw notFound(THINGS[table], id);
  if (expected !== null && row.version !== expected) throw staleVersion(THINGS[table], row.version);
}
