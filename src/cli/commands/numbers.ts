import type { Command } from 'commander';
import type { NumberAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import { findNumber, findUserId } from '../find.ts';
import { idempotencyKey, type Limited, type Repeatable, withIdempotencyKey, withLimit } from '../options.ts';
import { type Act, readAll, type Session } from '../session.ts';
import type { Cell, Column } from '../table.ts';

const COLUMNS: Column<NumberAnswer>[] = [
  { title: 'Number', value: ({ e164 }) => e164, whole: true },
  { title: 'Label', value: ({ label }) => label },
  { title: 'Rings at', value: ({ user }) => user?.username ?? null },
  { title: 'Name', value: ({ user }) => user?.name ?? null },
];

const NUMBER = ['<number>', 'like +33155501001, or its id'] as const;

export function numberCommands(program: Command, act: Act): void {
  const numbers = program.command('numbers').description('Numbers that the tenant owns');
  addListAndAdd(numbers, act);
  addHolders(numbers, act);

  numbers
    .command('remove')
    .description('Remove a number that nobody shows')
    .argument(...NUMBER)
    .action(
      act(async (session, name: string) => {
        const { id, e164 } = await findNumber(session, name);
        const path = session.tenant() + address`/numbers/${id}`;
        const { body } = await session.client.send('DELETE', path);
        session.output.done(body, `${e164} is removed.`);
      }),
    );
}

function addListAndAdd(numbers: Command, act: Act): void {
  const list = numbers
    .command('list')
    .description('List numbers')
    .option('--search <text>', 'digits, or a part of the label')
    .option('--given', 'only those that ring at a user')
    .option('--no-given', 'only those that ring nowhere');
  withLimit(list).action(
    act(async (session, { limit, ...filter }: Limited & { search?: string; given?: boolean }) => {
      const body = await readAll<NumberAnswer>(session, `${session.tenant()}/numbers`, filter, limit);
      session.output.table(body, body.items, COLUMNS, 'No number matches.');
    }),
  );

  const add = numbers
    .command('add')
    .description('Add a number that the tenant owns')
    .argument('<number>', "in E.164, or as dialled in the tenant's country")
    .option('--label <name>')
    .option('--user <user>', 'whose phones ring when it is called');
  withIdempotencyKey(add).action(
    act(async (session, e164: string, options: Repeatable & { label?: string; user?: string }) => {
      const userId = options.user === undefined ? undefined : await findUserId(session, options.user);
      const { body } = await session.client.send<NumberAnswer>('POST', `${session.tenant()}/numbers`, {
        body: { e164, label: options.label, userId },
        idempotencyKey: idempotencyKey(options),
      });
      session.output.facts(body, facts(body));
    }),
  );
}

function addHolders(numbers: Command, act: Act): void {
  numbers
    .command('give')
    .description("Let a number ring at a user's phones")
    .argument(...NUMBER)
    .argument('<user>', 'username, email, extension or id')
    .action(
      act(async (session, name: string, user: string) => {
        await setHolder(session, name, await findUserId(session, user));
      }),
    );
  numbers
    .command('take')
    .description('Take a number back: it rings nowhere')
    .argument(...NUMBER)
    .action(act(async (session, name: string) => setHolder(session, name, null)));
}

async function setHolder(session: Session, name: string, userId: string | null): Promise<void> {
  const { id } = await findNumber(session, name);
  const path = session.tenant() + address`/numbers/${id}`;
  const { etag } = await session.client.get(path);
  const { body } = await session.client.send<NumberAnswer>('PATCH', path, {
    body: { userId },
    etag: etag ?? undefined,
  });
  session.output.facts(body, facts(body));
}

function facts({ id, e164, label, user }: NumberAnswer): [string, Cell][] {
  return [
    ['Number', e164],
    ['Id', id],
    ['Label', label],
    ['Rings at', user && `${user.name} (${user.username})`],
  ];
}
