import { type Caller, recordAudit } from '../../db/audit.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { USER_REF, type UserRef, userRef } from '../shared-schemas.ts';
import type { TenantWork } from '../tenant-work.ts';
import { readTarget } from './target.ts';

/**
 * Who asked for a deletion that happens later, as kept in the row: that person deletes, whoever carries it out. A type
 * alias, because it is stored as JSON.
 */
export type Requester = {
  actor: { kind: Caller['actor']['kind']; id: string; name: string };
  requestId: string | null;
  ip: string | null;
};

export interface QueuedDeletion {
  user: UserRef;
  requestedBy: Requester;
  requestedAt: Date;
}

type Work = Pick<TenantWork, 'tx' | 'tenantId' | 'caller'>;

/** Queues the deletion of a user; one that is queued already stays as it is. */
export async function queueDeletion(
  { tx, tenantId, caller }: Work,
  userId: string,
  version: number | null,
): Promise<QueuedDeletion> {
  await readTarget(tx, tenantId, userId, version);
  const { kind, id, name } = caller.actor;
  const requestedBy: Requester = {
    actor: { kind, id, name },
    requestId: caller.requestId,
    ip: caller.ip,
  };
  const { count } = await tx.pendingDeletion.createMany({
    data: [{ userId, tenantId, requestedBy }],
    skipDuplicates: true,
  });
  if (count === 1)
    await recordAudit(tx, tenantId, caller, {
      action: 'user.queue-deletion',
      objectType: 'user',
      objectId: userId,
    });
  return readQueued({ tx, tenantId }, userId);
}

/** `reason`: why the service itself gave it up. */
export async function cancelDeletion(
  { tx, tenantId, caller }: Work,
  userId: string,
  reason?: string,
): Promise<void> {
  const { count } = await tx.pendingDeletion.deleteMany({ where: { tenantId, userId } });
  if (count === 0) throw notFound('queued deletion of the user', userId);
  await recordAudit(tx, tenantId, caller, {
    action: 'user.cancel-deletion',
    objectType: 'user',
    objectId: userId,
    after: reason === undefined ? null : { reason },
  });
}

export async function readQueued(
  { tx, tenantId }: Pick<Work, 'tx' | 'tenantId'>,
  userId: string,
): Promise<QueuedDeletion> {
  const row = await tx.pendingDeletion.findFirst({ where: { tenantId, userId }, include: WHO });
  if (!row) throw notFound('queued deletion of the user', userId);
  return queuedOf(row);
}

/** Oldest first, after the given one. */
export async function listQueued(
  { tx, tenantId }: Work,
  after: { requestedAt: Date; userId: string } | null,
  limit: number,
): Promise<QueuedDeletion[]> {
  const rows = await tx.pendingDeletion.findMany({
    where: {
      tenantId,
      ...(after && {
        OR: [
          { requestedAt: { gt: after.requestedAt } },
          { requestedAt: after.requestedAt, userId: { gt: after.userId } },
        ],
      }),
    },
    orderBy: [{ requestedAt: 'asc' }, { userId: 'asc' }],
    take: limit,
    include: WHO,
  });
  return rows.map(queuedOf);
}

/** What the one who waits for the queue cannot change by waiting longer: the deletion is to be given up. */
export function isHopeless(error: unknown): error is DomainError {
  return error instanceof DomainError && error.code === 'user-is-organisation-administrator';
}

const WHO = { user: { select: USER_REF } } as const;

function queuedOf(row: {
  requestedBy: unknown;
  requestedAt: Date;
  user: Parameters<typeof userRef>[0];
}): QueuedDeletion {
  return {
    user: userRef(row.user),
    requestedBy: row.requestedBy as Requester,
    requestedAt: row.requestedAt,
  };
}
