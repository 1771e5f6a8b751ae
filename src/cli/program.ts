import { Command } from 'commander';
import type { Act } from './session.ts';
import type { Terminal } from './terminal.ts';

/** Adds one group of commands. */
export type Group = (program: Command, act: Act) => void;

export interface GlobalOptions {
  url?: string;
  tenant?: string;
  keyFile?: string;
  json?: true;
}

const AFTERWARDS = `
Environment:
  PATCHBAY_API_KEY   the API key; or --key-file. Never as an argument: every user of a machine sees those
  PATCHBAY_URL       for --url
  PATCHBAY_TENANT    for --tenant
  NO_COLOR           no colours

Exit codes: 0 done, 1 refused by the service, 2 wrong usage, 3 service not reachable, 4 not allowed, 130 interrupted
More: docs/cli.md`;

/** The whole command with all its options; parsing it runs what was asked for. */
export function createProgram(
  groups: readonly Group[],
  act: Act,
  terminal: Terminal,
  version: string,
): Command {
  const program = new Command('patchbay')
    .description(
      'People and their phones, from the command line. It talks to the Patchbay service over HTTP.',
    )
    .version(version)
    .option('--url <address>', 'of the service (default: PATCHBAY_URL, else http://127.0.0.1:8080)')
    .option('--tenant <slug>', 'whose users, extensions, ... (default: PATCHBAY_TENANT)')
    .option('--key-file <file>', 'holds the API key (default: the key is in PATCHBAY_API_KEY)')
    .option('--json', "print the API's answer, as one JSON document")
    .addHelpText('after', AFTERWARDS)
    .showHelpAfterError('(add --help to see how it is used)')
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => terminal.columns ?? 110,
      getErrHelpWidth: () => terminal.columns ?? 110,
    })
    // Whoever asks for help sees every command at once, not names of groups to ask for one by one.
    .configureHelp({
      visibleCommands: (command) => leavesOf(command),
      subcommandTerm: (command) => usageOf(command),
    })
    .helpCommand(false);
  for (const group of groups) group(program, act);
  return program;
}

/** The commands that do something, in the order in which they were added. */
export function leavesOf(command: Command): Command[] {
  return command.commands.flatMap((inner) => (inner.commands.length === 0 ? [inner] : leavesOf(inner)));
}

/** `users create` */
export function nameOf(command: Command): string {
  const isGroup = command.parent?.parent;
  return isGroup ? `${nameOf(command.parent!)} ${command.name()}` : command.name();
}

function usageOf(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [nameOf(command), ...names].join(' ');
}
