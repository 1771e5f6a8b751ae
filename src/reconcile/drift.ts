import type { DriftedField } from '../db/sync-lead.ts';
import { describe } from '../domain/pbx/describe.ts';
import type { NodeState } from './node-state.ts';
import type { Plan } from './plan.ts';

/**
 * What a comparison found different without a change here that would explain it, field by field, by the
 * subject that owns the entry. Looked at before the plan is carried out: `state` still holds what was found.
 */
export function driftOf(
  plan: Plan,
  state: NodeState,
  waiting: ReadonlySet<string>,
): Map<string, DriftedField[]> {
  const drifted = new Map<string, DriftedField[]>();
  const note = (path: string, expected: string | undefined) => {
    const subject = state.ownerOf(path) ?? 'stray';
    // Someone changed this subject, or asked for everything: the difference is work, not drift.
    if (waiting.has(subject) || (waiting.has('all') && state.actual.get(path) === undefined)) return;
    const fields = differingFields(path, expected, state.actual.get(path));
    const list = drifted.get(subject);
    if (list) list.push(...fields);
    else drifted.set(subject, fields);
  };
  for (const [path, value] of plan.puts) note(path, value);
  for (const path of plan.removedEntries) note(path, undefined);
  for (const { type, id } of plan.removedObjects) note(`ps_${type}s/${type}/${id}`, undefined);
  return drifted;
}

function differingFields(
  path: string,
  expected: string | undefined,
  found: string | undefined,
): DriftedField[] {
  const wanted = expected === undefined ? {} : describe(path, expected);
  const standing = found === undefined ? {} : describe(path, found);
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(standing)])];
  const differing = names
    .filter((field) => wanted[field] !== standing[field])
    .map((field) => ({ path, field, expected: wanted[field] ?? null, found: standing[field] ?? null }));
  // Secrets are described by the same word, so that only the fact is told that one was altered.
  return differing.length > 0
    ? differing
    : [{ path, field: 'secret', expected: '(ours)', found: '(another)' }];
}
