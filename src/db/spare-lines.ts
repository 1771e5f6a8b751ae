import { generateLineId } from '../domain/secrets/generate.ts';
import type { Tx } from './client.ts';

/**
 * Line ids for new lines, taken from the node's stock as far as it goes: those are tracked by Asterisk already and
 * cost two puts each. What the stock cannot give is made up, and costs a settle.
 */
export async function takeLineIds(
  tx: Tx,
  nodeId: string,
  kind: 'sip' | 'webrtc',
  wanted: number,
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT take_spare_lines AS id FROM take_spare_lines(${nodeId}::uuid, ${kind}, ${wanted}::integer)`;
  const ids = rows.map((row) => row.id);
  while (ids.length < wanted) ids.push(generateLineId());
  return ids;
}
