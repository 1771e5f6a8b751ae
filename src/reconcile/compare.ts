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

/** The pjsip objects. */
const OBJECTS = ['ps_endpoints', 'ps_auths', 'ps_aors', 'ps_identifies'] as const;

/** What belongs to tenants. The rest of `pb` is the numbering plan: 40,000 entries that are the same on every node. */
const TENANTS = [
  'pb/tenant',
  'pb/user',
  'pb/name',
  'pb/ring',
  'pb/fwd',
  'pb/line',
  'pb/ext',
  'pb/alias',
  'pb/did',
  'pb/cid',
  'pb/trunk',
  'pb/fence',
  'pb/profile',
  'pb/rule',
] as const;

/**
 * `whole`: everything in our families, the numbering plan and families that should not exist included. `tenants`:
 * what belongs to tenants, read in two thirds of the time.
 */
export type Extent = 'whole' | 'tenants';

/** Everything found, in maps by family: `ps_auths`, and `pb` as a whole or divided (`pb/user`). */
export interface FoundEntries {
  extent: Extent;
  trees: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export async function readFound(pbx: Pbx, extent: Extent): Promise<FoundEntries> {
  const families = [...(extent === 'whole' ? ['pb'] : TENANTS), ...OBJECTS];
  const trees = await Promise.all(
    families.map(async (family) => [family, await pbx.db.readTree(family)] as const),
  );
  return { extent, trees: new Map(trees) };
}

/**
 * Compares what was found with what should be, subject by subject, so that never more than one subject's
 * entries are held beside what was found.
 */
export function compare(facts: NodeFacts, projection: Projection, found: FoundEntries): Comparison {
  const state = new NodeState();
  const differences: Difference[] = [];
  let present = 0;
  for (const [subject, subjectFacts] of subjectsIn(facts, { withPlan: found.extent === 'whole' })) {
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

function lookUp({ extent, trees }: FoundEntries, path: string): string | undefined {
  const slash = path.indexOf('/');
  const divided = extent === 'tenants' && path.startsWith('pb/');
  return trees.get(path.slice(0, divided ? path.indexOf('/', slash + 1) : slash))?.get(path);
}

function countOurs(found: FoundEntries): number {
  let ours = 0;
  for (const [family, tree] of found.trees) {
    if (family.startsWith('pb')) ours += tree.size;
    else for (const path of tree.keys()) if (isOurs(path)) ours++;
  }
  return ours;
}

/** Entries of ours that nothing accounts for. Seldom looked for: only when more was found than is accounted for. */
function strays(facts: NodeFacts, projection: Projection, found: FoundEntries): Difference[] {
  const wanted = new Set<string>();
  for (const [, subjectFacts] of subjectsIn(facts, { withPlan: found.extent === 'whole' }))
    for (const path of projection(subjectFacts).keys()) wanted.add(path);
  const left: Difference[] = [];
  for (const tree of found.trees.values())
    for (const [path, value] of tree)
      if (!wanted.has(path) && isOurs(path))
        left.push({ subject: 'stray', path, expected: null, found: value });
  return left;
}
