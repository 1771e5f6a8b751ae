import { type Command, Option } from 'commander';
import type { ExplanationAnswer, RuleDecisionAnswer } from '../answers/dialling.ts';
import { address } from '../client.ts';
import { findUserId } from '../find.ts';
import { ruleText } from '../rule-text.ts';
import type { Act, Session } from '../session.ts';
import { type Cell, type Column, renderTable } from '../table.ts';

type Decided = Pick<
  ExplanationAnswer | RuleDecisionAnswer,
  'number' | 'numberClass' | 'zone' | 'rule' | 'reason' | 'sentence' | 'trials'
>;
type Trial = Decided['trials'][number];

const TRIALS: Column<Trial>[] = [
  { title: 'Rank', value: ({ rank }) => rank, align: 'right' },
  { title: 'Matches', value: ({ matched }) => matched },
  { title: 'Rule', value: ({ rule }) => ruleText(rule) },
];

/** How each route begins to be told; `route` of the answer. */
const VERDICTS: Record<string, string> = {
  user: 'Yes, inside',
  outside: 'Yes, outside',
  emergency: 'Yes, emergency',
  unassigned: 'No',
  refused: 'No',
};

export function explainCommand(program: Command, act: Act): void {
  const explain = program
    .command('explain')
    .description('May this user dial this number, and why? Nothing is dialled')
    .argument('<user>', 'username, email, extension or id')
    .argument('<number>', 'as it is dialled: in any form, an extension, or a SIP account');
  withPath(explain).action(
    act(async (session, user: string, number: string, { path }: { path: string }) => {
      const at = `${session.tenant() + address`/users/${await findUserId(session, user)}`}/explain-dial`;
      const { body } = await session.client.send<ExplanationAnswer>('POST', at, { body: { number, path } });
      session.output.facts(body, [
        ['Answer', VERDICTS[body.route] ?? body.route],
        ...decisionFacts(body),
        ['Reaches', body.user && `${body.user.name} (${body.user.extension ?? 'no extension'})`],
        ['Dial profile', body.profile?.name ?? null],
        ['Shows', callerIdText(body)],
      ]);
      showTrials(session, body);
    }),
  );
}

export function withPath(command: Command): Command {
  return command.addOption(
    new Option('--path <how>', 'how it is dialled')
      .choices(['dial', 'transfer', 'forward', 'api'])
      .default('dial'),
  );
}

export function decisionFacts(decided: Decided): [string, Cell][] {
  return [
    ['Why', decided.sentence ?? decided.reason],
    ['Number', decided.number],
    ['Class', decided.numberClass],
    ['Where', decided.zone],
    ['Rule', decided.rule],
  ];
}

/** With `--json` they are in the answer. */
export function showTrials({ output }: Session, { trials }: Decided): void {
  if (trials.length > 0)
    output.also((terminal) => terminal.out(`\n${renderTable(TRIALS, trials, terminal)}`));
}

function callerIdText({ callerId, route }: ExplanationAnswer): string | null {
  if (callerId === null || (route !== 'outside' && route !== 'emergency')) return null;
  const withheld = callerId.withheld ? ', withheld' : '';
  return `${callerId.numbers.join(' or ')} (the ${callerId.from}'s${withheld})`;
}
