/**
 * Waiting for something with a deadline. Nothing here sleeps: whoever changes the state calls
 * `changed()`, and each waiter looks again.
 */

/** Long enough for two busy cores; a test that waits this long has failed anyway. */
export const DEADLINE_MS = 10_000;

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
   */
  until<T>(look: () => T | undefined | false, explain: () => string, within = DEADLINE_MS): Promise<T> {
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
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#looks.delete(attempt);
        settle();
      };
      this.#looks.add(attempt);
      attempt();
    });
  }
}
