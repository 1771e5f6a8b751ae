import { type Caller, recordAudit } from '../../db/audit.ts';
import type { Tx } from '../../db/client.ts';
import { DomainError, type Json, notFound, staleVersion } from '../../domain/errors.ts';
import { FENCE_SECONDS, type Fence } from './fence.ts';

/** What may still be lost between "the fence stands" and the commit behind it, in seconds. */
const MARGIN_SECONDS = 8;

/** Milliseconds for the transaction: it must end while the fence is certain to stand. */
export const REMOVAL_TIMEOUT = 5_000;

/** Something changed between the decision and the removal: decide again. */
export class DecideAgain extends Error {}

export interface Removal {
  tenantId: string;
  userId: string;
  caller: Caller;
  /** What was decided behind; null: a user without lines, who can be in no call. */
  fence: Fence | null;
  /** Only if it still waits in the queue: somebody may have cancelled it in the last moment. */
  queued: boolean;
  /** `If-Match`; null: not asked for. */
  version: number | null;
}

/**
 * Deletes the user in the caller's transaction, and leaves what remains: the record and the audit entry. Everything of
 * the user's goes with the row (extension, lines, keys, forwarding); numbers are freed. The database's own triggers tell
 * the reconciler, and refuse an organisation administrator.
 */
export async function removeUser(tx: Tx, removal: Removal): Promise<void> {
  const { tenantId, userId, caller, fence, queued, version } = removal;
  // Locked first: whoever adds a line, a role or a fence to this user waits until it is decided.
  await tx.$queryRaw`SELECT 1 FROM users WHERE id = ${userId}::uuid FOR UPDATE`;
  const user = await readWhole(tx, userId);
  if (!user) throw notFound('user', userId);
  if (version !== null && user.version !== version) throw staleVersion('user', user.version);
  if (fence) await holdFence(tx, userId, fence);
  else if (user.lines.length + user.retiredLines.length > 0) throw new DecideAgain();
  const { count } = await tx.pendingDeletion.deleteMany({ where: { userId } });
  if (queued && count === 0) throw notFound('queued deletion of the user', userId);
  const snapshot = snapshotOf(user);
  const { kind, id, name } = caller.actor;
  await tx.deletedUser.create({ data: { id: userId, tenantId, snapshot, deletedBy: { kind, id, name } } });
  await recordAudit(tx, tenantId, caller, {
    action: 'user.delete',
    objectType: 'user',
    objectId: userId,
    before: snapshot,
    after: null,
  });
  await tx.user.delete({ where: { id: userId } });
}

/**
 * The fence has stood without a gap since the decision if it is still ours and young: only its holder takes it down, and
 * the reconciler when it is half a minute old. Locked, so that this holds until the commit.
 */
async function holdFence(tx: Tx, userId: string, { holder }: Fence): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM fences
    WHERE user_id = ${userId}::uuid AND holder = ${holder}::uuid
      AND since > now() - make_interval(secs => ${FENCE_SECONDS - MARGIN_SECONDS}::integer)
    FOR UPDATE`;
  if (rows.length === 0)
    throw new DomainError(
      'timed-out',
      'Deciding took so long that a call could have begun meanwhile. Nothing was deleted; repeat the request.',
    );
}

function readWhole(tx: Tx, userId: string) {
  return tx.user.findUnique({
    where: { id: userId },
    include: {
      extension: true,
      numbers: { orderBy: { e164: 'asc' } },
      outboundNumber: true,
      profile: true,
      lines: { orderBy: { createdAt: 'asc' } },
      retiredLines: true,
      roles: { include: { role: true } },
      teams: { include: { team: true } },
    },
  });
}

type WholeUser = NonNullable<Awaited<ReturnType<typeof readWhole>>>;

/** What the user was, for other systems and for people who ask later. No secret. */
function snapshotOf(user: WholeUser): { [key: string]: Json } {
  const { username, firstName, lastName, alias, email, employeeId, status, sipAlias, createdAt } = user;
  return {
    username,
    firstName,
    lastName,
    alias,
    email,
    employeeId,
    status,
    sipAlias,
    extension: user.extension?.number ?? null,
    numbers: user.numbers.map((number) => number.e164),
    outboundNumber: user.outboundNumber?.e164 ?? null,
    profile: user.profile?.name ?? null,
    roles: user.roles.map(({ role }) => role.name).sort(),
    teams: user.teams.map(({ team, capacity }) => `${team.name} (${capacity})`).sort(),
    lines: user.lines.map(({ id, kind, label }) => ({ id, kind, label })),
    createdAt: createdAt.toISOString(),
  };
}
