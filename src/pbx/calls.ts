import type { z } from 'zod';
import * as answers from './ari/answers.ts';
import type { AriClient } from './ari/client.ts';
import { checkDialplanName, checkObjectId, endpointOfChannel } from './names.ts';
import { PbxError } from './pbx-error.ts';
import type {
  EndpointState,
  HangupReason,
  OriginateRequest,
  PbxCalls,
  PbxChannel,
  PbxParty,
} from './port.ts';

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,79}$/;

/** Calls in progress, over ARI. */
export class Calls implements PbxCalls {
  readonly #ari: AriClient;

  constructor(ari: AriClient) {
    this.#ari = ari;
  }

  async endpointState(id: string): Promise<EndpointState | null> {
    checkObjectId(id);
    const found = await orNull(this.#ari.read(answers.endpoint, 'GET', { path: `/endpoints/PJSIP/${id}` }));
    if (!found) return null;
    const state = found.state === 'online' || found.state === 'offline' ? found.state : 'unknown';
    return { state, channelIds: found.channel_ids };
  }

  async channels(): Promise<PbxChannel[]> {
    // In this order: see `bridged`.
    const bridges = await this.#ari.read(answers.bridges, 'GET', { path: '/bridges' });
    const found = await this.#ari.read(answers.channels, 'GET', { path: '/channels' });
    const bridged = new Set(bridges.flatMap((bridge) => bridge.channels));
    return found.map((channel) => readChannel(channel, bridged.has(channel.id)));
  }

  async hangup(channelId: string, reason: HangupReason): Promise<boolean> {
    const request = { path: `/channels/${encodeURIComponent(channelId)}`, query: { reason } };
    return (await orNull(this.#ari.call('DELETE', request).then(() => true))) ?? false;
  }

  /**
   * Through ARI rather than AMI's Originate, whose `Variable` header divides values at commas and which
   * reports a failure only in an event.
   */
  async originate(request: OriginateRequest): Promise<void> {
    checkOriginate(request);
    await this.#refuseTakenId(request.channelId);
    const { first, second, callerId, variables, timeoutSeconds } = request;
    await this.#ari.read(answers.channel, 'POST', {
      path: '/channels',
      query: {
        endpoint: `Local/${first.extension}@${first.context}`,
        context: second.context,
        extension: second.extension,
        priority: '1',
        callerId: formatCallerId(callerId),
        timeout: String(timeoutSeconds),
        channelId: request.channelId,
      },
      body: { variables },
    });
  }

  /**
   * Asterisk refuses a taken id as well, with 409, but 22.10 then leaks the channel that it had begun,
   * and its next stop waits 10 s for it. So it only has to when two requests come at the same moment.
   */
  async #refuseTakenId(channelId: string): Promise<void> {
    const taken = await orNull(
      this.#ari.read(answers.channel, 'GET', { path: `/channels/${encodeURIComponent(channelId)}` }),
    );
    if (taken) throw new PbxError('pbx-refused', 'There is a channel with this id', { at: 'channelId' });
  }
}

/** Throws `pbx-invalid-value` for what would become another dial string, a function call or a cut-off name. */
export function checkOriginate({ first, second, callerId, variables }: OriginateRequest): void {
  checkDialplanName(first.context, 'first.context');
  checkDialplanName(first.extension, 'first.extension');
  checkDialplanName(second.context, 'second.context');
  checkDialplanName(second.extension, 'second.extension');
  const refuse = (at: string, why: string): never => {
    throw new PbxError('pbx-invalid-value', `Originate: ${at} ${why}`, { at });
  };
  // A name with brackets would be a dialplan function, SHELL() among them.
  if (!Object.keys(variables).every((name) => VARIABLE_NAME.test(name))) {
    refuse('variables', 'holds what is not the name of a channel variable');
  }
  if (/[\r\n\0<>]/.test(callerId.number) || /[\r\n\0]/.test(callerId.name)) {
    refuse('callerId', 'contains a character that it cannot have');
  }
}

/** `"name" <number>`; quotes and backslashes escaped as `ast_callerid_parse` (main/callerid.c) undoes it. */
function formatCallerId({ name, number }: PbxParty): string {
  return `"${name.replace(/[\\"]/g, '\\$&')}" <${number}>`;
}

function readChannel(channel: z.infer<typeof answers.channel>, bridged: boolean): PbxChannel {
  const { id, name, state, caller, connected, creationtime, dialplan } = channel;
  return {
    id,
    name,
    endpoint: endpointOfChannel(name),
    state,
    caller,
    connected,
    since: creationtime,
    context: dialplan.context,
    extension: dialplan.exten,
    application: { name: dialplan.app_name, data: dialplan.app_data },
    bridged,
  };
}

/** For questions where "no such object" is an answer. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PbxError && error.code === 'pbx-no-such-object') return null;
    throw error;
  }
}
