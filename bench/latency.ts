import { backgroundRegisters, createUser, readSecret, rotateSecret, untilRegistered } from './changes.ts';
import { type Population, populate, whenApplied, whenSettled } from './populate.ts';
import { SPREAD, spread } from './spread.ts';
import { type Stack, startStack } from './stack.ts';
import type { Cell, Table } from './table.ts';

const CHANGES_OF_A_KIND = 100;
const BACKGROUND_RATE = 300;
const BACKGROUND_PHONES = 1_000;

/** From the moment a change is sent to the API until the phone's REGISTER is accepted. */
export async function latency({ users }: { users: number }): Promise<Table[]> {
  // Twice what is used, so that no renewal of the stock falls into the run.
  const stack = await startStack({ spareSip: CHANGES_OF_A_KIND * 6 });
  try {
    const people = await populate(stack, users);
    await whenApplied(stack);
    await whenSettled(stack);
    const quiet = await changes(stack, people, 0);
    const load = await backgroundRegisters(
      stack.asterisk.sip,
      people.lines.slice(0, Math.min(BACKGROUND_PHONES, users / 2)),
      BACKGROUND_RATE,
    );
    const busy = await changes(stack, people, BACKGROUND_RATE);
    const { sent, retransmitted, failed, lost } = await load.stop();
    return [
      {
        title: `latency: from a change through the API until the phone's next REGISTER is accepted, ${users} users there`,
        columns: ['ms', 'REGISTER/s beside', ...SPREAD],
        rows: [...quiet, ...busy],
        notes: [
          'The phone tries without a pause, and is given its secret by the API in between (a request of its own).',
          `Beside it ${sent} registrations: ${lost} lost, ${failed} refused, ${retransmitted} requests sent again.`,
        ],
      },
    ];
  } finally {
    await stack.stop();
  }
}

/** New users and new secrets in turn. */
async function changes(stack: Stack, people: Population, beside: number): Promise<Cell[][]> {
  const answered: number[] = [];
  const registered: Record<'user' | 'secret', number[]> = { user: [], secret: [] };
  const measure = async (
    kind: 'user' | 'secret',
    change: () => Promise<{ userId: string; lineId: string }>,
  ) => {
    const begin = performance.now();
    const line = await change();
    answered.push(performance.now() - begin);
    await untilRegistered(stack.asterisk.sip, { ...line, secret: await readSecret(stack, people, line) });
    registered[kind].push(performance.now() - begin);
  };
  // Lines that nobody uses in the background, from the end; not twice the same.
  const others = people.lines.slice(beside === 0 ? -2 * CHANGES_OF_A_KIND : -CHANGES_OF_A_KIND);
  for (let i = 0; i < CHANGES_OF_A_KIND; i++) {
    await measure('user', () => createUser(stack, people));
    const line = others[i]!;
    await untilRegistered(stack.asterisk.sip, line);
    await measure('secret', async () => {
      await rotateSecret(stack, people, line);
      return line;
    });
  }
  return [
    ['all changes', beside, ...spread([...registered.user, ...registered.secret])],
    ['a new user with a phone', beside, ...spread(registered.user)],
    ['a new secret for a registered phone', beside, ...spread(registered.secret)],
    ['until the API answers', beside, ...spread(answered)],
  ];
}
