import type { Command } from 'commander';
import type { ProfileAnswer, RuleDecisionAnswer } from '../answers/dialling.ts';
import { address } from '../client.ts';
import { findProfile } from '../find.ts';
import {
  idempotencyKey,
  type Limited,
  type Repeatable,
  readJsonObject,
  withIdempotencyKey,
  withLimit,
} from '../options.ts';
import { ruleText } from '../rule-text.ts';
import { type Act, readAll, type Session } from '../session.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import { decisionFacts, showTrials, withPath } from './explain.ts';

const COLUMNS: Column<ProfileAnswer>[] = [
  { title: 'Profile', value: ({ name }) => name },
  { title: 'Built in', value: ({ builtin }) => builtin },
  { title: 'Default', value: ({ isDefault }) => isDefault },
  { title: 'Rules', value: ({ rules }) => rules.length, align: 'right' },
  { title: 'Users', value: ({ users }) => users, align: 'right' },
  { title: 'Id', value: ({ id }) => id, whole: true },
];

const PROFILE = ['<profile>', 'name or id'] as const;
const FILE = ['<file>', '{"name": …, "rules": […]} as JSON; - is what is piped in'] as const;

export function profileCommands(program: Command, act: Act): void {
  const profiles = program.command('profiles').description('Dial profiles: what users may dial');
  addReading(profiles, act);
  addChanging(profiles, act);
  addTry(profiles, act);
}

function addReading(profiles: Command, act: Act): void {
  withLimit(profiles.command('list').description('List dial profiles')).action(
    act(async (session, { limit }: Limited) => {
      const body = await readAll<ProfileAnswer>(session, profilesOf(session), {}, limit);
      session.output.table(body, body.items, COLUMNS, 'There are no dial profiles.');
    }),
  );

  profiles
    .command('show')
    .description('Show a dial profile with its rules; the first that matches decides')
    .argument(...PROFILE)
    .action(act(async (session, name: string) => show(session, await findProfile(session, name))));
}

function addChanging(profiles: Command, act: Act): void {
  const create = profiles
    .command('create')
    .description('Create a dial profile from a file')
    .argument(...FILE);
  withIdempotencyKey(create).action(
    act(async (session, file: string, options: Repeatable) => {
      const { body } = await session.client.send<ProfileAnswer>('POST', profilesOf(session), {
        body: await readJsonObject(session.terminal, file),
        idempotencyKey: idempotencyKey(options),
      });
      show(session, body);
    }),
  );

  profiles
    .command('update')
    .description('Change a dial profile: name, or rules (all of them), from a file')
    .argument(...PROFILE)
    .argument(...FILE)
    .action(
      act(async (session, name: string, file: string) => {
        const change = await readJsonObject(session.terminal, file);
        const path = profilesOf(session) + address`/${(await findProfile(session, name)).id}`;
        const { etag } = await session.client.get(path);
        const call = { body: change, etag: etag ?? undefined };
        show(session, (await session.client.send<ProfileAnswer>('PATCH', path, call)).body);
      }),
    );

  profiles
    .command('delete')
    .description('Remove a dial profile')
    .argument(...PROFILE)
    .option('--replace-with <profile>', 'which one its users get instead')
    .action(
      act(async (session, name: string, options: { replaceWith?: string }) => {
        const profile = await findProfile(session, name);
        const other = options.replaceWith && (await findProfile(session, options.replaceWith)).id;
        const path = profilesOf(session) + address`/${profile.id}`;
        const { body } = await session.client.send('DELETE', path, { query: { replaceWith: other } });
        session.output.done(body, `${profile.name} is removed.`);
      }),
    );
}

function addTry(profiles: Command, act: Act): void {
  const attempt = profiles
    .command('try')
    .description('What would the rules of a file say about a number? Nothing is stored')
    .argument(...FILE)
    .argument('<number>', 'as it is dialled')
    .option('--country <code>', "where it is dialled; the tenant's when left out");
  withPath(attempt).action(
    act(async (session, file: string, number: string, options: { path: string; country?: string }) => {
      const { rules } = await readJsonObject(session.terminal, file);
      const { body } = await session.client.send<RuleDecisionAnswer>(
        'POST',
        `${session.tenant()}/explain-dial`,
        {
          body: { rules, number, ...options },
        },
      );
      session.output.facts(body, [['Verdict', body.verdict], ...decisionFacts(body)]);
      showTrials(session, body);
    }),
  );
}

function profilesOf(session: Session): string {
  return `${session.tenant()}/dial-profiles`;
}

function show({ output }: Session, profile: ProfileAnswer): void {
  const facts: [string, Cell][] = [
    ['Profile', profile.name],
    ['Id', profile.id],
    ['Built in', profile.builtin],
    ['Default', profile.isDefault],
    ['Users', profile.users],
    ['Revision', profile.revision],
  ];
  output.facts(profile, facts);
  output.also((terminal) => {
    const rules = profile.rules.map((rule, at) => ({ rank: at + 1, text: ruleText(rule) }));
    const columns: Column<(typeof rules)[number]>[] = [
      { title: 'Rank', value: ({ rank }) => rank, align: 'right' },
      { title: 'Rule', value: ({ text }) => text },
    ];
    terminal.out(`\n${renderTable(columns, rules, terminal)}`);
  });
}
