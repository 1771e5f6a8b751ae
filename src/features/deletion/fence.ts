import { DomainError } from '../../domain/errors.ts';
import { subjectOf } from '../../domain/sync/subject.ts';
import type { Pbx } from '../../pbx/port.ts';
import type { FeatureDeps } from '../deps.ts';
import { onPbx } from '../pbx-door.ts';

/** A fence is raised to decide, and stands no longer than a decision takes. After this long it is nobody's (sync-lead.ts). */
export const FENCE_SECONDS = 30;

/** How long the reconciler may take to bring a fence to the PBX. A comparison of a full node takes 0.3 s, a rebuild 5 s. */
const RAISE_SECONDS = 8;

/** Another deletion of the same user is deciding at this moment; its answer will be ours too. */
const OTHERS_SECONDS = 8;

/** The user is behind a fence of ours: no call can begin, from or to any of their lines. */
export interface Fence {
  holder: string;
}

/**
 * Raises the fence and resolves once it stands on the PBX: in AstDB, where the dialplan refuses the user, and on each of
 * the user's endpoints, where Asterisk refuses before there is a channel. Null: the user is gone meanwhile.
 */
export async function raiseFence(deps: FeatureDeps, tenantId: string, userId: string): Promise<Fence | null> {
  const deadline = performance.now() + OTHERS_SECONDS * 1_000;
  for (;;) {
    const raised = await enter(deps, tenantId, userId);
    if (raised === 'no such user') return null;
    if (raised) {
      if (await deps.waitApplied(tenantId, [subjectOf('user', userId)], RAISE_SECONDS)) return raised;
      await lowerFence(deps, tenantId, userId, raised);
      throw new DomainError(
        'pbx-failed',
        'The PBX did not take the fence that a deletion needs in time. Nothing was deleted; see the sync status.',
      );
    }
    if (performance.now() > deadline)
      throw new DomainError(
        'timed-out',
        'Another deletion of this user has not decided yet. Nothing was deleted; repeat in half a minute.',
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Null while somebody else's fence stands. */
function enter(deps: FeatureDeps, tenantId: string, userId: string): Promise<Fence | 'no such user' | null> {
  return deps.db.asTenant(tenantId, async (tx) => {
    // Locked, or a deletion that commits in between would turn "gone" into a violated reference.
    const user = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM users WHERE tenant_id = ${tenantId}::uuid AND id = ${userId}::uuid FOR KEY SHARE`;
    if (user.length === 0) return 'no such user';
    const rows = await tx.$queryRaw<Fence[]>`
      INSERT INTO fences (user_id, tenant_id) VALUES (${userId}::uuid, ${tenantId}::uuid)
      ON CONFLICT (user_id) DO NOTHING RETURNING holder`;
    return rows[0] ?? null;
  });
}

/** Calls may begin again. Nobody else's fence is touched, nor one that is gone already. */
export async function lowerFence(
  deps: FeatureDeps,
  tenantId: string,
  userId: string,
  { holder }: Fence,
): Promise<void> {
  await deps.db.asTenant(tenantId, (tx) => tx.fence.deleteMany({ where: { tenantId, userId, holder } }));
}

/**
 * Whether the fence really stands on the PBX. What the reconciler reported is not enough: a restart of Asterisk forgets
 * the endpoints' half, and a writer that lost its lead without knowing may have taken it down.
 */
export async function stands(pbx: Pbx, userId: string, lines: readonly string[]): Promise<boolean> {
  const [entry, record, closed] = await onPbx(() =>
    Promise.all([
      pbx.db.get(`pb/fence/${userId}`),
      pbx.db.get(`pb/user/${userId}`),
      pbx.objects.endpointsInMaintenance(),
    ]),
  );
  // A suspended user has no record: the dialplan knows nobody of that name, and the lines are parked.
  if (record === null) return true;
  return entry !== null && lines.every((line) => closed.has(line));
}
