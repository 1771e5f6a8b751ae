import type { DriftedField } from '../db/sync-lead.ts';
import { describe } from '../domain/pbx/describe.ts';
import type { Subject } from '../domain/sync/subject.ts';
import type { Difference } from './compare.ts';

/**
 * The differences that no change here explains, field by field, by the subject that owns the entry: those
 * that are left once the subjects that wait, and the spare lines that were just ordered, are taken out.
 */
export function driftOf(
  differences: readonly Difference[],
  waiting: ReadonlySet<string>,
): Map<Subject, DriftedField[]> {
  const drifted = new Map<Subject, DriftedField[]>();
  for (const difference of differences) {
    const { subject, found } = difference;
    if (waiting.has(subject) || (subject.startsWith('spare:') && found === null)) continue;
    const list = drifted.get(subject) ?? [];
    list.push(...differingFields(difference));
    drifted.set(subject, list);
  }
  return drifted;
}

/** One entry's difference, field by field, without the secrets. */
export function differingFields({ path, expected, found }: Difference): DriftedField[] {
  const wanted = expected === null ? {} : describe(path, expected);
  const standing = found === null ? {} : describe(path, found);
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(standing)])];
  const differing = names
    .filter((field) => wanted[field] !== standing[field])
    .map((field) => ({ path, field, expected: wanted[field] ?? null, found: standing[field] ?? null }));
  // Secrets are described by the same word, so that only the fact is told that one was altered.
  return differing.length > 0
    ? differing
    : [{ path, field: 'secret', expected: '(ours)', found: '(another)' }];
}
