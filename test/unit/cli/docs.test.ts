import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { groups } from '../../../src/cli/commands/all.ts';
import { createProgram, leavesOf, nameOf } from '../../../src/cli/program.ts';
import { actsIn } from '../../../src/cli/session.ts';
import { contractService } from './support/contract-service.ts';
import { runCli } from './support/run-cli.ts';

const DOCS = readFileSync(path.resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
const EXAMPLES = DOCS.split('\n').filter((line) => line.startsWith('patchbay '));
const PROFILE = /```json\n([^`]*)```/.exec(DOCS)![1]!;
const FILES: Record<string, string> = {
  'profile.json': PROFILE,
  'user.json': '{"username": "ada", "email": "ada@example.org", "limits": {"abroadAtOnce": 1}}',
};

const never = actsIn(() => Promise.reject(new Error('nothing is run here')));
const program = createProgram(groups, never, { columns: 100 } as never, '0.0.0');
const commands = leavesOf(program);

test('every command is in the documentation, with an example, and every example is a command', () => {
  const shown = (command: Command) =>
    EXAMPLES.some((line) => `${line} `.startsWith(`patchbay ${nameOf(command)} `));
  expect(commands.filter((command) => !shown(command)).map(nameOf)).toEqual([]);
  const named = (line: string) =>
    commands.some((command) => `${line} `.startsWith(`patchbay ${nameOf(command)} `));
  expect(EXAMPLES.filter((line) => !named(line))).toEqual([]);
});

test('every option that the documentation names exists', () => {
  const known = new Set([program, ...commands].flatMap(({ options }) => options.map(({ long }) => long)));
  const named = new Set([...DOCS.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
  expect(
    [...named].filter((option) => !known.has(option)).filter((o) => o !== '--silent' && o !== '--help'),
  ).toEqual([]);
});

test('--help lists every command, and each command tells what each of its options is for', async () => {
  const { out } = await runCli(['--help']);
  for (const command of commands) {
    expect(out).toContain(`\n  ${nameOf(command)} `);
    expect(command.description(), nameOf(command)).not.toBe('');
    const help = await runCli([...nameOf(command).split(' '), '--help']);
    expect(help.code).toBe(0);
    expect(help.out).toContain(`Usage: patchbay ${nameOf(command)} `);
  }
});

/**
 * Each example is sent to the service's own contracts, which refuse an address, a query, a body or a header that
 * they do not take, and answer with a body of their shape.
 */
describe('every example of the documentation is a request that the API takes, and its answer can be shown', () => {
  const service = contractService();
  const run = (line: string, ...more: string[]) =>
    runCli([...wordsOf(line).slice(1), ...more], {
      fetch: service.fetch,
      terminal: {
        read: async (file) => FILES[file]!,
        ask: async () => 'yes',
        signal: line.includes('--watch') ? AbortSignal.timeout(100) : new AbortController().signal,
      },
    });

  test.each(EXAMPLES)('%s', async (line) => {
    const asTable = await run(line);
    expect(asTable.code, asTable.err).toBe(line.includes('--watch') ? 130 : 0);
    // What a table shows as ? the API does not send.
    expect(asTable.out).not.toMatch(/(^|\s)\?(\s|$)|undefined|\[object|NaN/);
    if (line.includes('--watch')) return;
    const asJson = await run(line, '--json');
    expect(asJson.out === '' || typeof JSON.parse(asJson.out) === 'object').toBe(true);
  });
});

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}
