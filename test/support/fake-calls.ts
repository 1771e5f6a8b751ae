import { checkOriginate } from '../../src/pbx/calls.ts';
import { checkObjectId } from '../../src/pbx/names.ts';
import { PbxError } from '../../src/pbx/pbx-error.ts';
import type { ChannelEvent } from '../../src/pbx/pbx-event.ts';
import type {
  EndpointState,
  HangupReason,
  OriginateRequest,
  PbxCalls,
  PbxChannel,
} from '../../src/pbx/port.ts';
import type { FakeLink } from './fake-link.ts';

export interface FakeChannel extends PbxChannel {
  /** All channels of one call share it, and end together. */
  callId: string;
  variables: Record<string, string>;
}

/** The calls of the fake PBX. `extensions` is its dialplan: what happens to a channel that gets there. */
export class FakeCalls implements PbxCalls {
  readonly extensions = new Map<string, (channel: FakeChannel) => void>();
  readonly open = new Map<string, FakeChannel>();
  readonly #link: FakeLink;
  readonly #stateOf: (endpointId: string) => 'online' | 'offline' | null;
  #count = 0;

  constructor(link: FakeLink, stateOf: (endpointId: string) => 'online' | 'offline' | null) {
    this.#link = link;
    this.#stateOf = stateOf;
  }

  async endpointState(id: string): Promise<EndpointState | null> {
    checkObjectId(id);
    await this.#link.before('endpointState', id);
    const channelIds = [...this.open.values()].filter((c) => c.endpoint === id).map((c) => c.id);
    const state = this.#stateOf(id);
    if (state === null && channelIds.length === 0) return null;
    return { state: state ?? 'offline', channelIds };
  }

  async channels(): Promise<PbxChannel[]> {
    await this.#link.before('channels', '');
    return [...this.open.values()].map(({ callId, variables, ...channel }) => channel);
  }

  async hangup(channelId: string, _reason: HangupReason): Promise<boolean> {
    await this.#link.before('hangup', channelId);
    return this.end(channelId);
  }

  async originate(request: OriginateRequest): Promise<void> {
    checkOriginate(request);
    await this.#link.before('originate', request.channelId);
    if (this.open.has(request.channelId)) throw new PbxError('pbx-refused', 'The channel id is taken');
    const { channelId, first, second, callerId, variables } = request;
    const name = `Local/${first.extension}@${first.context}-${this.#serial()}`;
    const common = { callId: channelId, caller: callerId, connected: callerId, endpoint: null, variables };
    const one = this.start({ ...common, ...second, id: channelId, name: `${name};1` });
    const two = this.start({ ...common, ...first, id: `${channelId};2`, name: `${name};2` });
    for (const channel of [two, one]) {
      this.extensions.get(`${channel.context}/${channel.extension}`)?.(channel);
    }
  }

  /** A channel begins: for an endpoint, give `endpoint`; the rest has defaults. */
  start(channel: Partial<FakeChannel>): FakeChannel {
    const id = channel.id ?? `fake.${++this.#count}`;
    const endpoint = channel.endpoint ?? null;
    const nobody = { name: '', number: '' };
    const full: FakeChannel = {
      id,
      name: endpoint ? `PJSIP/${endpoint}-${this.#serial()}` : `Fake/${id}`,
      endpoint,
      callId: id,
      state: 'Up',
      caller: nobody,
      connected: nobody,
      since: new Date(),
      context: 'fake',
      extension: 's',
      application: { name: 'Wait', data: '' },
      bridged: false,
      variables: {},
      ...channel,
    };
    this.open.set(full.id, full);
    this.#link.emit({ type: 'channel-started', ...asEvent(full) });
    return full;
  }

  /** Ends a channel and all of its call; false when there is none. */
  end(channelId: string): boolean {
    const channel = this.open.get(channelId);
    if (!channel) return false;
    for (const one of [...this.open.values()].filter(({ callId }) => callId === channel.callId)) {
      this.open.delete(one.id);
      this.#link.emit({ type: 'channel-ended', ...asEvent(one), cause: 16, causeText: 'Normal Clearing' });
    }
    return true;
  }

  #serial(): string {
    return (++this.#count).toString(16).padStart(8, '0');
  }
}

function asEvent(channel: FakeChannel): ChannelEvent {
  const { id, name, endpoint, callId, caller, connected, context, extension } = channel;
  return { id, name, endpoint, callId, caller, connected, context, extension };
}
