import type { Command } from 'commander';
import type { KeyAnswer, NewKeyAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import { usage } from '../failure.ts';
import { findUserId } from '../find.ts';
import {
  collected,
  idempotencyKey,
  instant,
  type Limited,
  type Repeatable,
  withIdempotencyKey,
  withLimit,
} from '../options.ts';
import { type Act, readAll, type Session } from '../session.ts';
import type { Cell, Column } from '../table.ts';
import { localTime } from '../text.ts';

interface OfPlatform {
  platform?: true;
}

const COLUMNS: Column<KeyAnswer>[] = [
  { title: 'Key', value: ({ id }) => id, whole: true },
  { title: 'Name', value: ({ name }) => name },
  { title: 'Permissions', value: ({ scopes }) => scopes.join(' ') },
  { title: 'Last used', value: ({ lastUsedAt }) => lastUsedAt && localTime(lastUsedAt) },
  { title: 'State', value: stateOf },
];

export function keyCommands(program: Command, act: Act): void {
  const keys = program.command('keys').description('API keys of the tenant, or of the platform');

  const list = ofPlatform(keys.command('list').description('List API keys'))
    .option('--revoked', 'only those that were revoked')
    .option('--no-revoked', 'only those that were not');
  withLimit(list).action(
    act(async (session, { limit, platform, revoked }: Limited & OfPlatform & { revoked?: boolean }) => {
      const body = await readAll<KeyAnswer>(session, keysOf(session, platform), { revoked }, limit);
      session.output.table(body, body.items, COLUMNS, 'There are no keys.');
    }),
  );

  const create = ofPlatform(keys.command('create').description('Create an API key; it is shown this once'))
    .argument('<name>', 'to tell keys apart')
    .option('--scope <permission>', 'what it may do, like users:read; may be repeated', collected)
    .option('--expires <instant>', 'when it ends', instant)
    .option('--user <user>', "makes it a person's key: it ends with them");
  withIdempotencyKey(create).action(act(createKey));

  ofPlatform(keys.command('revoke').description('Revoke an API key; it is refused from now on'))
    .argument('<key>', 'its id (`keys list`)')
    .action(
      act(async (session, id: string, { platform }: OfPlatform) => {
        const { body } = await session.client.send('DELETE', keysOf(session, platform) + address`/${id}`);
        session.output.done(body, `Key ${id} is revoked.`);
      }),
    );
}

type NewKey = Repeatable & OfPlatform & { scope?: string[]; expires?: string; user?: string };

async function createKey(session: Session, name: string, options: NewKey): Promise<void> {
  if (options.platform && options.user !== undefined)
    throw usage('A key of the platform belongs to no user: leave out --user, or --platform.');
  const { body } = await session.client.send<NewKeyAnswer>('POST', keysOf(session, options.platform), {
    body: {
      name,
      scopes: options.scope ?? [],
      expiresAt: options.expires,
      userId: options.user === undefined ? undefined : await findUserId(session, options.user),
    },
    idempotencyKey: idempotencyKey(options),
  });
  session.output.facts(body, facts(body));
  session.output.note('The key is shown this once and cannot be shown again.');
}

function ofPlatform(command: Command): Command {
  return command.option('--platform', 'of the platform instead of the tenant');
}

function keysOf(session: Session, platform: true | undefined): string {
  return platform ? '/keys' : `${session.tenant()}/keys`;
}

function stateOf({ revokedAt, expiresAt }: KeyAnswer): string {
  if (revokedAt !== null) return `revoked ${localTime(revokedAt)}`;
  if (expiresAt === null) return 'valid';
  return `${new Date(expiresAt) <= new Date() ? 'ended' : 'until'} ${localTime(expiresAt)}`;
}

function facts(key: NewKeyAnswer): [string, Cell][] {
  return [
    ['Id', key.id],
    ['Name', key.name],
    ['Permissions', key.scopes.join(' ')],
    ['Ends', key.expiresAt && localTime(key.expiresAt)],
    ['Key', key.token],
  ];
}
