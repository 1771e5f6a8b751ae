import { type Subject, subjectOf } from '../domain/sync/subject.ts';
import type { Projection, SubjectFacts } from './desired.ts';
import type { Entries } from './plan.ts';

/** Which ids in the pjsip families are ours (docs/pbx-state.md); everything else there is left alone. */
const OUR_PJSIP_ID = /^(pb[a-z2-7]{10}|9\d{11}|pbtrunk-[0-9a-f-]{36})$/;

/** Whether an entry found on the PBX is one that Patchbay owns. */
export function isOurs(path: string): boolean {
  if (path.startsWith('pb/')) return true;
  return path.startsWith('ps_') && OUR_PJSIP_ID.test(path.slice(path.lastIndexOf('/') + 1));
}

/**
 * What is believed to stand on a node: the facts of each subject as they were last written. The entries follow
 * from the facts, so a change is compared with what the same subject had before, and neither the
 * 100,000 entries of a full node nor an index of their owners need be kept in memory. The belief is thrown away,
 * and everything compared, whenever it may be wrong: on connecting, after a failure, and by the clock.
 */
export class NodeState {
  readonly #written = new Map<Subject, SubjectFacts>();
  #lines = 0;

  /** How many lines there are on the node, spare ones included. */
  get lines(): number {
    return this.#lines;
  }

  get subjects(): number {
    return this.#written.size;
  }

  get(subject: Subject): SubjectFacts | undefined {
    return this.#written.get(subject);
  }

  /** Null: nothing of this subject stands on the node any more. */
  set(subject: Subject, facts: SubjectFacts | null): void {
    this.#lines += linesOf(facts) - linesOf(this.#written.get(subject) ?? null);
    if (facts) this.#written.set(subject, facts);
    else this.#written.delete(subject);
  }

  /**
   * What stands on the node of these subjects, and of the spare lines that they take over, with the subject that
   * each entry belongs to.
   */
  entriesOf(
    subjects: ReadonlyMap<Subject, SubjectFacts | null>,
    projection: Projection,
  ): { entries: Map<string, string>; taken: Subject[] } {
    const entries = new Map<string, string>();
    const taken: Subject[] = [];
    const add = (facts: SubjectFacts) => {
      for (const [path, value] of projection(facts) as Entries) entries.set(path, value);
    };
    for (const [subject, wanted] of subjects) {
      if (wanted?.kind === 'user')
        for (const { id } of wanted.facts.lines) {
          const spare = this.#written.get(subjectOf('spare', id));
          if (!spare) continue;
          add(spare);
          taken.push(subjectOf('spare', id));
        }
      const before = this.#written.get(subject);
      if (before) add(before);
    }
    return { entries, taken };
  }
}

function linesOf(facts: SubjectFacts | null): number {
  if (facts?.kind === 'user') return facts.facts.lines.length;
  return facts?.kind === 'spare' ? 1 : 0;
}
