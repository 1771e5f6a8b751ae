#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { ConfigError, readClientConfig } from '../config.ts';
import { EXIT, usage } from './failure.ts';
import { run } from './run.ts';
import { terminalOf } from './terminal.ts';

/** The command `patchbay`: the process around `run`. */
async function main(): Promise<number> {
  const interruption = new AbortController();
  process.on('SIGINT', () => {
    // Who asks twice does not want to wait for anything.
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    interruption.abort();
  });
  // The reader of a pipe may have seen enough: `patchbay users list | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  try {
    const config = readClientConfig();
    const { stdin, stdout, stderr } = process;
    const terminal = terminalOf({
      stdin,
      stdout,
      stderr,
      coloursWanted: config.colours,
      interruption,
      read: readText,
    });
    return await run(process.argv.slice(2), { config, terminal, fetch });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usage(`${file} cannot be read (${code ?? 'no reason given'}).`);
  }
}

process.exitCode = await main();
