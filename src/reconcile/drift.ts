import type { DriftedField } from '../db/sync-lead.ts';
import { describe } from '../domain/pbx/describe.ts';
import type { Subject } from '../domain/sync/subject.ts';
import type { Difference } from './compare.ts';

/** More fields of one subject are counted, not told: of a lost AstDB everything would be. */
const MOST_FIELDS = 100;

/**
 * The differences that no change here explains, field by field, by the subject that owns the entry: those
 * that are left once the subjects that wait, the spare lines that were just ordered, and a numbering plan that was
 * never there are taken out.
 */
export function driftOf(
  differences: readonly Difference[],
  waiting: ReadonlySet<string>,
): Map<Subject, DriftedField[]> {
  const drifted = new Map<Subject, DriftedField[]>();
  const planIsNew = differences.some(({ path, found }) => path === 'pb/plan/current' && found === null);
  for (const difference of differences) {
    const { subject, found } = difference;
    const isNew = subject.startsWith('spare:') || (subject === 'plan' && planIsNew);
    if (waiting.has(subject) || (isNew && found === null)) continue;
    const list = drifted.get(subject) ?? [];
    list.push(...differingFields(difference));
    drifted.set(subject, list);
  }
  return new Map([...drifted].map(([subject, fields]) => [subject, readable(subject, fields)]));
}

/** At most so many fields as somebody reads, and how many there are beyond. */
export function readable(subject: string, fields: DriftedField[]): DriftedField[] {
  const more = fields.length - MOST_FIELDS;
  if (more <= 0) return fields;
  const rest = { path: subject, field: `and ${more} more`, expected: null, found: null };
  return [...fields.slice(0, MOST_FIELDS), rest];
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
