import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { LocalAsterisk } from '../src/local/asterisk/run.ts';
import { until } from '../test/support/until.ts';
import { untilRegistered } from './changes.ts';
import { type Population, populate, whenApplied, whenSettled } from './populate.ts';
import { cpuSeconds } from './process-usage.ts';
import { SPREAD, spread } from './spread.ts';
import { type Stack, startStack } from './stack.ts';
import type { Table } from './table.ts';

const RUNS = 3;

/** A PBX that has lost its AstDB, from the moment it is started again. */
export async function rebuild({ users }: { users: number }): Promise<Table[]> {
  const stack = await startStack();
  try {
    const people = await populate(stack, users);
    await whenApplied(stack);
    await whenSettled(stack);
    const runs: Awaited<ReturnType<typeof loseAndRebuild>>[] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await loseAndRebuild(stack, people));
    const row = (what: string, pick: (run: (typeof runs)[number]) => number) => [
      what,
      ...spread(runs.map(pick)),
    ];
    return [
      {
        title: `rebuild: a PBX whose AstDB was deleted, ${users} users`,
        columns: ['seconds from its start', ...SPREAD],
        rows: [
          row('booted, and empty', (run) => run.booted),
          row('a phone registers', (run) => run.registered),
          row('all entries equal again', (run) => run.equal),
          row('every line tracked (settled)', (run) => run.settled),
          row('CPU of Asterisk until then', (run) => run.cpu),
        ],
        notes: [
          `${runs[0]!.entries} entries; the phone is the last of the ${users}, trying without a pause.`,
        ],
      },
    ];
  } finally {
    await stack.stop();
  }
}

async function loseAndRebuild(stack: Stack, people: Population) {
  const { asterisk, service } = stack;
  const written = await entriesWritten(service.url);
  const compared = (await service.passes())['whole comparison'].count;
  await loseAstDb(asterisk);
  const begin = performance.now();
  const after = () => (performance.now() - begin) / 1_000;
  const booted = asterisk.restart().then(after);
  const registered = booted.then(() => untilRegistered(asterisk.sip, people.lines.at(-1)!)).then(after);
  const equal = until(
    'the PBX is rebuilt',
    async () => (await service.passes())['whole comparison'].count > compared,
    60_000,
  ).then(after);
  const times = { booted: await booted, registered: await registered, equal: await equal };
  await until('the settle begins', () => settling(stack), 10_000).catch(() => undefined);
  await whenSettled(stack);
  return {
    ...times,
    settled: after(),
    cpu: cpuSeconds(asterisk.pid),
    entries: (await entriesWritten(service.url)) - written,
  };
}

async function settling({ owner }: Stack): Promise<boolean> {
  const { rows } = await owner.query<{ status: string }>(
    "SELECT status FROM node_conditions WHERE type = 'settled'",
  );
  return rows[0]?.status === 'false';
}

async function entriesWritten(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^patchbay_sync_entries_total{.*act="put".*} (\S+)$/m.exec(text)?.[1] ?? 0);
}

/** Takes away everything that Asterisk stored, as a disk failure would. */
async function loseAstDb(asterisk: LocalAsterisk): Promise<void> {
  await asterisk.kill('SIGKILL');
  const db = path.join(asterisk.runDir, 'db');
  for (const file of readdirSync(db)) rmSync(path.join(db, file), { recursive: true });
}
