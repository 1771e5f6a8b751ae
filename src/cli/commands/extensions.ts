import type { Command } from 'commander';
import type { ExtensionAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import { findUserId } from '../find.ts';
import { type Limited, type Waiting, waitSeconds, withLimit, withWait } from '../options.ts';
import { type Act, readAll } from '../session.ts';
import type { Column } from '../table.ts';
import { localTime } from '../text.ts';

const COLUMNS: Column<ExtensionAnswer>[] = [
  { title: 'Extension', value: ({ number }) => number, whole: true },
  { title: 'User', value: ({ user }) => user?.username ?? null },
  { title: 'Name', value: ({ user }) => user?.name ?? null },
  { title: 'Since', value: ({ assignedAt }) => assignedAt && localTime(assignedAt) },
];

export function extensionCommands(program: Command, act: Act): void {
  const extensions = program.command('extensions').description("Extensions of the tenant's ranges");
  addReading(extensions, act);
  addChanging(extensions, act);
}

function addReading(extensions: Command, act: Act): void {
  const lists = [
    ['list', 'List extensions, free and assigned', undefined],
    ['free', 'List free extensions', true],
    ['assigned', 'List assigned extensions', false],
  ] as const;
  for (const [name, meaning, free] of lists)
    withLimit(extensions.command(name).description(meaning)).action(
      act(async (session, { limit }: Limited) => {
        const path = `${session.tenant()}/extensions`;
        const body = await readAll<ExtensionAnswer>(session, path, { free }, limit);
        session.output.table(body, body.items, COLUMNS, 'There are none.');
      }),
    );

  extensions
    .command('next')
    .description('Print the lowest free extension (to take it without a race: users create --extension next)')
    .action(
      act(async ({ client, output, tenant }) => {
        const { body } = await client.get<{ number: string }>(`${tenant()}/extensions/next-free`);
        output.done(body, body.number);
      }),
    );
}

function addChanging(extensions: Command, act: Act): void {
  for (const [name, meaning] of [
    ['assign', 'Give a free extension to a user'],
    ['reassign', 'Give an extension to another person: phones, number and profile go along, secrets are new'],
  ] as const) {
    const command = extensions
      .command(name)
      .description(meaning)
      .argument('<extension>', 'digits')
      .argument('<user>', 'username, email, extension or id');
    withWait(command).action(
      act(async (session, extension: string, user: string, options: Waiting) => {
        const path = session.tenant() + address`/extensions/${extension}`;
        const call = { body: { userId: await findUserId(session, user) }, waitSeconds: waitSeconds(options) };
        const { body } =
          name === 'assign'
            ? await session.client.send<ExtensionAnswer>('PUT', path, call)
            : await session.client.send<ExtensionAnswer>('POST', `${path}/reassign`, call);
        session.output.done(body, `Extension ${body.number} belongs to ${body.user?.username ?? user}.`);
      }),
    );
  }

  withWait(
    extensions
      .command('unassign')
      .description('Take an extension away from its user, who keeps phones and numbers')
      .argument('<extension>', 'digits'),
  ).action(
    act(async ({ client, output, tenant }, extension: string, options: Waiting) => {
      const path = tenant() + address`/extensions/${extension}`;
      const { body } = await client.send('DELETE', path, { waitSeconds: waitSeconds(options) });
      output.done(body, `Extension ${extension} is free.`);
    }),
  );
}
