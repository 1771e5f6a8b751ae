/**
 * Waiting for something with a deadline. Nothing here sleeps: whoever changes the state calls
 * `changed()`, and each waiter looks again.
 */

/** Long enough for two cores that are busy with other things; a test that waits this long has failed anyway. */
export const DEADLINE_MS = 15_000;

export class PhoneTimeout extends Error {
  override name = 'PhoneTimeout';
}

export class Waiters {
  readonly #looks = new Set<() => void>();

  changed(): void {
    for (const look of [...this.#looks]) look();
  }

  /**
   * Resolves with the first value of `look` that is neither undefined nor false.
   * @param explain what to print when the deadline passes: who waited for what, and what came instead.
   * @param signal ends the wait, because what was to come can come no more.
   */
  until<T>(
    look: () => T | undefined | false,
    explain: () => string,
    within = DEADLINE_MS,
    signal?: AbortSignal,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = () => {
        try {
          const value = look();
          if (value === undefined || value === false) return;
          finish(() => resolve(value));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const timer = setTimeout(() => {
        finish(() => reject(new PhoneTimeout(`waited ${within} ms: ${explain()}`)));
      }, within);
      const abort = () => finish(() => reject(signal?.reason));
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#looks.delete(attempt);
        settle();
      };
      signal?.addEventListener('abort', abort);
      this.#looks.add(attempt);
      attempt();
    });
  }
}
