import type { PbxHealth } from './port.ts';

/** `name  processed  in-queue  max-depth …`; names hold no blanks (main/taskprocessor.c). */
const PROCESSOR = /^(\S+)\s+\d+\s+(\d+)\s+\d+\s/;

/**
 * Adds up what waits in Asterisk's task processors, from the lines of `core show taskprocessors`. With
 * 10,000 tracked lines that is 10,000 rows, 1.6 MB and 50 ms: a figure for every quarter of a minute.
 */
export function readBacklog(lines: readonly string[]): PbxHealth['backlog'] {
  let total = 0;
  let deepest: { name: string; waiting: number } | null = null;
  for (const line of lines) {
    const match = PROCESSOR.exec(line);
    if (!match) continue;
    const waiting = Number(match[2]);
    total += waiting;
    if (waiting > (deepest?.waiting ?? 0)) deepest = { name: match[1]!, waiting };
  }
  return { total, deepest };
}
