import type { Command } from 'commander';
import type { NodeAnswer } from '../answers.ts';
import { findNode } from '../find.ts';
import type { Act, Listed } from '../session.ts';
import type { Column } from '../table.ts';
import { localTime } from '../text.ts';

const COLUMNS: Column<NodeAnswer>[] = [
  { title: 'Node', value: ({ name }) => name, whole: true },
  { title: 'SIP', value: ({ sipHost, sipPort }) => `${sipHost}:${sipPort}` },
  { title: 'Tenants', value: ({ tenants }) => tenants, align: 'right' },
  { title: 'State', value: stateOf },
];

type Condition = NodeAnswer['conditions'][number];

const CONDITIONS: Column<Condition>[] = [
  { title: 'Condition', value: ({ type }) => type, whole: true },
  { title: 'Holds', value: ({ status }) => status },
  { title: 'Since', value: ({ changedAt }) => localTime(changedAt) },
  { title: 'Why', value: ({ reason, message }) => message || reason },
];

const NODE = ['[node]', 'name or id; may be left out while there is only one'] as const;

export function nodeCommands(program: Command, act: Act): void {
  const nodes = program.command('nodes').description('PBX nodes');

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
    .description('Show in which condition a node is, and why')
    .argument(...NODE)
    .action(
      act(async (session, name: string | undefined) => {
        const node = await findNode(session, name);
        session.output.table(node, node.conditions, CONDITIONS, `${node.name} was never seen.`);
      }),
    );
}

/** What does not hold, or that all holds. */
function stateOf({ conditions }: NodeAnswer): string {
  if (conditions.length === 0) return 'never seen';
  const lacking = conditions.filter(({ status }) => status !== 'true').map(({ type }) => type);
  return lacking.length === 0 ? 'all well' : `not ${lacking.join(', not ')}`;
}
