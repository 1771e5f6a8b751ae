import type { Command } from 'commander';
import type { LiveAnswer, RefusedCallAnswer } from '../answers/operations.ts';
import { address } from '../client.ts';
import { findUserId } from '../find.ts';
import {
  idempotencyKey,
  instant,
  type Limited,
  type Repeatable,
  withIdempotencyKey,
  withLogLimit,
} from '../options.ts';
import { type Act, type Listed, readAll, type Session } from '../session.ts';
import type { Column } from '../table.ts';
import { localTime } from '../text.ts';

interface LiveRow {
  user: LiveAnswer['user'];
  line: string;
  what: string;
  withWhom: string;
  since: string | null;
  call: string | null;
}

const LIVE: Column<LiveRow>[] = [
  { title: 'User', value: ({ user }) => user.name },
  { title: 'Ext.', value: ({ user }) => user.extension },
  { title: 'Line', value: ({ line }) => line, whole: true },
  { title: 'State', value: ({ what }) => what },
  { title: 'With, or from', value: ({ withWhom }) => withWhom },
  { title: 'Since', value: ({ since }) => since },
  { title: 'Call', value: ({ call }) => call, whole: true },
];

const REFUSED: Column<RefusedCallAnswer>[] = [
  { title: 'At', value: ({ at }) => localTime(at) },
  { title: 'User', value: ({ user }) => user?.name ?? null },
  { title: 'Dialled', value: ({ dialled }) => dialled },
  { title: 'Class', value: ({ numberClass }) => numberClass },
  { title: 'Rule', value: ({ rule }) => rule },
  { title: 'How', value: ({ path }) => path },
  { title: 'Why', value: ({ sentence, reason }) => sentence ?? reason },
];

export function callCommands(program: Command, act: Act): void {
  program
    .command('live')
    .description('Who is registered and who is in a call, as the PBX says it now')
    .argument('[user]', 'this user alone: username, email, extension or id')
    .action(
      act(async (session, user: string | undefined) => {
        const path = `${session.tenant()}/live`;
        const body =
          user === undefined
            ? await readAll<LiveAnswer>(session, path, {})
            : (await session.client.get<Listed<LiveAnswer>>(path, { user: await findUserId(session, user) }))
                .body;
        session.output.table(body, body.items.flatMap(liveRows), LIVE, 'Nobody is registered or in a call.');
      }),
    );

  const calls = program.command('calls').description('Calls: start, hang up, and those that were refused');
  addStartAndHangup(calls, act);

  const refused = calls
    .command('refused')
    .description('List calls that the PBX refused, the latest first')
    .option('--user <user>', 'of this user')
    .option('--reason <code>', 'like profile-denies')
    .option('--from <instant>', 'from then on', instant)
    .option('--to <instant>', 'before then', instant);
  withLogLimit(refused).action(act(listRefused));
}

function addStartAndHangup(calls: Command, act: Act): void {
  const start = calls
    .command('start')
    .description(
      "Start a call for a user: their phones ring, then the number is dialled with the user's rights",
    )
    .argument('<user>', 'username, email, extension or id')
    .argument('<number>', 'as it is dialled');
  withIdempotencyKey(start).action(
    act(async (session, name: string, to: string, options: Repeatable) => {
      const { body } = await session.client.send<{ id: string }>('POST', `${session.tenant()}/calls`, {
        body: { user: await findUserId(session, name), to },
        idempotencyKey: idempotencyKey(options),
      });
      session.output.done(body, `The phones of ${name} ring. To end it: patchbay calls hangup ${body.id}`);
    }),
  );

  calls
    .command('hangup')
    .description('End a call in progress')
    .argument('<call>', 'its id (`live`, `calls start`)')
    .action(
      act(async ({ client, output, tenant }, id: string) => {
        const { body } = await client.send('DELETE', tenant() + address`/calls/${id}`);
        output.done(body, 'The call is ended.');
      }),
    );
}

type RefusedFilter = Limited & { user?: string; reason?: string; from?: string; to?: string };

async function listRefused(session: Session, { limit, user, ...filter }: RefusedFilter): Promise<void> {
  const path = `${session.tenant()}/refused-calls`;
  const query = { ...filter, user: user && (await findUserId(session, user)) };
  const body = await readAll<RefusedCallAnswer>(session, path, query, limit);
  session.output.table(body, body.items, REFUSED, 'No call was refused.');
  if (body.next) session.output.note('There are more: --limit takes a larger number.');
}

/** A line for each registration and for each call. */
function liveRows({ user, registrations, calls }: LiveAnswer): LiveRow[] {
  return [
    ...registrations.map((phone) => ({
      user,
      line: phone.line,
      what: phone.reachable === false ? 'registered, does not answer' : 'registered',
      withWhom: `${phone.address} ${phone.userAgent}`,
      since: null,
      call: null,
    })),
    ...calls.map((call) => ({
      user,
      line: call.line,
      what: `call ${call.direction}, ${call.state}`,
      withWhom: [call.peer.name, call.peer.number].filter(Boolean).join(' '),
      since: localTime(call.since),
      call: call.id,
    })),
  ];
}
