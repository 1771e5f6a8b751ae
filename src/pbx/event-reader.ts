import type { AmiMessage } from './ami/message.ts';
import { microseconds, reachability } from './contacts.ts';
import { endpointOfChannel, endpointOfDevice } from './names.ts';
import type { ChannelEvent, PbxEvent } from './pbx-event.ts';

/** What to ask Asterisk for: the names that `readEvent` knows, and the one that ends booting. */
export const WANTED_EVENTS = [
  'FullyBooted',
  'ContactStatus',
  'DeviceStateChange',
  'Newchannel',
  'Hangup',
  'UserEvent',
] as const;

/** Turns an AMI event into ours; null for those that nobody here needs. */
export function readEvent(message: AmiMessage): PbxEvent | null {
  switch (message.get('Event')) {
    case 'ContactStatus':
      return readContactStatus(message);
    case 'DeviceStateChange': {
      const device = message.get('Device') ?? '';
      return {
        type: 'device-state',
        device,
        endpoint: endpointOfDevice(device),
        state: message.get('State') ?? '',
      };
    }
    case 'Newchannel':
      return { type: 'channel-started', ...readChannel(message) };
    case 'Hangup':
      return {
        type: 'channel-ended',
        ...readChannel(message),
        cause: Number(message.get('Cause') ?? 0),
        causeText: message.get('Cause-txt') ?? '',
      };
    case 'UserEvent':
      return readUserEvent(message);
    default:
      return null;
  }
}

function readContactStatus(message: AmiMessage): PbxEvent {
  const status = message.get('ContactStatus') ?? '';
  return {
    type: 'contact',
    aor: message.get('AOR') ?? '',
    endpoint: message.get('EndpointName') ?? '',
    uri: message.get('URI') ?? '',
    status: status === 'Created' ? 'created' : status === 'Removed' ? 'removed' : reachability(status),
    roundtripMicroseconds: microseconds(message.get('RoundtripUsec')),
  };
}

function readChannel(message: AmiMessage): ChannelEvent {
  const name = message.get('Channel') ?? '';
  return {
    id: message.get('Uniqueid') ?? '',
    name,
    endpoint: endpointOfChannel(name),
    callId: message.get('Linkedid') ?? '',
    caller: { name: party(message, 'CallerIDName'), number: party(message, 'CallerIDNum') },
    connected: { name: party(message, 'ConnectedLineName'), number: party(message, 'ConnectedLineNum') },
    context: message.get('Context') ?? '',
    extension: message.get('Exten') ?? '',
  };
}

/** AMI writes `<unknown>` where ARI writes nothing. */
function party(message: AmiMessage, field: string): string {
  const value = message.get(field) ?? '';
  return value === '<unknown>' ? '' : value;
}

/**
 * Asterisk writes the channel's fields, then `UserEvent: <name>`, then those of the dialplan: only what
 * stands behind is the event's own, so that a field named `Channel` there changes nothing.
 */
function readUserEvent(message: AmiMessage): PbxEvent {
  const at = message.fields.findIndex(([name]) => name === 'UserEvent');
  const head = message.fields.slice(0, at);
  return {
    type: 'user-event',
    name: message.get('UserEvent') ?? '',
    fields: Object.fromEntries(message.fields.slice(at + 1)),
    channelId: head.find(([name]) => name === 'Uniqueid')?.[1] ?? null,
  };
}
