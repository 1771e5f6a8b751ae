import type { Subject } from '../domain/sync/subject.ts';
import type { Entries } from './plan.ts';

/** Which ids in the pjsip families are ours (docs/pbx-state.md); everything else there is left alone. */
const OUR_PJSIP_ID = /^(pb[a-z2-7]{10}|9\d{11}|pbtrunk-[0-9a-f-]{36})$/;

/** Whether an entry found on the PBX is one that Patchbay owns. */
export function isOurs(path: string): boolean {
  if (path.startsWith('pb/')) return true;
  const match = /^ps_(?:endpoints\/endpoint|auths\/auth|aors\/aor|identifies\/identify)\/(.+)$/.exec(path);
  return match !== null && OUR_PJSIP_ID.test(match[1]!);
}

/**
 * What is believed to stand on a node, and which subject each entry belongs to: so that a change of
 * one user is compared with that user's few entries, and not with the node's 100,000. The belief is thrown away
 * and read anew whenever it may be wrong: on connecting, after a failure, and by the clock.
 */
export class NodeState {
  readonly actual = new Map<string, string>();
  readonly #owner = new Map<string, Subject>();
  readonly #paths = new Map<Subject, Set<string>>();

  /** Takes over what was read from the PBX; nothing has an owner until it is claimed. */
  static ofEntries(entries: Entries): NodeState {
    const state = new NodeState();
    for (const [path, value] of entries) if (isOurs(path)) state.actual.set(path, value);
    return state;
  }

  ownerOf(path: string): Subject | undefined {
    return this.#owner.get(path);
  }

  /**
   * The subject owns these paths from now on, also such as another one had: a spare line that is given to a
   * user, an extension that moves. Returns the paths that it owned before and no longer wants.
   */
  claim(subject: Subject, wanted: Iterable<string>): string[] {
    const before = this.#paths.get(subject);
    const now = new Set(wanted);
    for (const path of now) {
      const previous = this.#owner.get(path);
      if (previous !== undefined && previous !== subject) this.#paths.get(previous)?.delete(path);
      this.#owner.set(path, subject);
    }
    if (now.size > 0) this.#paths.set(subject, now);
    else this.#paths.delete(subject);
    const left = [...(before ?? [])].filter((path) => !now.has(path));
    for (const path of left) this.#owner.delete(path);
    return left;
  }

  /** Paths that stand on the PBX and that nobody claimed. */
  *strays(): Iterable<string> {
    for (const path of this.actual.keys()) if (!this.#owner.has(path)) yield path;
  }
}
