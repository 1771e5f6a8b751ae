/**
 * Measures what docs and README quote: `npm run bench -- [figure …] [--users 10000] [--json]`. Each figure starts
 * Postgres, Asterisk and the service for itself, in a temporary folder, and leaves nothing behind.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { readConfig } from '../src/config.ts';
import { compare } from './compare.ts';
import { door } from './door.ts';
import { footprint } from './footprint.ts';
import { growth } from './growth.ts';
import { latency } from './latency.ts';
import { machine } from './machine.ts';
import { rebuild } from './rebuild.ts';
import { stopEverything } from './stack.ts';
import { printTable, type Table } from './table.ts';
import { ways } from './ways.ts';

const FIGURES: Record<string, (options: { users: number }) => Promise<Table[]>> = {
  latency,
  compare,
  rebuild,
  ways,
  growth,
  start: footprint,
  door,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { users: { type: 'string', default: '10000' }, json: { type: 'boolean', default: false } },
});
const users = Number(values.users);
const unknown = positionals.filter((name) => !(name in FIGURES));
if (unknown.length > 0 || !Number.isInteger(users) || users < 1) {
  console.error(`npm run bench -- [${Object.keys(FIGURES).join('|')} …] [--users N] [--json]`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopEverything().finally(() => process.exit(1)));

buildService();
const tables: Table[] = [];
const show = (table: Table) => {
  tables.push(table);
  if (!values.json) console.log(`\n${printTable(table)}`);
};
show(await machine());
for (const name of positionals.length > 0 ? positionals : Object.keys(FIGURES))
  for (const table of await FIGURES[name]!({ users })) show(table);
if (values.json) console.log(JSON.stringify(tables, null, 2));
process.exit(0);

/** Now, so that no start of the service that is measured has to do it. What it prints must not stand in the JSON. */
function buildService(): void {
  const code = "import('./scripts/build.mjs').then(({ buildIfStale }) => buildIfStale())";
  const { status } = spawnSync(process.execPath, ['-e', code], {
    cwd: readConfig().projectRoot,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
}
