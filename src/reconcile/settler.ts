import type { Condition } from '../db/sync-lead.ts';
import type { Pbx } from '../pbx/port.ts';
import type { NodeState } from './node-state.ts';

/** Up to so many new address records on a PBX of up to so many lines are tracked one by one (asterisk.md: 0.9 ms each). */
const FEW = 5;
const SMALL_PBX = 1_000;
const AOR = 'ps_aors/aor/';

/**
 * Makes Asterisk track new address records, behind the back of the passes: a settle takes seconds on a
 * full PBX, and changes must not wait for it. At most one runs; what comes meanwhile shares the next one.
 */
export class Settler {
  readonly #pbx: Pbx;
  readonly #onDone: () => void;
  readonly #waiting = new Set<string>();
  #underWay = new Set<string>();
  #running: Promise<void> | null = null;
  #tracked: string[] = [];
  #trouble: { reason: string; message: string } | null = null;
  #lastMs: number | null = null;

  constructor(pbx: Pbx, onDone: () => void) {
    this.#pbx = pbx;
    this.#onDone = onDone;
  }

  want(aors: readonly string[], state: NodeState): void {
    for (const aor of aors) if (!this.#underWay.has(aor)) this.#waiting.add(aor);
    if (this.#waiting.size === 0) return;
    this.#running ??= this.#run(state).finally(() => {
      this.#running = null;
      this.#onDone();
    });
  }

  /** Address records tracked since the last question. */
  takeTracked(): string[] {
    const tracked = this.#tracked;
    this.#tracked = [];
    return tracked;
  }

  condition(): Condition {
    if (this.#trouble) return { type: 'settled', status: 'false', ...this.#trouble };
    if (this.#running)
      return { type: 'settled', status: 'false', reason: 'settling', message: 'The PBX looks at new lines' };
    const message = this.#lastMs === null ? '' : `The last settle took ${Math.round(this.#lastMs)} ms`;
    return { type: 'settled', status: 'true', reason: 'tracked', message };
  }

  async #run(state: NodeState): Promise<void> {
    while (this.#waiting.size > 0) {
      const aors = [...this.#waiting];
      this.#waiting.clear();
      this.#underWay = new Set(aors);
      try {
        if (aors.length <= FEW && linesOn(state) <= SMALL_PBX)
          for (const aor of aors) await this.#pbx.objects.trackAor(aor);
        else this.#lastMs = (await this.#pbx.objects.settle()).durationMs;
        this.#tracked.push(...aors);
        this.#trouble = null;
      } catch (error) {
        // The PBX is away or busy: when it is back it has read everything anew, or the next new line asks again.
        const { code, message } = error as { code?: string; message: string };
        this.#trouble = { reason: code ?? 'settle-failed', message };
        return;
      } finally {
        this.#underWay.clear();
      }
    }
  }
}

function linesOn(state: NodeState): number {
  let lines = 0;
  for (const path of state.actual.keys()) if (path.startsWith(AOR)) lines++;
  return lines;
}
