import type { PbxChannel } from '../../pbx/port.ts';

/** One phone's part in a call. */
export interface LiveCall {
  /** For hanging up. */
  id: string;
  line: string;
  /** Who is at the other end, as the phone shows it; empty texts while that is not known. */
  peer: { name: string; number: string };
  /** `out`: this phone dialled. */
  direction: 'in' | 'out';
  state: 'dialling' | 'ringing' | 'up';
  since: Date;
}

/** A channel of a line as people speak of it. The leg that Dial calls is in no application of the dialplan but in `AppDial`. */
export function liveCallOf(channel: PbxChannel): LiveCall {
  const { id, endpoint, connected, extension, application, state, since } = channel;
  const direction = application.name === 'AppDial' ? 'in' : 'out';
  const dialled = { name: '', number: extension };
  const nobodyYet = connected.name === '' && connected.number === '';
  return {
    id,
    line: endpoint ?? '',
    peer: nobodyYet && direction === 'out' ? dialled : connected,
    direction,
    state: state === 'Up' ? 'up' : direction === 'in' ? 'ringing' : 'dialling',
    since,
  };
}

/**
 * The id of a call that the service starts. It holds the user, so that whose it is can be told while it has no phone's
 * channel yet; nobody else gives ids to channels.
 */
export function clickedCallId(userId: string): string {
  return `click.${userId}.${crypto.randomUUID().slice(0, 8)}`;
}

/** Null: not one that the service started. */
export function userOfClickedCall(callId: string): string | null {
  return /^click\.([0-9a-f-]{36})\.[0-9a-f]{8}$/.exec(callId)?.[1] ?? null;
}
