import { createInterface } from 'node:readline/promises';
import { interrupted } from './failure.ts';
import type { Surface } from './table.ts';

/** Where a command writes and whom it can ask. */
export interface Terminal extends Surface {
  /** What was asked for, and nothing else: it may be piped on. */
  out(text: string): void;
  /** Everything else: warnings, progress, refusals. */
  err(text: string): void;
  /** Whether a line on `err` can be written over. */
  progress: boolean;
  /** Asks the person; null where there is none. */
  ask: ((question: string) => Promise<string>) | null;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Text of a file, `-` being what is piped in. */
  read(file: string): Promise<string>;
}

type Streams = Pick<Terminal, 'read'> & {
  /** Aborted by the process on SIGINT, and here: a terminal that is being read sends none. */
  interruption: AbortController;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  coloursWanted: boolean;
};

export function terminalOf({ stdin, stdout, stderr, coloursWanted, interruption, read }: Streams): Terminal {
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stdout.isTTY ? stdout.columns : null,
    colours: coloursWanted && stdout.isTTY === true,
    progress: stderr.isTTY === true,
    ask: stdin.isTTY && stderr.isTTY ? (question) => asked(stdin, stderr, question, interruption) : null,
    signal: interruption.signal,
    read,
  };
}

/** On stderr, so that an answer that is piped on stays clean. The end of the input is an empty answer. */
async function asked(
  stdin: NodeJS.ReadStream,
  stderr: NodeJS.WriteStream,
  question: string,
  interruption: AbortController,
): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  lines.on('SIGINT', () => interruption.abort());
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question, { signal: interruption.signal }), ended]);
  } catch {
    throw interrupted();
  } finally {
    lines.close();
  }
}
