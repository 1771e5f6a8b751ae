import { DomainError, notFound } from '../../domain/errors.ts';
import type { Pbx, PbxChannel, PbxContactDetail } from '../../pbx/port.ts';
import type { FeatureDeps } from '../deps.ts';
import { sentenceOf } from '../explain-dial/reasons.ts';
import { explainDial } from '../explain-dial/service.ts';
import { wrongField } from '../fields.ts';
import { connectedPbxOf, onPbx } from '../pbx-door.ts';
import { type Asker, inTenant } from '../tenant-work.ts';
import { clickedCallId, type LiveCall, liveCallOf, userOfClickedCall } from './calls.ts';
import { type Owner, ownersOf, readOwners } from './owners.ts';

export interface LiveUser {
  user: Owner['user'];
  registrations: PbxContactDetail[];
  calls: LiveCall[];
}

type Page = { after: string | null; take: number };

/** Users who are registered or in a call at this moment, by id. One reading of the PBX costs 50 ms with 10,000 lines. */
export async function liveUsers(deps: FeatureDeps, asker: Asker, page: Page): Promise<LiveUser[]> {
  const pbx = await connectedPbxOf(deps, asker.tenant.id);
  const [registrations, channels] = await onPbx(() =>
    Promise.all([pbx.contacts.registrations(), pbx.calls.channels()]),
  );
  const busy = new Set([...registrations.keys(), ...channels.flatMap(({ endpoint }) => endpoint ?? [])]);
  const owners = await inTenant(deps.db, asker, (work) => ownersOf(work, [...busy], page));
  return lookAt(pbx, owners, channels, (line) => registrations.has(line));
}

/** These users, whatever they do. Those who are not the tenant's are left out. */
export async function liveUsersById(
  deps: FeatureDeps,
  asker: Asker,
  userIds: readonly string[],
): Promise<LiveUser[]> {
  const owners = await inTenant(deps.db, asker, (work) => readOwners(work, userIds));
  if (owners.length === 0) return [];
  const pbx = await connectedPbxOf(deps, asker.tenant.id);
  const channels = await onPbx(() => pbx.calls.channels());
  return lookAt(pbx, owners, channels, () => true);
}

/** Four short questions to the PBX for each line that may be registered. */
function lookAt(
  pbx: Pbx,
  owners: readonly Owner[],
  channels: readonly PbxChannel[],
  mayBeRegistered: (line: string) => boolean,
): Promise<LiveUser[]> {
  return onPbx(() =>
    Promise.all(
      owners.map(async ({ user, lines, everyLine }) => ({
        user,
        registrations: (
          await Promise.all(lines.filter(mayBeRegistered).map((line) => pbx.contacts.contactsOf(line)))
        ).flat(),
        calls: channels
          .filter(({ endpoint }) => endpoint !== null && everyLine.has(endpoint))
          .map(liveCallOf),
      })),
    ),
  );
}

/**
 * Rings the user's own phones and, when one is answered, dials with the user's rights. What the PBX would refuse is
 * refused here already, before anything rings; the PBX decides all the same. The call's id.
 */
export async function startCall(
  deps: FeatureDeps,
  asker: Asker,
  { user: userId, to }: { user: string; to: string },
): Promise<string> {
  const owner = await inTenant(deps.db, asker, async (work) => {
    const { passage } = await explainDial(work, userId, to, 'api');
    if (passage.route === 'refused' || passage.route === 'unassigned')
      throw new DomainError(
        'validation-failed',
        sentenceOf(passage.reason) ?? `The PBX would refuse this call: ${passage.reason}.`,
        {
          detail: { reason: passage.reason },
          fields: [{ path: '/to', message: 'Send what this user may dial: see explain-dial.' }],
        },
      );
    return (await readOwners(work, [userId]))[0];
  });
  if (!owner) throw notFound('user', userId);
  const pbx = await connectedPbxOf(deps, asker.tenant.id);
  return onPbx(async () => {
    const contacts = await Promise.all(owner.lines.map((line) => pbx.contacts.contactsOf(line)));
    if (contacts.flat().length === 0) throw wrongField('/user', 'No phone of this user is registered.');
    const channelId = clickedCallId(userId);
    await pbx.calls.originate({
      channelId,
      first: { context: 'pb-click', extension: 'ring' },
      second: { context: 'pb-click', extension: 'dial' },
      callerId: { name: '', number: '' },
      // Without underscores, or they would pass on to the phones' channels, where they would say who calls.
      variables: { PB_UID: userId, PB_ASKED: to },
      timeoutSeconds: 60,
    });
    return channelId;
  });
}

/** Ends one phone's part in a call, if the phone is the tenant's. Throws `not-found` for any other channel. */
export async function hangUpCall(deps: FeatureDeps, asker: Asker, callId: string): Promise<void> {
  const pbx = await connectedPbxOf(deps, asker.tenant.id);
  const channel = (await onPbx(() => pbx.calls.channels())).find(({ id }) => id === callId);
  const clickedBy = userOfClickedCall(callId);
  const isOurs =
    channel !== undefined &&
    (await inTenant(deps.db, asker, async (work) =>
      clickedBy === null
        ? (await ownersOf(work, [channel.endpoint ?? ''], { after: null, take: 1 })).length > 0
        : (await readOwners(work, [clickedBy])).length > 0,
    ));
  if (!isOurs || !(await onPbx(() => pbx.calls.hangup(callId, 'normal')))) throw notFound('call', callId);
}
