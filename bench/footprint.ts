import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../test/support/until.ts';
import { compareOnce } from './compare.ts';
import { populate, whenApplied, whenSettled } from './populate.ts';
import { cpuSeconds, memoryMegabytes } from './process-usage.ts';
import { SPREAD, spread } from './spread.ts';
import { type Stack, startStack } from './stack.ts';
import type { Table } from './table.ts';

const STARTS = 5;
const COMPARISONS = 10;

/** Starting the service on a database and a PBX that are there, and the memory that it then holds. */
export async function footprint({ users }: { users: number }): Promise<Table[]> {
  const stack = await startStack();
  try {
    await populate(stack, users);
    await whenApplied(stack);
    await whenSettled(stack);
    const starts: Awaited<ReturnType<typeof startAgain>>[] = [];
    for (let start = 0; start < STARTS; start++) starts.push(await startAgain(stack));
    const memory = await memoryAfterComparisons(stack);
    const row = (what: string, pick: (start: (typeof starts)[number]) => number) => [
      what,
      ...spread(starts.map(pick)),
    ];
    return [
      {
        title: `start: the service on an existing database, ${users} users, production build`,
        columns: ['', ...SPREAD],
        rows: [
          row('ms until /readyz', (start) => start.readyMs),
          row('ms until the PBX is compared', (start) => start.comparedMs),
          row('ms of its CPU until then', (start) => start.cpuMs),
        ],
      },
      {
        title: `memory: of the service, ${users} users`,
        columns: ['MB resident', 'now', 'the most so far'],
        rows: [
          ['after the first comparison', starts.at(-1)!.memory.now, starts.at(-1)!.memory.most],
          [`after ${COMPARISONS} more`, memory.now, memory.most],
        ],
      },
    ];
  } finally {
    await stack.stop();
  }
}

async function startAgain(stack: Stack) {
  await stack.restartService();
  const { service } = stack;
  const ready = performance.now();
  await until('the first comparison', async () => (await service.passes())['whole comparison'].count > 0);
  return {
    readyMs: service.startedMs,
    comparedMs: service.startedMs + performance.now() - ready,
    cpuMs: cpuSeconds(service.pid) * 1_000,
    memory: memoryMegabytes(service.pid),
  };
}

async function memoryAfterComparisons(stack: Stack) {
  for (let i = 0; i < COMPARISONS; i++) {
    await compareOnce(stack, i % 2 === 0 ? 'comparison' : 'whole comparison');
    await sleep(200);
  }
  return memoryMegabytes(stack.service.pid);
}
