import type { DriftedField } from '../db/sync-lead.ts';
import type { SyncReader } from '../db/sync-reader.ts';
import type { Pbx } from '../pbx/port.ts';
import { compare, type Difference, readFound } from './compare.ts';
import type { Projection } from './desired.ts';
import { differingFields, readable } from './drift.ts';
import { type Plan, planOf } from './plan.ts';

/** What a comparison would find and do at this moment. Nothing is written. */
export interface DryRun {
  /** Entries of ours that stand on the node. */
  entries: number;
  subjects: SubjectDifference[];
  plan: Plan;
  milliseconds: number;
}

export interface SubjectDifference {
  /** As in src/domain/sync/subject.ts. */
  subject: string;
  /**
   * `change`: a change that is on its way explains it. `drift`: nothing here does, so somebody altered the PBX or it
   * lost something.
   */
  because: 'change' | 'drift';
  fields: DriftedField[];
}

/**
 * Compares the whole node with the database, as the writer does, beside the writer: what it applies between the two
 * readings looks different for a moment, and is told as the change that it is.
 */
export async function dryRun(
  nodeId: string,
  pbx: Pbx,
  projection: Projection,
  reader: SyncReader,
): Promise<DryRun> {
  const started = performance.now();
  const { facts, waiting, at } = await reader.snapshot(nodeId);
  const found = await readFound(pbx, 'whole');
  const moving = new Set([...waiting, ...(await reader.movingSince(nodeId, at))]);
  const { differences, entries } = compare(facts, projection, found);
  const explained = ({ subject }: Difference) =>
    moving.has(subject) || moving.has('all') || (subject === 'stray' && moving.size > 0);
  const bySubject = new Map<string, SubjectDifference>();
  for (const difference of differences) {
    const { subject } = difference;
    const known = bySubject.get(subject) ?? {
      subject,
      because: explained(difference) ? ('change' as const) : ('drift' as const),
      fields: [],
    };
    known.fields.push(...differingFields(difference));
    bySubject.set(subject, known);
  }
  return {
    entries,
    subjects: [...bySubject.values()].map((each) => ({
      ...each,
      fields: readable(each.subject, each.fields),
    })),
    plan: planOf(differences),
    milliseconds: performance.now() - started,
  };
}
