import type { Actor } from '../domain/actor.ts';
import type { Json } from '../domain/errors.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Tx } from './client.ts';

/** Who makes a change, and from where. `system`: the service itself (an idle deletion, a clean-up). */
export interface Caller {
  actor: Pick<Actor, 'kind' | 'id' | 'name'> | { kind: 'system'; id: string; name: string };
  requestId: string | null;
  ip: string | null;
}

export interface AuditRecord {
  /** What was done, as `<object>.<verb>`: `user.create`, `line.rotate`, `secret.reveal`. */
  action: string;
  objectType: string;
  objectId: string;
  /** The object as it was and as it is, in the API's own words and without any secret. Null: there was none. */
  before?: { [key: string]: Json } | null;
  after?: { [key: string]: Json } | null;
}

/** Writes down a change in the transaction that makes it; `tenantId` null for what concerns the platform. */
export async function recordAudit(
  tx: Tx,
  tenantId: string | null,
  caller: Caller,
  record: AuditRecord,
): Promise<void> {
  const { kind, id, name } = caller.actor;
  await tx.auditEntry.create({
    data: {
      tenantId,
      actor: { kind, id, name },
      requestId: caller.requestId,
      ip: caller.ip,
      action: record.action,
      objectType: record.objectType,
      objectId: record.objectId,
      before: record.before ?? Prisma.DbNull,
      after: record.after ?? Prisma.DbNull,
    },
  });
}
