import { type Command, Option } from 'commander';
import type { LineAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import { findUserId } from '../find.ts';
import {
  idempotencyKey,
  type Repeatable,
  type Waiting,
  waitSeconds,
  withIdempotencyKey,
  withWait,
} from '../options.ts';
import type { Act, Listed, Session } from '../session.ts';
import type { Cell, Column } from '../table.ts';
import { localTime } from '../text.ts';

const COLUMNS: Column<LineAnswer>[] = [
  { title: 'Line', value: ({ id }) => id, whole: true },
  { title: 'Kind', value: ({ kind }) => kind },
  { title: 'Label', value: ({ label }) => label },
  { title: 'Secret since', value: ({ rotatedAt }) => localTime(rotatedAt) },
  { title: 'Ends', value: ({ expiresAt }) => expiresAt && localTime(expiresAt) },
];

const USER = ['<user>', 'username, email, extension or id'] as const;

export function lineCommands(program: Command, act: Act): void {
  const lines = program.command('lines').description("A user's phones: what registers at the PBX");

  lines
    .command('list')
    .description("List a user's lines")
    .argument(...USER)
    .action(
      act(async (session, user: string) => {
        const { body } = await session.client.get<Listed<LineAnswer>>(await linesOf(session, user));
        session.output.table(body, body.items, COLUMNS, 'This user has no line.');
      }),
    );

  const add = lines
    .command('add')
    .description('Give a user a line; its secret is shown by `credentials show`')
    .argument(...USER)
    .addOption(
      new Option('--kind <kind>', 'what phone it is for')
        .choices(['softphone', 'webphone', 'desk'])
        .default('softphone'),
    )
    .option('--label <name>', 'to tell phones apart');
  withWait(withIdempotencyKey(add)).action(
    act(async (session, user: string, options: Repeatable & Waiting & { kind: string; label?: string }) => {
      const { body } = await session.client.send<LineAnswer>('POST', await linesOf(session, user), {
        body: { kind: options.kind, label: options.label },
        idempotencyKey: idempotencyKey(options),
        waitSeconds: waitSeconds(options),
      });
      session.output.facts(body, facts(body));
    }),
  );

  addSecretChanges(lines, act);
}

function addSecretChanges(lines: Command, act: Act): void {
  const rotate = lines
    .command('rotate')
    .description('Give a line a new secret; the old one is refused at once')
    .argument(...USER)
    .argument('<line>', 'its id (`lines list`)');
  withWait(rotate).action(
    act(async (session, user: string, line: string, options: Waiting) => {
      const path = `${(await linesOf(session, user)) + address`/${line}`}/rotate`;
      const call = { waitSeconds: waitSeconds(options) };
      const { body } = await session.client.send<LineAnswer>('POST', path, call);
      session.output.facts(body, facts(body));
    }),
  );

  const revoke = lines
    .command('revoke')
    .description('Take a line away; its registration ends at once, a call in progress goes on')
    .argument(...USER)
    .argument('<line>', 'its id (`lines list`)');
  withWait(revoke).action(
    act(async (session, user: string, line: string, options: Waiting) => {
      const path = (await linesOf(session, user)) + address`/${line}`;
      const { body } = await session.client.send('DELETE', path, { waitSeconds: waitSeconds(options) });
      session.output.done(body, `Line ${line} is revoked.`);
    }),
  );
}

async function linesOf(session: Session, user: string): Promise<string> {
  return `${session.tenant() + address`/users/${await findUserId(session, user)}`}/lines`;
}

function facts(line: LineAnswer): [string, Cell][] {
  return [
    ['Line', line.id],
    ['Kind', line.kind],
    ['Label', line.label],
    ['Secret since', localTime(line.rotatedAt)],
    ['Ends', line.expiresAt && localTime(line.expiresAt)],
  ];
}
