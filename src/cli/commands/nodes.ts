import type { Command } from 'commander';
import type {
  ConditionAnswer,
  NodeAnswer,
  NodeDriftAnswer,
  NodePlanAnswer,
  NodeStatusAnswer,
} from '../answers/operations.ts';
import { address } from '../client.ts';
import { findNode } from '../find.ts';
import { type Limited, type Waiting, waitSeconds, withLimit, withWait } from '../options.ts';
import { withProgress } from '../progress.ts';
import { type Act, type Listed, readAll, type Session } from '../session.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import { localTime } from '../text.ts';
import { driftColumns, rowsOfFields } from './drift-table.ts';

const COLUMNS: Column<NodeAnswer>[] = [
  { title: 'Node', value: ({ name }) => name, whole: true },
  { title: 'SIP', value: ({ sipHost, sipPort }) => `${sipHost}:${sipPort}` },
  { title: 'Tenants', value: ({ tenants }) => tenants, align: 'right' },
  { title: 'State', value: stateOf },
];

const CONDITIONS: Column<ConditionAnswer>[] = [
  { title: 'Condition', value: ({ type }) => type, whole: true },
  { title: 'Holds', value: ({ status }) => status },
  { title: 'Since', value: ({ changedAt }) => localTime(changedAt) },
  { title: 'Why', value: ({ reason, message }) => message || reason },
];

const NODE = ['[node]', 'name or id; may be left out while there is only one'] as const;

export function nodeCommands(program: Command, act: Act): void {
  const nodes = program.command('nodes').description('PBX nodes');
  addReading(nodes, act);
  addPlanAndDrift(nodes, act);

  const repair = nodes
    .command('repair')
    .description('Compare a node with the database and repair it, now instead of within a minute')
    .argument(...NODE);
  withWait(repair).action(
    act(async (session, name: string | undefined, { wait = true }: Waiting) => {
      const node = await findNode(session, name);
      const call = { waitSeconds: waitSeconds({ wait }) };
      const path = address`/nodes/${node.id}/repair`;
      const { body } = await withProgress(session.terminal, `Repairing ${node.name}`, () =>
        session.client.send<{ done: boolean }>('POST', path, call),
      );
      const later = `It is asked for, and not through yet. \`patchbay nodes status ${node.name}\` shows how it goes.`;
      session.output.done(body, body.done ? `${node.name} is as the database says.` : later);
    }),
  );
}

function addReading(nodes: Command, act: Act): void {
  nodes
    .command('list')
    .description('List PBX nodes')
    .action(
      act(async ({ client, output }) => {
        const { body } = await client.get<Listed<NodeAnswer>>('/nodes');
        output.table(body, body.items, COLUMNS, 'There is no PBX node.');
      }),
    );

  nodes
    .command('status')
    .description('Show connection, health, conditions, lines and stock of a node')
    .argument(...NODE)
    .action(
      act(async (session, name: string | undefined) => {
        const node = await findNode(session, name);
        const { body } = await session.client.get<NodeStatusAnswer>(address`/nodes/${node.id}/status`);
        session.output.facts(body, [['Node', node.name], ...facts(body)]);
        if (body.conditions.length > 0)
          session.output.also((terminal) =>
            terminal.out(`\n${renderTable(CONDITIONS, body.conditions, terminal)}`),
          );
      }),
    );
}

function addPlanAndDrift(nodes: Command, act: Act): void {
  nodes
    .command('plan')
    .description('What would a repair find and do? Nothing is done')
    .argument(...NODE)
    .action(
      act(async (session, name: string | undefined) => {
        const node = await findNode(session, name);
        const { body } = await withProgress(session.terminal, `Comparing ${node.name}`, () =>
          session.client.get<NodePlanAnswer>(address`/nodes/${node.id}/plan`),
        );
        showPlan(session, body);
      }),
    );

  withLimit(
    nodes
      .command('drift')
      .description('List what was last found altered on a node, field by field')
      .argument(...NODE),
  ).action(
    act(async (session, name: string | undefined, { limit }: Limited) => {
      const path = address`/nodes/${(await findNode(session, name)).id}/drift`;
      const body = await readAll<NodeDriftAnswer>(session, path, {}, limit);
      const columns = driftColumns<NodeDriftAnswer>(
        { title: 'Whose', value: ({ subject }) => subject },
        { title: 'Found at', value: ({ driftedAt }) => localTime(driftedAt) },
      );
      session.output.table(body, rowsOfFields(body.items), columns, 'Nothing was ever found altered.');
    }),
  );
}

function showPlan({ output }: Session, plan: NodePlanAnswer): void {
  const facts: [string, Cell][] = [
    ['In sync', plan.inSync],
    ['Entries there', plan.entries],
    ['To be written', plan.puts],
    ['To be removed', plan.removals],
    ['Registrations ended', plan.registrationsEnded],
    ['Settle needed', plan.settles],
  ];
  output.facts(plan, facts);
  const columns = driftColumns<NodePlanAnswer['subjects'][number]>(
    { title: 'Whose', value: ({ subject }) => subject },
    { title: 'Because of', value: ({ because }) => because },
  );
  const rows = rowsOfFields(plan.subjects);
  if (rows.length > 0) output.also((terminal) => terminal.out(`\n${renderTable(columns, rows, terminal)}`));
  if (plan.moreSubjects > 0) output.note(`And ${plan.moreSubjects} more.`);
}

function facts(status: NodeStatusAnswer): [string, Cell][] {
  const { link, health, stock } = status;
  return [
    ['Connection', link.trouble ? `${link.state}: ${link.trouble.message}` : link.state],
    ['Asterisk', health?.version ?? null],
    ['Started', health && localTime(health.startedAt)],
    ['Tasks waiting inside', health?.backlog.total ?? null],
    ['Channels', status.calls],
    ['Tenants', status.tenants],
    ['Users', status.users],
    ['Lines', status.lines],
    ['Spare lines', stock.map(({ kind, ready, wanted }) => `${ready} of ${wanted} ${kind}`).join(', ')],
    ['Waiting', status.waiting],
    ['Failed', status.failed],
    ['Waits since', status.oldestWait && localTime(status.oldestWait)],
  ];
}

/** What does not hold, or that all holds. */
function stateOf({ conditions }: NodeAnswer): string {
  if (conditions.length === 0) return 'never seen';
  const lacking = conditions.filter(({ status }) => status !== 'true').map(({ type }) => type);
  return lacking.length === 0 ? 'all well' : `not ${lacking.join(', not ')}`;
}
