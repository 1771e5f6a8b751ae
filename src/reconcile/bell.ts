/**
 * A bell that is either rung or not: ringing it twice before anyone listens is one ring, and a ring
 * that comes while the listener is at work is not lost.
 */
export class Bell {
  #rung = false;
  #waiting: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#waiting?.();
  }

  /** Resolves when rung, after `ms`, or when the signal aborts, and is silent again then. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          this.#waiting = null;
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done);
        this.#waiting = done;
      });
    }
    this.#rung = false;
  }
}
