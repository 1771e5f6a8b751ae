import { populate, whenApplied, whenSettled } from './populate.ts';
import { cpuSeconds } from './process-usage.ts';
import { SPREAD, spread } from './spread.ts';
import { type Stack, startStack } from './stack.ts';
import type { Table } from './table.ts';

const RUNS = 20;

type Kind = 'comparison' | 'whole comparison';

/** The whole PBX with the database, nothing changed. */
export async function compare({ users }: { users: number }): Promise<Table[]> {
  const stack = await startStack();
  try {
    await populate(stack, users);
    await whenApplied(stack);
    await whenSettled(stack);
    const rows = [
      ...(await measure(stack, 'comparison', 'what belongs to tenants, each minute')),
      ...(await measure(stack, 'whole comparison', 'and the numbering plan, each hour')),
    ];
    return [
      {
        title: `compare: the PBX with the database, ${users} users, nothing changed`,
        columns: ['ms', 'of', ...SPREAD],
        rows,
        notes: ['CPU: of each process while it was compared; wall: as the reconciler itself takes it.'],
      },
    ];
  } finally {
    await stack.stop();
  }
}

async function measure(stack: Stack, kind: Kind, what: string): Promise<Table['rows']> {
  const wall: number[] = [];
  const node: number[] = [];
  const asterisk: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const before = { node: cpuSeconds(stack.service.pid), asterisk: cpuSeconds(stack.asterisk.pid) };
    wall.push(await compareOnce(stack, kind));
    node.push((cpuSeconds(stack.service.pid) - before.node) * 1_000);
    asterisk.push((cpuSeconds(stack.asterisk.pid) - before.asterisk) * 1_000);
  }
  return [
    ['wall', `${kind} (${what})`, ...spread(wall)],
    ['CPU of the service', kind, ...spread(node)],
    ['CPU of Asterisk', kind, ...spread(asterisk)],
  ];
}

/** Makes the reconciler compare; the milliseconds that it took. */
export async function compareOnce(stack: Stack, kind: Kind): Promise<number> {
  const before = (await stack.service.passes())[kind];
  await stack.owner.query(kind === 'whole comparison' ? 'SELECT request_comparison($1)' : FAILED_ONCE, [
    stack.nodeId,
  ]);
  await whenApplied(stack);
  const after = await nextPass(stack, kind, before.count);
  return (after.milliseconds - before.milliseconds) / (after.count - before.count);
}

/** A pass is counted a moment after what waited for it is told. */
async function nextPass(stack: Stack, kind: Kind, seen: number) {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const pass = (await stack.service.passes())[kind];
    if (pass.count > seen) return pass;
    if (performance.now() > deadline) throw new Error(`there was no ${kind}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A subject that could not be written once makes the next look a comparison of what belongs to tenants. */
const FAILED_ONCE = `
  WITH waiting AS (
    INSERT INTO sync_pending (node_id, subject, tenant_id, revision, attempts)
    SELECT $1, 'tenant:' || id, id, nextval('sync_revision'), 1 FROM tenants LIMIT 1 RETURNING node_id)
  SELECT pg_notify('patchbay_sync', node_id::text) FROM waiting`;
