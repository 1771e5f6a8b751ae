import type { Command } from 'commander';
import type { QueuedDeletionAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import { findUserId } from '../find.ts';
import { type Limited, withLimit } from '../options.ts';
import { type Act, readAll } from '../session.ts';
import type { Column } from '../table.ts';
import { localTime } from '../text.ts';

const COLUMNS: Column<QueuedDeletionAnswer>[] = [
  { title: 'User', value: ({ user }) => user.name },
  { title: 'Ext.', value: ({ user }) => user.extension, whole: true },
  { title: 'Asked for by', value: ({ requestedBy }) => requestedBy.name },
  { title: 'At', value: ({ requestedAt }) => localTime(requestedAt) },
  { title: 'Id', value: ({ user }) => user.id, whole: true },
];

export function deletionCommands(program: Command, act: Act): void {
  const deletions = program.command('deletions').description('Deletions that wait for the end of a call');

  withLimit(deletions.command('list').description('List users who are deleted when their call ends')).action(
    act(async (session, { limit }: Limited) => {
      const path = `${session.tenant()}/deletions`;
      const body = await readAll<QueuedDeletionAnswer>(session, path, {}, limit);
      session.output.table(body, body.items, COLUMNS, 'No deletion waits.');
    }),
  );

  deletions
    .command('cancel')
    .description('Keep the user after all')
    .argument('<user>', 'username, email, extension or id')
    .action(
      act(async (session, user: string) => {
        const path = `${session.tenant() + address`/users/${await findUserId(session, user)}`}/deletion`;
        const { body } = await session.client.send('DELETE', path);
        session.output.done(body, `${user} stays.`);
      }),
    );
}
