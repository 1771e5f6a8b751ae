import { onTestFinished } from 'vitest';
import { AmiClient, type AmiClientOptions, type AmiState } from '../../src/pbx/ami/client.ts';
import type { AmiMessage } from '../../src/pbx/ami/message.ts';
import { AstDb } from '../../src/pbx/astdb.ts';
import type { PbxError } from '../../src/pbx/pbx-error.ts';
import { type Script, type ScriptedAmi, startScriptedAmi } from './scripted-ami.ts';
import { until } from './until.ts';

export const SECRET = 'correct-horse-battery';

export interface FaultyLink {
  peer: ScriptedAmi;
  ami: AmiClient;
  db: AstDb;
  events: AmiMessage[];
  history: { state: AmiState; reason: PbxError | null }[];
}

/** Our client against a scripted peer, with deadlines short enough to wait for. Closed by itself. */
export async function faultyLink(
  script: Script,
  options: Partial<AmiClientOptions> = {},
): Promise<FaultyLink> {
  const peer = await startScriptedAmi(script);
  const events: AmiMessage[] = [];
  const history: FaultyLink['history'] = [];
  const ami = new AmiClient({
    host: '127.0.0.1',
    port: peer.port,
    account: { username: 'patchbay', secret: SECRET },
    events: ['FullyBooted', 'Hangup'],
    window: 64,
    connectMs: 400,
    actionMs: 400,
    bootMs: 400,
    keepAliveMs: 60_000,
    backoff: { firstMs: 10, maxMs: 50 },
    loginRefusedMs: 150,
    onEvent: (message) => events.push(message),
    onState: (state, reason) => history.push({ state, reason }),
    ...options,
  });
  onTestFinished(async () => {
    await ami.close();
    await peer.close();
  });
  return { peer, ami, db: new AstDb(ami, 64), events, history };
}

export async function connectedLink(
  script: Script,
  options?: Partial<AmiClientOptions>,
): Promise<FaultyLink> {
  const link = await faultyLink(script, options);
  await until('connected', () => link.ami.state === 'connected');
  return link;
}

export function entries(count: number): [string, string][] {
  return Array.from({ length: count }, (_, i) => [`test/entry/${i}`, `value ${i}`]);
}

/** How a promise ended, without failing the test. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<T | PbxError> {
  return promise.catch((error: PbxError) => error);
}
