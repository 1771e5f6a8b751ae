import type { PbxError } from './pbx-error.ts';
import type { ContactReachability, PbxParty } from './port.ts';

/**
 * What a PBX tells by itself. Events that happen while the connection is away are lost: after
 * `connected`, read again what you keep.
 */
export type PbxEvent =
  | {
      type: 'connected';
      /** `systemname` of asterisk.conf; empty when it has none. */
      system: string;
      startedAt: Date;
      /** True when this is another run of the PBX than the last one seen (fences are gone, say). */
      restarted: boolean;
    }
  /** Sent once when a connection is lost, and again when the reason changes while trying to come back. */
  | { type: 'disconnected'; reason: PbxError }
  /** Only for aors that the PBX tracks (after a settle, `trackAor` or a restart), as `device-state`. */
  | {
      type: 'contact';
      aor: string;
      endpoint: string;
      uri: string;
      status: ContactReachability | 'created' | 'removed';
      roundtripMicroseconds: number | null;
    }
  | {
      type: 'device-state';
      /** `PJSIP/k7f3a` */
      device: string;
      endpoint: string | null;
      /** As Asterisk says it: NOT_INUSE, INUSE, BUSY, UNAVAILABLE, RINGING, ONHOLD, … */
      state: string;
    }
  | ({ type: 'channel-started' } & ChannelEvent)
  | ({ type: 'channel-ended'; cause: number; causeText: string } & ChannelEvent)
  | {
      type: 'user-event';
      /** The first argument of the dialplan's UserEvent(). */
      name: string;
      /** Its own fields only, by name as written in the dialplan. */
      fields: Record<string, string>;
      channelId: string | null;
    };

export interface ChannelEvent {
  id: string;
  name: string;
  endpoint: string | null;
  /** The id of the channel that the call began with: the same for all its channels. */
  callId: string;
  caller: PbxParty;
  connected: PbxParty;
  context: string;
  extension: string;
}
