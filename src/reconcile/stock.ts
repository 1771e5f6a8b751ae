import type { SyncLead } from '../db/sync-lead.ts';
import { generateLineId } from '../domain/secrets/generate.ts';
import type { SpareLineFacts } from '../domain/sync/facts.ts';

export interface StockLevels {
  /** How many lines of each kind are to stand ready. */
  sip: number;
  webrtc: number;
}

/**
 * How many lines are missing of each kind, or nothing while there is enough. Renewing costs a settle,
 * which stalls SIP for most of a second on a full PBX: so it is done in batches, once half are gone.
 */
export function missingLines(levels: StockLevels, spare: readonly SpareLineFacts[]): StockLevels {
  const missing = (kind: 'sip' | 'webrtc') => {
    const there = spare.filter((line) => line.kind === kind).length;
    return there * 2 > levels[kind] ? 0 : levels[kind] - there;
  };
  return { sip: missing('sip'), webrtc: missing('webrtc') };
}

/** Enters new lines into the stock; the next comparison of the stock writes them, the next settle makes them ready. */
export async function orderLines(lead: SyncLead, missing: StockLevels): Promise<void> {
  for (const kind of ['sip', 'webrtc'] as const) {
    const ids = Array.from({ length: missing[kind] }, () => generateLineId());
    if (ids.length > 0) await lead.addSpareLines(kind, ids);
  }
}
