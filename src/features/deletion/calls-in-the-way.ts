import type { CallInTheWay } from '../../domain/errors.ts';
import type { PbxChannel, PbxParty } from '../../pbx/port.ts';

/**
 * The calls that a user is in, from the channels of the PBX. In a call is who
 *
 *  1. has a channel on one of these lines, whatever its state: dialling, ringing, talking, on hold, listening to why a
 *     call was refused;
 *  2. is about to be rung: some channel has begun to dial one of these lines and is not joined to anyone yet. Until the
 *     phone's own channel exists, this is all there is to see of such a call.
 *
 * Not in a call is who has only left a trace in one: whose number others were forwarded by, or who transferred a call
 * away. That call needs nothing of the user's any more and goes on when the user is deleted.
 *
 * `lines`: also those that the user had and that were revoked, because a call outlives its line's rows.
 */
export function callsInTheWay(
  lines: ReadonlySet<string>,
  channels: readonly PbxChannel[],
): (CallInTheWay & { channelId: string | null })[] {
  const calls = channels
    .filter((channel) => channel.endpoint !== null && lines.has(channel.endpoint))
    .map((channel) => ({
      channelId: channel.id as string | null,
      peer: nameOf(channel.connected) ?? channel.extension,
      since: channel.since.toISOString(),
    }));
  const beginning = channels
    .filter((channel) => isAboutToRing(lines, channel))
    .map((channel) => ({
      channelId: null,
      peer: nameOf(channel.caller) ?? 'unknown',
      since: channel.since.toISOString(),
    }));
  return calls.concat(calls.length === 0 ? beginning : []);
}

/** What people are told: one entry for one peer, though two phones ring for the same caller. */
export function told(calls: readonly CallInTheWay[]): CallInTheWay[] {
  const byPeer = new Map<string, CallInTheWay>();
  for (const { peer, since } of calls) {
    const known = byPeer.get(peer);
    if (!known || since < known.since) byPeer.set(peer, { peer, since });
  }
  return [...byPeer.values()];
}

/**
 * A channel stays in Dial for as long as the call lasts, and longer: when the called user has transferred it away, it
 * still shows the Dial that once rang them. Then it is joined to somebody, and a Dial that rings is not.
 */
function isAboutToRing(lines: ReadonlySet<string>, { application, bridged }: PbxChannel): boolean {
  if (application.name !== 'Dial' || bridged) return false;
  const devices = application.data.split(',', 1)[0]!.split('&');
  return devices.some((device) => device.startsWith('PJSIP/') && lines.has(device.slice('PJSIP/'.length)));
}

function nameOf({ name, number }: PbxParty): string | null {
  if (name !== '' && number !== '') return `${name} <${number}>`;
  return name || number || null;
}
