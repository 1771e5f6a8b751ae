import { PbxError } from '../pbx/pbx-error.ts';
import type { Pbx } from '../pbx/port.ts';
import type { NodeState } from './node-state.ts';

const FENCE = 'pb/fence/';

/** The lines that ring for a user, from the entry that the dialplan dials: `PJSIP/a&PJSIP/b`. */
export function linesRungFor(state: NodeState, userId: string): string[] {
  const dialled = state.actual.get(`pb/ring/${userId}`);
  return dialled ? dialled.split('&').map((part) => part.slice('PJSIP/'.length)) : [];
}

/**
 * Makes the endpoints' own fences equal to the entries. Asterisk keeps them in memory only: a restart
 * forgets them, and a service that died in the middle of a deletion leaves one standing.
 */
export async function alignFences(pbx: Pbx, state: NodeState): Promise<void> {
  const wanted = new Set<string>();
  for (const path of state.actual.keys())
    if (path.startsWith(FENCE))
      for (const line of linesRungFor(state, path.slice(FENCE.length))) wanted.add(line);
  const standing = await pbx.objects.endpointsInMaintenance();
  for (const line of wanted) if (!standing.has(line)) await setFence(pbx, line, true);
  for (const line of standing)
    if (!wanted.has(line) && state.actual.has(`ps_endpoints/endpoint/${line}`))
      await setFence(pbx, line, false);
}

/** An endpoint that is not there (any more) needs no fence. */
export async function setFence(pbx: Pbx, line: string, raised: boolean): Promise<void> {
  try {
    await pbx.objects.setMaintenance(line, raised);
  } catch (error) {
    if (!(error instanceof PbxError) || error.code !== 'pbx-no-such-object') throw error;
  }
}
