import { registerOnce } from '../test/support/phones/register-load.ts';
import { until } from '../test/support/until.ts';
import { createUser } from './changes.ts';
import { type Population, populate, whenApplied, whenSettled } from './populate.ts';
import { cpuSeconds, cpuSecondsWhenQuiet } from './process-usage.ts';
import { type Stack, startStack } from './stack.ts';
import type { Cell, Table } from './table.ts';

const CHANGES = 100;

/** Registered after an import to see that all can: at 500/s this many. */
const MOST_REGISTERED = 2_000;

/** Imports of several sizes into an empty node each, and what one change costs afterwards. */
export async function growth({ users }: { users: number }): Promise<Table[]> {
  const sizes = [0.01, 0.1, 0.25, 0.5, 1].map((share) => Math.max(10, Math.round(users * share)));
  const rows: Cell[][] = [];
  for (const size of sizes) rows.push(await measure(size));
  return [
    {
      title: 'growth: so many users at once into an empty node, then one by one',
      columns: [
        'users',
        's in the database',
        's on the PBX',
        's tracked (settled)',
        'ms a user',
        'registered',
        'of',
        'Asterisk CPU ms a change',
        'service CPU ms a change',
      ],
      rows,
      notes: [
        'Seconds from the beginning of the import; rows written in bulk, beside the API, and committed at once.',
        'On the PBX: every entry stands, a phone may register; tracked: Asterisk has looked at the new lines.',
        `A change: a new user with a phone from stock over the API, ${CHANGES} in a row.`,
      ],
    },
  ];
}

async function measure(size: number): Promise<Cell[]> {
  const stack = await startStack({ spareSip: CHANGES * 3 });
  try {
    await whenSettled(stack);
    const settled = await lastSettle(stack);
    const begin = performance.now();
    const after = () => (performance.now() - begin) / 1_000;
    const people = await populate(stack, size);
    const committed = after();
    await whenApplied(stack);
    const applied = after();
    await until(
      'the settle after the import',
      async () => !['', settled].includes(await lastSettle(stack)),
      120_000,
    );
    const tracked = after();
    await whenSettled(stack);
    // Before anybody registers: asking after phones that are gone is Asterisk's own business.
    const change = await cpuOfAChange(stack, people);
    const accounts = people.lines.slice(-MOST_REGISTERED);
    const { ok } = await registerOnce({
      server: stack.asterisk.sip,
      credentials: accounts.map(({ lineId, secret }) => ({ user: lineId, password: secret })),
      rate: 500,
    });
    return [
      ...[size, committed, applied, tracked, (tracked * 1_000) / size, ok, accounts.length],
      ...[change.asterisk, change.service],
    ];
  } finally {
    await stack.stop();
  }
}

async function cpuOfAChange(stack: Stack, people: Population) {
  const { asterisk, service } = stack;
  await cpuSecondsWhenQuiet(asterisk.pid);
  const before = { asterisk: cpuSeconds(asterisk.pid), service: cpuSeconds(service.pid) };
  for (let i = 0; i < CHANGES; i++) await createUser(stack, people);
  await whenApplied(stack);
  const asteriskCpu = await cpuSecondsWhenQuiet(asterisk.pid);
  return {
    asterisk: ((asteriskCpu - before.asterisk) * 1_000) / CHANGES,
    service: ((cpuSeconds(service.pid) - before.service) * 1_000) / CHANGES,
  };
}

/** What the reconciler says about its last settle, with its duration: another text for another settle; none while one runs. */
async function lastSettle({ owner }: Stack): Promise<string> {
  const { rows } = await owner.query<{ message: string }>(
    "SELECT message FROM node_conditions WHERE type = 'settled' AND status = 'true'",
  );
  return rows[0]?.message ?? '';
}
