import type { Tx } from '../../db/client.ts';
import type { Stored, Who } from '../shared-schemas.ts';

export interface AuditFilter {
  /** Who did it: the id of a key or user. */
  actor?: string;
  action?: string;
  objectType?: string;
  objectId?: string;
  /** What was done to this user, or to something of theirs: lines, keys, the extension. */
  concerning?: string;
  from?: Date;
  to?: Date;
}

export interface AuditRow {
  /** Text of a bigint; grows. */
  id: string;
  at: Date;
  actor: Who;
  requestId: string | null;
  ip: string | null;
  action: string;
  objectType: string;
  objectId: string;
  before: Stored | null;
  after: Stored | null;
}

/**
 * The latest first. `tenantId` null: what concerns the platform itself. Raw, for the sake of the index on users
 * (prisma/migrations, `audit_user`), which is on an expression.
 */
export function listAudit(
  tx: Tx,
  tenantId: string | null,
  filter: AuditFilter,
  after: string | null,
  take: number,
): Promise<AuditRow[]> {
  const values: unknown[] = [];
  const value = (of: unknown) => `$${values.push(of)}`;
  const conditions = [tenantId === null ? 'tenant_id IS NULL' : `tenant_id = ${value(tenantId)}::uuid`];
  const { actor, action, objectType, objectId, concerning, from, to } = filter;
  if (after !== null) conditions.push(`id < ${value(after)}::bigint`);
  if (actor !== undefined) conditions.push(`actor ->> 'id' = ${value(actor)}`);
  if (action !== undefined) conditions.push(`action = ${value(action)}`);
  if (objectType !== undefined) conditions.push(`object_type = ${value(objectType)}`);
  if (objectId !== undefined) conditions.push(`object_id = ${value(objectId)}`);
  if (concerning !== undefined) {
    const user = value(concerning);
    conditions.push(`((object_type = 'user' AND object_id = ${user})
      OR coalesce(after ->> 'userId', before ->> 'userId') = ${user})`);
  }
  if (from !== undefined) conditions.push(`at >= ${value(from)}::timestamptz`);
  if (to !== undefined) conditions.push(`at < ${value(to)}::timestamptz`);
  // `audit.id`: a bare id would be the text, among which 9 comes after 10.
  return tx.$queryRawUnsafe<AuditRow[]>(
    `SELECT id::text AS id, at, actor, request_id AS "requestId", ip, action, object_type AS "objectType",
            object_id AS "objectId", before, after
     FROM audit WHERE ${conditions.join(' AND ')} ORDER BY audit.id DESC LIMIT ${value(take)}::integer`,
    ...values,
  );
}
