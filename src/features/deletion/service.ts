import type { Caller } from '../../db/audit.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Pbx, PbxChannel } from '../../pbx/port.ts';
import type { FeatureDeps } from '../deps.ts';
import { connectedPbx, onPbx } from '../pbx-door.ts';
import { callsInTheWay, told } from './calls-in-the-way.ts';
import { type Fence, lowerFence, raiseFence, stands } from './fence.ts';
import { DecideAgain, REMOVAL_TIMEOUT, removeUser } from './removal.ts';
import { readTarget, type Target } from './target.ts';

export interface Deletion {
  tenantId: string;
  userId: string;
  caller: Caller;
  /** What happens to calls: refuse the deletion, or end them. */
  calls: 'refuse' | 'hangup';
  /** It comes from the queue, where it may have been cancelled. */
  queued: boolean;
  /** `If-Match`; null: not asked for. */
  version: number | null;
}

/** How long calls that are hung up may take to be gone. Asterisk takes milliseconds; the phone's answer is not waited for. */
const HANGUP_MS = 5_000;

/** How often something that changed under the decision makes it begin anew. */
const ATTEMPTS = 3;

/**
 * Deletes a user, or refuses with `user-in-call` and the calls.
 *
 *   look ──in a call──────────────────────────────────────────────> refused, nobody was disturbed
 *     └─> fence ──> on the PBX? ──> look ──in a call──> [hang up] ─> fence down, refused
 *                                     └─────────────────────────────> removed behind the fence
 *
 * The first look keeps the fence away from people who are talking: behind it a second call of theirs, or a
 * registration's refresh, would be refused. The second one decides, and it cannot miss a call:
 *
 *  - a call of the user's that reached the dialplan before the fence did has a channel, which is seen; one that
 *    reaches it later is refused there. (Emergency calls are refused nowhere: one whose INVITE is being read in this very
 *    millisecond goes out, uncut, while its caller is deleted.)
 *  - a call to the user is either dialled before the endpoint's fence, and seen, first as a Dial and then as the phone's
 *    channel; or later, and Asterisk refuses it before it makes a channel.
 *
 * Throws `not-found`, `stale-version`, `user-is-organisation-administrator`, `user-in-call`, `pbx-not-connected`,
 * `pbx-failed`, `timed-out`; then nothing was deleted.
 */
export async function deleteUser(deps: FeatureDeps, deletion: Deletion): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await decide(deps, deletion);
      return;
    } catch (error) {
      if (!(error instanceof DecideAgain)) throw error;
      if (attempt === ATTEMPTS)
        throw new DomainError('pbx-failed', 'The user or the PBX changed while this was decided. Repeat it.');
    }
  }
}

async function decide(deps: FeatureDeps, deletion: Deletion): Promise<void> {
  const { tenantId, userId, version } = deletion;
  const target = await deps.db.asTenant(tenantId, (tx) => readTarget(tx, tenantId, userId, version));
  // Who never had a phone can be in no call, whatever the PBX is doing.
  if (target.everyLine.size === 0) {
    await remove(deps, deletion, null);
    return;
  }
  const pbx = connectedPbx(deps, target.nodeId);
  if (deletion.calls === 'refuse') refuseIfInCall(target, await channelsOf(pbx));
  const fence = await raiseFence(deps, tenantId, userId);
  if (!fence) throw new DecideAgain();
  let removed = false;
  try {
    await decideBehindFence(deps, deletion, target, pbx);
    await remove(deps, deletion, fence);
    removed = true;
  } finally {
    if (!removed) await lowerFence(deps, tenantId, userId, fence);
  }
}

/** Resolves when the user is in no call and can get into none. */
async function decideBehindFence(
  deps: FeatureDeps,
  { tenantId, userId, calls }: Deletion,
  before: Target,
  pbx: Pbx,
): Promise<void> {
  // Lines that were added while the fence was being raised count as well.
  const target = await deps.db.asTenant(tenantId, (tx) => readTarget(tx, tenantId, userId));
  if (target.nodeId !== before.nodeId) throw new DecideAgain();
  if (!(await stands(pbx, userId, target.lines))) throw new DecideAgain();
  if (calls === 'hangup') await hangUp(pbx, target);
  refuseIfInCall(target, await channelsOf(pbx));
}

function channelsOf(pbx: Pbx): Promise<PbxChannel[]> {
  return onPbx(() => pbx.calls.channels());
}

function refuseIfInCall({ everyLine }: Target, channels: readonly PbxChannel[]): void {
  const calls = callsInTheWay(everyLine, channels);
  if (calls.length === 0) return;
  throw new DomainError(
    'user-in-call',
    'This user is in a call and cannot be deleted until it ends. Wait, or ask for the deletion when it ends.',
    { detail: { calls: told(calls) } },
  );
}

/** Ends all calls of the user and waits until they are gone; what cannot be ended is left to the look that follows. */
async function hangUp(pbx: Pbx, { everyLine }: Target): Promise<void> {
  const deadline = performance.now() + HANGUP_MS;
  while (performance.now() < deadline) {
    const calls = callsInTheWay(everyLine, await channelsOf(pbx));
    if (calls.length === 0) return;
    await onPbx(() =>
      Promise.all(calls.map(({ channelId }) => channelId && pbx.calls.hangup(channelId, 'normal'))),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function remove(
  deps: FeatureDeps,
  { tenantId, userId, caller, queued, version }: Deletion,
  fence: Fence | null,
): Promise<void> {
  return deps.db.asTenant(
    tenantId,
    (tx) => removeUser(tx, { tenantId, userId, caller, fence, queued, version }),
    { timeout: REMOVAL_TIMEOUT },
  );
}
