import { type Account, backgroundRegisters, createUser, readSecret, untilRegistered } from './changes.ts';
import { filePbx } from './file-pbx.ts';
import { populate, whenApplied, whenSettled } from './populate.ts';
import { cpuSeconds, cpuSecondsWhenQuiet } from './process-usage.ts';
import { pushUser } from './push-user.ts';
import { median } from './spread.ts';
import { startStack } from './stack.ts';
import type { Cell, Table } from './table.ts';

const BACKGROUND_RATE = 300;
const BACKGROUND_PHONES = 1_000;

/** One way of telling an Asterisk about a new user. */
export interface Way {
  name: string;
  asterisk: { pid: number; sip: { host: string; port: number } };
  /** Accounts of users who are there. */
  there: readonly Account[];
  /** Makes one new user known; resolves when the way itself says that it is done. */
  add(): Promise<Account>;
  /** How many changes in a row for each of the three measurements. */
  changes: { cpu: number; wall: number; beside: number };
}

interface Measured {
  name: string;
  cpuMs: number;
  cells: Cell[];
}

/** The same single change in three ways, one after the other on the same build of Asterisk. */
export async function ways({ users }: { users: number }): Promise<Table[]> {
  const measured = [...(await patchbayAndPush(users)), await file(users)];
  const ours = measured[0]!.cpuMs;
  return [
    {
      title: `ways: one new user with a phone, ${users} users there`,
      columns: [
        'way',
        'Asterisk CPU ms a change',
        'times Patchbay',
        'wall ms until the phone registers (median)',
        'changes beside 300 REGISTER/s',
        'REGISTERs',
        'sent again',
        'lost or refused',
      ],
      rows: measured.map(({ name, cpuMs, cells }) => [name, cpuMs, Math.round(cpuMs / ours), ...cells]),
      notes: [
        'CPU: of Asterisk, from the change until it does nothing any more, without phones; then wall; then beside phones.',
        'Patchbay: POST of a user with a softphone from stock, until the reconciler has written it.',
        'ARI push: PUT of auth, aor and endpoint with the same fields, into the same Asterisk and its astdb wizard.',
        'File: a second Asterisk of the same build, whose sorcery.conf leaves endpoints, auths and aors to pjsip.conf; a block',
        'is appended for the new user and res_pjsip reloaded.',
      ],
    },
  ];
}

async function patchbayAndPush(users: number): Promise<Measured[]> {
  const stack = await startStack({ spareSip: 500 });
  try {
    const people = await populate(stack, users);
    await whenApplied(stack);
    await whenSettled(stack);
    const { asterisk } = stack;
    const there = people.lines;
    const patchbay = await measure({
      ...{ name: 'Patchbay', asterisk, there, changes: { cpu: 100, wall: 20, beside: 20 } },
      async add() {
        const line = await createUser(stack, people);
        return { ...line, secret: await readSecret(stack, people, line) };
      },
    });
    const push = await measure({
      ...{ name: 'ARI push', asterisk, there, changes: { cpu: 3, wall: 3, beside: 5 } },
      add: () => pushUser(asterisk.ari),
    });
    return [patchbay, push];
  } finally {
    await stack.stop();
  }
}

async function file(users: number): Promise<Measured> {
  const pbx = await filePbx(users);
  try {
    const { asterisk, there, add } = pbx;
    const changes = { cpu: 5, wall: 5, beside: 20 };
    return await measure({ name: 'file + reload', asterisk, there, add, changes });
  } finally {
    await pbx.stop();
  }
}

async function measure(way: Way): Promise<Measured> {
  const { name, changes } = way;
  const cpuMs = await cpuOfAChange(way);
  const wall: number[] = [];
  for (let i = 0; i < changes.wall; i++) {
    const begin = performance.now();
    await untilRegistered(way.asterisk.sip, await way.add());
    wall.push(performance.now() - begin);
    await cpuSecondsWhenQuiet(way.asterisk.pid);
  }
  return { name, cpuMs, cells: [median(wall), changes.beside, ...(await besidePhones(way))] };
}

async function cpuOfAChange({ asterisk, changes, add }: Way): Promise<number> {
  await cpuSecondsWhenQuiet(asterisk.pid);
  const before = cpuSeconds(asterisk.pid);
  for (let i = 0; i < changes.cpu; i++) await add();
  return (((await cpuSecondsWhenQuiet(asterisk.pid)) - before) * 1_000) / changes.cpu;
}

/** What a steady 300 REGISTER/s notice of the changes. */
async function besidePhones(way: Way): Promise<Cell[]> {
  const load = await backgroundRegisters(
    way.asterisk.sip,
    way.there.slice(0, BACKGROUND_PHONES),
    BACKGROUND_RATE,
  );
  for (let i = 0; i < way.changes.beside; i++) await untilRegistered(way.asterisk.sip, await way.add());
  const { sent, retransmitted, lost, failed } = await load.stop();
  await cpuSecondsWhenQuiet(way.asterisk.pid);
  return [sent, retransmitted, lost + failed];
}
