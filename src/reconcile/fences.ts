import type { NodeFacts } from '../domain/sync/facts.ts';
import { PbxError } from '../pbx/pbx-error.ts';
import type { Pbx } from '../pbx/port.ts';

/**
 * Makes the endpoints' own fences equal to the database. Asterisk keeps them in memory only: a restart
 * forgets them, and a service that died in the middle of a deletion leaves one standing.
 */
export async function alignFences(pbx: Pbx, facts: NodeFacts): Promise<void> {
  const standing = await pbx.objects.endpointsInMaintenance();
  const fenced = new Set<string>();
  const ours = new Set<string>();
  for (const user of facts.users)
    for (const line of user.lines) {
      ours.add(line.id);
      if (user.fenced) fenced.add(line.id);
    }
  for (const line of fenced) if (!standing.has(line)) await setFence(pbx, line, true);
  for (const line of standing) if (!fenced.has(line) && ours.has(line)) await setFence(pbx, line, false);
}

/** An endpoint that is not there (any more) needs no fence. */
export async function setFence(pbx: Pbx, line: string, raised: boolean): Promise<void> {
  try {
    await pbx.objects.setMaintenance(line, raised);
  } catch (error) {
    if (!(error instanceof PbxError) || error.code !== 'pbx-no-such-object') throw error;
  }
}
