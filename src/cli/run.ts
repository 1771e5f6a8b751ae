import { type Command, CommanderError } from 'commander';
import { API_KEY_IN_TEXT, parseApiKey } from '../domain/api-key.ts';
import { createClient } from './client.ts';
import { groups } from './commands/all.ts';
import { EXIT, Failure, Refusal, usage } from './failure.ts';
import { Output } from './output.ts';
import { createProgram, type GlobalOptions } from './program.ts';
import { refusalText } from './refusal-text.ts';
import { actsIn, type Session, tenantAddress } from './session.ts';
import type { Terminal } from './terminal.ts';
import { safeLines } from './text.ts';

/** What holds where no option says otherwise; as `readClientConfig` of src/config.ts gives it. */
interface Settings {
  version: string;
  url: string;
  apiKey: string | null;
  tenant: string | null;
}

export interface Surroundings {
  config: Settings;
  terminal: Terminal;
  fetch: typeof fetch;
}

/** Does what the arguments (without node and script) ask for. Returns the exit code; never throws. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { config, terminal } = surroundings;
  const act = actsIn((command) => begin(command, surroundings));
  const program = createProgram(groups, act, terminal, config.version);
  try {
    refuseKeyInArguments(args);
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return told(error, program.opts<GlobalOptions>(), surroundings);
  }
}

async function begin(command: Command, { config, terminal, fetch }: Surroundings): Promise<Session> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const apiKey = await readApiKey(options, config, terminal);
  const url = serviceAddress(options.url ?? config.url);
  return {
    client: createClient({ url, apiKey, fetch, signal: terminal.signal }),
    output: new Output(terminal, options.json === true),
    terminal,
    tenant: () => tenantAddress(options.tenant ?? config.tenant),
  };
}

function told(error: unknown, { url, json }: GlobalOptions, { config, terminal }: Surroundings): number {
  // Commander has printed its own sentence; asked-for help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Refusal) {
    if (json) new Output(terminal, true).json(error.problem);
    terminal.err(refusalText(error.problem, serviceAddress(url ?? config.url)));
    return error.exitCode;
  }
  if (error instanceof Failure) {
    terminal.err(`${safeLines(error.message)}\n`);
    return error.exitCode;
  }
  terminal.err(
    `This is a fault of the command line itself: ${error instanceof Error ? error.stack : error}\n`,
  );
  return EXIT.refused;
}

/** Arguments stand in the process list, which every user of a machine can read, and in the shell's history. */
function refuseKeyInArguments(args: readonly string[]): void {
  const isOption = args.some((text) => /^--(api-)?key(=|$)/.test(text));
  const isKey = args.some((text) => text.search(API_KEY_IN_TEXT) >= 0);
  if (isKey)
    throw usage(
      'An API key must not stand on the command line: others on this machine may have seen it there. Revoke it, and give a new one in PATCHBAY_API_KEY or in a file with --key-file.',
    );
  if (isOption)
    throw usage(
      'There is no option for the API key itself, because arguments can be seen by others on this machine. Give it in PATCHBAY_API_KEY or in a file with --key-file.',
    );
}

async function readApiKey({ keyFile }: GlobalOptions, config: Settings, terminal: Terminal): Promise<string> {
  const text = keyFile === undefined ? config.apiKey : (await terminal.read(keyFile)).trim();
  if (text === null) throw usage('No API key: give it in PATCHBAY_API_KEY or in a file with --key-file.');
  if (parseApiKey(text) === null)
    throw usage(
      `${keyFile ?? 'PATCHBAY_API_KEY'} does not hold an API key: pbk_, 16 and 64 hexadecimal digits, divided by _.`,
    );
  return text;
}

/** Without a slash at its end; a path before `/api` is kept (a proxy may need it). */
function serviceAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw usage('The address of the service must be like http://127.0.0.1:8080 (--url or PATCHBAY_URL).');
  if (url.username !== '' || url.password !== '')
    throw usage('Leave user and password out of the address of the service: it takes an API key.');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
