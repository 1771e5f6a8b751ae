export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
}

/**
 * Waiting times that double up to a limit, each shortened by a random part of up to a half, so that
 * several replicas do not come back to a restarted PBX all at the same moment.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** How many milliseconds to wait after one more failure. */
  next(): number {
    const { firstMs, maxMs } = this.#options;
    const full = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures++, 30));
    return full * (1 - this.#random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
