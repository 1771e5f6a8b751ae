import type { NodeFacts } from '../domain/sync/facts.ts';
import type { Subject } from '../domain/sync/subject.ts';
import type { Pbx } from '../pbx/port.ts';
import { type Projection, subjectsIn } from './desired.ts';
import { isOurs, NodeState } from './node-state.ts';

/** One entry that is not as it should be. `expected` null: it should not be there; `found` null: it is not there. */
export interface Difference {
  subject: Subject;
  path: string;
  expected: string | null;
  found: string | null;
}

export interface Comparison {
  /** What stands on the node once the differences are closed. */
  state: NodeState;
  differences: Difference[];
  /** Entries of ours that were found. */
  entries: number;
}

const FAMILIES = ['pb', 'ps_endpoints', 'ps_auths', 'ps_aors', 'ps_identifies'] as const;

/** Everything in the families that Patchbay writes to; paths of one family stand in one map. */
export type FoundEntries = ReadonlyMap<string, ReadonlyMap<string, string>>;

export async function readFound(pbx: Pbx): Promise<FoundEntries> {
  const trees = await Promise.all(
    FAMILIES.map(async (family) => [family, await pbx.db.readTree(family)] as const),
  );
  return new Map(trees);
}

/**
 * Compares what was found with what should be, subject by subject, so that never more than one subject's
 * entries are held beside what was found.
 */
export function compare(facts: NodeFacts, projection: Projection, found: FoundEntries): Comparison {
  const state = new NodeState();
  const differences: Difference[] = [];
  let present = 0;
  for (const [subject, subjectFacts] of subjectsIn(facts, { withPlan: true })) {
    state.set(subject, subjectFacts);
    for (const [path, value] of projection(subjectFacts)) {
      const standing = lookUp(found, path);
      if (standing !== undefined) present++;
      if (standing !== value) differences.push({ subject, path, expected: value, found: standing ?? null });
    }
  }
  const entries = countOurs(found);
  if (entries > present) differences.push(...strays(facts, projection, found));
  return { state, differences, entries };
}

function lookUp(found: FoundEntries, path: string): string | undefined {
  return found.get(path.slice(0, path.indexOf('/')))?.get(path);
}

function countOurs(found: FoundEntries): number {
  let ours = 0;
  for (const [family, tree] of found) {
    if (family === 'pb') ours += tree.size;
    else for (const path of tree.keys()) if (isOurs(path)) ours++;
  }
  return ours;
}

/** Entries of ours that nothing accounts for. Seldom looked for: only when more was found than is accounted for. */
function strays(facts: NodeFacts, projection: Projection, found: FoundEntries): Difference[] {
  const wanted = new Set<string>();
  for (const [, subjectFacts] of subjectsIn(facts, { withPlan: true }))
    for (const path of projection(subjectFacts).keys()) wanted.add(path);
  const left: Difference[] = [];
  for (const tree of found.values())
    for (const [path, value] of tree)
      if (!wanted.has(path) && isOurs(path))
        left.push({ subject: 'stray', path, expected: null, found: value });
  return left;
}
