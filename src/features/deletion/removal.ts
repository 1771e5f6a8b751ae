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

interface WholeUser {
  version: number;
  /** Lines that they have, or had in the last days. */
  phones: number;
  /** What the user was, for other systems and for people who ask later. No secret. */
  snapshot: { [key: string]: Json };
}

/**
 * Deletes the user in the caller's transaction, and leaves what remains: the record and the audit entry. Everything of
 * the user's goes with the row (extension, lines, keys, forwarding); numbers are freed. The database's own triggers tell
 * the reconciler, and refuse an organisation administrator.
 */
export async function removeUser(tx: Tx, removal: Removal): Promise<void> {
  const { tenantId, userId, caller, fence, queued, version } = removal;
  // Locked first: whoever adds a line, a role or a fence to this user waits until it is decided.
  await tx.$queryRaw`
    SELECT 1 FROM users WHERE tenant_id = ${tenantId}::uuid AND id = ${userId}::uuid FOR UPDATE`;
  const user = await readWhole(tx, tenantId, userId);
  if (!user) throw notFound('user', userId);
  if (version !== null && user.version !== version) throw staleVersion('user', user.version);
  if (fence) await holdFence(tx, userId, fence);
  else if (user.phones > 0) throw new DecideAgain();
  const { count } = await tx.pendingDeletion.deleteMany({ where: { tenantId, userId } });
  if (queued && count === 0) throw notFound('queued deletion of the user', userId);
  const { snapshot } = user;
  const { kind, id, name } = caller.actor;
  await tx.deletedUser.create({ data: { id: userId, tenantId, snapshot, deletedBy: { kind, id, name } } });
  await recordAudit(tx, tenantId, caller, {
    action: 'user.delete',
    objectType: 'user',
    objectId: userId,
    before: snapshot,
    after: null,
  });
  await tx.user.deleteMany({ where: { tenantId, id: userId } });
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

/** In one question: inside a transaction Prisma asks for each relation by itself, one after the other. */
async function readWhole(tx: Tx, tenantId: string, userId: string): Promise<WholeUser | null> {
  const rows = await tx.$queryRaw<WholeUser[]>`
    SELECT u.version,
      (SELECT count(*)::integer FROM lines l WHERE l.user_id = u.id)
        + (SELECT count(*)::integer FROM retired_lines r WHERE r.user_id = u.id) AS phones,
      json_build_object(
        'username', u.username, 'firstName', u.first_name, 'lastName', u.last_name, 'alias', u.alias,
        'email', u.email, 'employeeId', u.employee_id, 'status', u.status, 'sipAlias', u.sip_alias,
        'createdAt', u.created_at,
        'extension', (SELECT e.number FROM extensions e WHERE e.user_id = u.id),
        'numbers', coalesce((SELECT json_agg(n.e164 ORDER BY n.e164) FROM numbers n WHERE n.user_id = u.id), '[]'),
        'outboundNumber', (SELECT n.e164 FROM numbers n WHERE n.id = u.outbound_number_id),
        'profile', (SELECT p.name FROM dial_profiles p WHERE p.id = u.profile_id),
        'roles', coalesce((SELECT json_agg(r.name ORDER BY r.name) FROM user_roles ur JOIN roles r ON r.id = ur.role_id
                           WHERE ur.user_id = u.id), '[]'),
        'teams', coalesce((SELECT json_agg(json_build_object('name', t.name, 'capacity', m.capacity) ORDER BY t.name)
                           FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = u.id), '[]'),
        'tags', coalesce((SELECT json_agg(w.name ORDER BY w.name) FROM user_tags ut JOIN tags w ON w.id = ut.tag_id
                          WHERE ut.user_id = u.id), '[]'),
        'skills', coalesce((SELECT json_agg(json_build_object('name', w.name, 'level', us.level) ORDER BY w.name)
                            FROM user_skills us JOIN skills w ON w.id = us.skill_id WHERE us.user_id = u.id), '[]'),
        'lines', coalesce((SELECT json_agg(json_build_object('id', l.id, 'kind', l.kind, 'label', l.label) ORDER BY l.id)
                           FROM lines l WHERE l.user_id = u.id), '[]')) AS snapshot
    FROM users u WHERE u.tenant_id = ${tenantId}::uuid AND u.id = ${userId}::uuid`;
  return rows[0] ?? null;
}
