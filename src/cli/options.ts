import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usage } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** Options that several commands take, with one meaning and one wording. */

export interface Limited {
  limit?: number;
}
export interface Waiting {
  wait?: number | true;
}
export interface Repeatable {
  idempotencyKey?: string;
}

/** The service holds an answer no longer (src/api/preconditions.ts). */
const LONGEST_WAIT = 30;

export function withLimit(command: Command): Command {
  return command.addOption(
    new Option('--limit <count>', 'at most so many; all when left out').argParser(wholeNumber(1, 1_000_000)),
  );
}

/** For logs, which have no end that anybody wants to read to. */
export function withLogLimit(command: Command): Command {
  return command.addOption(
    new Option('--limit <count>', 'the latest so many').argParser(wholeNumber(1, 1_000_000)).default(100),
  );
}

export function withWait(command: Command): Command {
  return command.addOption(
    new Option(
      '--wait [seconds]',
      `wait until the PBX has it, at most so long (1 to ${LONGEST_WAIT}, ${LONGEST_WAIT} when left out); write --wait=5`,
    ).argParser(wholeNumber(1, LONGEST_WAIT)),
  );
}

export function withIdempotencyKey(command: Command): Command {
  return command.option(
    '--idempotency-key <key>',
    'repeat a command whose answer was lost, without doing it twice',
  );
}

export function waitSeconds({ wait }: Waiting): number | undefined {
  return wait === true ? LONGEST_WAIT : wait;
}

/** Always one, so that the message about a lost answer can name it. */
export function idempotencyKey({ idempotencyKey = randomUUID() }: Repeatable): string {
  return idempotencyKey;
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** An instant, in any spelling with a date that Node reads; sent as ISO 8601. */
export function instant(text: string): string {
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Give a date, or date and time, like 2030-01-31 or 2030-01-31T09:30:00Z.');
  return date.toISOString();
}

/** For an option that may be given several times: `--role agent --role supervisor`. */
export function collected(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** A body as the API takes it, from a file or, with `-`, from what is piped in. */
export async function readJsonObject(terminal: Terminal, file: string): Promise<Record<string, unknown>> {
  const text = await terminal.read(file);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below, without what the parser quotes of the text.
  }
  throw usage(`${file === '-' ? 'What is piped in' : file} holds no JSON object.`);
}
