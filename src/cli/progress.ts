import { setTimeout as pause } from 'node:timers/promises';
import { interrupted } from './failure.ts';
import type { Terminal } from './terminal.ts';
import { safe } from './text.ts';

const EVERY_MS = 1000;
const ERASE_LINE = '\r\u001b[K';

export interface Progress {
  /** Says how far it is, from the next second on. */
  at(state: string): void;
}

/**
 * Shows on stderr, once a second, that work goes on and for how long; nothing for work of less than a second, and
 * nothing where a line cannot be written over (a file or a log).
 */
export async function withProgress<T>(
  terminal: Terminal,
  what: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  let state = '';
  if (!terminal.progress) return work({ at: () => undefined });
  const begun = Date.now();
  let drawn = false;
  const clock = setInterval(() => {
    const seconds = Math.round((Date.now() - begun) / 1000);
    drawn = true;
    terminal.err(`${ERASE_LINE}${safe(what)}… ${state}${state && ', '}${seconds} s (Ctrl-C stops)`);
  }, EVERY_MS);
  try {
    return await work({
      at(next) {
        state = next;
      },
    });
  } finally {
    clearInterval(clock);
    if (drawn) terminal.err(ERASE_LINE);
  }
}

/** Waits; Ctrl-C ends the waiting and the command. */
export async function pauseFor({ signal }: Terminal, milliseconds: number): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal });
  } catch {
    throw interrupted();
  }
}
