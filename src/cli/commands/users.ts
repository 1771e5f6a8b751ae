import { type Command, Option } from 'commander';
import type { QueuedDeletionAnswer, UserAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import { refused, usage } from '../failure.ts';
import { findUser, findUserId } from '../find.ts';
import {
  collected,
  idempotencyKey,
  type Limited,
  type Repeatable,
  type Waiting,
  waitSeconds,
  wholeNumber,
  withIdempotencyKey,
  withLimit,
  withWait,
} from '../options.ts';
import { withProgress } from '../progress.ts';
import { type Act, readAll, type Session } from '../session.ts';
import type { Column } from '../table.ts';
import { safe } from '../text.ts';
import {
  cleared,
  nameOfUser,
  type UserOptions,
  userBody,
  userFacts,
  withClear,
  withUserFields,
} from './user-fields.ts';

interface UserFilter extends Limited {
  search?: string;
  status?: string[];
  phone?: string[];
  role?: string[];
  inSync?: boolean;
  sort?: string;
  descending?: true;
}

const COLUMNS: Column<UserAnswer>[] = [
  { title: 'Username', value: (user) => user.username, whole: true },
  { title: 'Name', value: nameOfUser },
  { title: 'Ext.', value: (user) => user.extension, whole: true },
  { title: 'Email', value: (user) => user.email },
  { title: 'Status', value: (user) => user.status },
  { title: 'Number', value: (user) => user.outboundNumber },
  { title: 'Phones', value: (user) => user.lines.length, align: 'right' },
  { title: 'On the PBX', value: (user) => user.sync.state },
];

export function userCommands(program: Command, act: Act): void {
  const users = program.command('users').description('Users of the tenant');
  addReading(users, act);
  addChanging(users, act);
  addStatus(users, act);
  addDelete(users, act);
}

function addReading(users: Command, act: Act): void {
  const list = users
    .command('list')
    .description('List and search users')
    .option('--search <words>', 'in name, username, alias, email, employee ID, extension or number')
    .option('--status <status>', 'pending, active or suspended; may be repeated', collected)
    .option('--phone <kind>', 'softphone, webphone, desk or none; may be repeated', collected)
    .option('--role <role>', 'key or id; may be repeated', collected)
    .option('--in-sync', 'only those whom the PBX knows as they stand here')
    .option('--no-in-sync', 'only those who wait for the PBX, or failed')
    .option('--sort <field>', 'name, username, email, extension, status or created')
    .option('--descending', 'the last first');
  withLimit(list).action(
    act(async (session, { limit, descending, ...filter }: UserFilter) => {
      const query = { ...filter, order: descending && 'desc' };
      const body = await readAll<UserAnswer>(session, `${session.tenant()}/users`, query, limit);
      session.output.table(body, body.items, COLUMNS, 'No user matches.');
    }),
  );

  users
    .command('show')
    .description('Show a user')
    .argument('<user>', 'username, email, extension or id')
    .action(
      act(async (session, name: string) => {
        const user = await findUser(session, name);
        session.output.facts(user, userFacts(user));
      }),
    );
}

function addChanging(users: Command, act: Act): void {
  const create = withUserFields(users.command('create').description('Create a user'))
    .option('--phone <kind>', 'with a first line: softphone, webphone or desk')
    .option('--suspended', 'neither signs in nor calls until activated');
  withWait(withIdempotencyKey(create)).action(
    act(
      async (session, options: UserOptions & Repeatable & Waiting & { phone?: string; suspended?: true }) => {
        const body = {
          ...(await userBody(session, options)),
          ...(options.phone && { phone: options.phone }),
          ...(options.suspended && { status: 'suspended' }),
        };
        const request = { body, idempotencyKey: idempotencyKey(options), waitSeconds: waitSeconds(options) };
        await change(session, 'POST', `${session.tenant()}/users`, request);
      },
    ),
  );

  const update = withClear(
    withUserFields(users.command('update').description('Change a user: only what is given')),
  )
    .argument('<user>', 'username, email, extension or id')
    .addOption(
      new Option('--if-version <version>', 'only if nobody changed the user since (`users show`)').argParser(
        wholeNumber(1, 999_999_999),
      ),
    );
  withWait(update).action(
    act(
      async (
        session,
        name: string,
        options: UserOptions & Waiting & { clear?: string[]; ifVersion?: number },
      ) => {
        const body = { ...(await userBody(session, options)), ...cleared(options.clear) };
        if (Object.keys(body).length === 0)
          throw usage('Say what to change: see `patchbay users update --help`.');
        const user = await findUser(session, name);
        const etag = `"${options.ifVersion ?? user.version}"`;
        const path = session.tenant() + address`/users/${user.id}`;
        await change(session, 'PATCH', path, { body, etag, waitSeconds: waitSeconds(options) });
      },
    ),
  );
}

function addStatus(users: Command, act: Act): void {
  for (const [verb, meaning] of [
    ['suspend', 'Suspend a user: no sign-in, no registration, no call; everything is kept'],
    ['activate', 'Activate a user again'],
  ] as const)
    withWait(
      users.command(verb).description(meaning).argument('<user>', 'username, email, extension or id'),
    ).action(
      act(async (session, name: string, options: Waiting) => {
        const path = session.tenant() + address`/users/${await findUserId(session, name)}/${verb}`;
        await change(session, 'POST', path, { waitSeconds: waitSeconds(options) });
      }),
    );
}

function addDelete(users: Command, act: Act): void {
  const remove = users
    .command('delete')
    .description('Delete a user who is in no call')
    .argument('<user>', 'username, email, extension or id')
    .addOption(
      new Option('--when <when>', 'the user is in a call: refuse, delete when it ends, or hang up')
        .choices(['refuse', 'idle', 'hangup'])
        .default('refuse'),
    )
    .option('--yes', 'do not ask');
  withWait(remove).action(
    act(async (session, name: string, options: Waiting & { when: string; yes?: true }) => {
      const user = await findUser(session, name);
      if (!options.yes) await makeSure(session, user);
      const path = session.tenant() + address`/users/${user.id}`;
      const call = { query: { when: options.when }, waitSeconds: waitSeconds(options) };
      const { status, body } = await withProgress(session.terminal, `Deleting ${user.username}`, () =>
        session.client.send<QueuedDeletionAnswer | undefined>('DELETE', path, call),
      );
      const queued = `${user.username} is in a call, and is deleted when it ends. \`deletions list\` shows who waits.`;
      session.output.done(body, status === 202 ? queued : `${user.username} is deleted.`);
    }),
  );
}

async function makeSure({ terminal }: Session, user: UserAnswer): Promise<void> {
  if (terminal.ask === null)
    throw usage('There is nobody to ask whether this user is to be deleted: add --yes.');
  const extension = user.extension === null ? '' : `, extension ${user.extension}`;
  const answer = await terminal.ask(
    `Are you sure you want to delete this user? ${safe(nameOfUser(user))} (${safe(user.username)}${extension}) [y/N] `,
  );
  if (!/^y(es)?$/i.test(answer.trim())) throw refused('Nothing was deleted.');
}

/** Sends a change of a user, shows the user as it is then, and says whether the PBX has it. */
async function change(
  session: Session,
  method: 'POST' | 'PATCH',
  path: string,
  call: { body?: unknown; etag?: string; idempotencyKey?: string; waitSeconds?: number },
): Promise<void> {
  const send = () => session.client.send<UserAnswer>(method, path, call);
  const { body } = await (call.waitSeconds
    ? withProgress(session.terminal, 'Waiting for the PBX', send)
    : send());
  session.output.facts(body, userFacts(body));
  if (call.waitSeconds && body.sync.state !== 'applied')
    session.output.note(
      'It is stored, but the PBX does not have it yet. `patchbay sync status` shows what waits.',
    );
}
