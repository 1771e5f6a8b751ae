import { type Command, Option } from 'commander';
import type { DriftAnswer, SyncSummaryAnswer, WaitingAnswer } from '../answers/operations.ts';
import { refused, usage } from '../failure.ts';
import { type Limited, wholeNumber, withLimit } from '../options.ts';
import { pauseFor, withProgress } from '../progress.ts';
import { type Act, readAll, type Session } from '../session.ts';
import { type Cell, type Column, renderFacts } from '../table.ts';
import { localTime } from '../text.ts';
import { shorten } from '../width.ts';
import { driftColumns, rowsOfFields } from './drift-table.ts';

const WAITING: Column<WaitingAnswer>[] = [
  { title: 'What', value: ({ kind }) => kind },
  { title: 'Name', value: (row) => row.name ?? row.id },
  { title: 'Ext.', value: ({ extension }) => extension },
  { title: 'Since', value: ({ since }) => localTime(since) },
  { title: 'Tries', value: ({ attempts }) => attempts, align: 'right' },
  { title: 'Why', value: ({ message, reason }) => message ?? reason },
];

const LOOK_EVERY_MS = 1000;

export function syncCommands(program: Command, act: Act): void {
  const sync = program.command('sync').description('What has and has not reached the PBX');
  addStatus(sync, act);
  addWait(sync, act);

  withLimit(sync.command('waiting').description('List what the PBX does not have yet')).action(
    act(async (session, { limit }: Limited) => {
      const body = await readAll<WaitingAnswer>(session, `${syncOf(session)}/waiting`, {}, limit);
      session.output.table(body, body.items, WAITING, 'Nothing waits: the PBX has everything.');
    }),
  );

  withLimit(
    sync.command('drift').description('List what was last found altered on the PBX, field by field'),
  ).action(
    act(async (session, { limit }: Limited) => {
      const body = await readAll<DriftAnswer>(session, `${syncOf(session)}/drift`, {}, limit);
      const columns = driftColumns<DriftAnswer>({
        title: 'Whose',
        value: (row) => `${row.kind} ${row.name ?? row.id ?? ''}`.trim(),
      });
      session.output.table(body, rowsOfFields(body.items), columns, 'Nothing was ever found altered.');
    }),
  );
}

function addStatus(sync: Command, act: Act): void {
  sync
    .command('status')
    .description('How much of what stands here the PBX has')
    .option('--watch', 'look again every second, until Ctrl-C')
    .action(
      act(async (session, { watch }: { watch?: true }) => {
        if (!watch) {
          const body = await summaryOf(session);
          return session.output.facts(body, facts(body));
        }
        await watchStatus(session);
      }),
    );
}

/** One picture that is drawn over on a terminal; where that cannot be, a new one whenever something changed. */
async function watchStatus(session: Session): Promise<never> {
  const { output, terminal } = session;
  if (output.isJson) throw usage('--watch does not end, and --json is one document: leave one of them out.');
  let shown = '';
  for (;;) {
    const text = cutTo(terminal.columns, renderFacts(facts(await summaryOf(session)), terminal));
    if (text !== shown) {
      const lines = shown.split('\n').length - 1;
      if (terminal.columns !== null && lines > 0) terminal.out(`\u001b[${lines}A\u001b[J`);
      terminal.out(text);
      shown = text;
    }
    await pauseFor(terminal, LOOK_EVERY_MS);
  }
}

/** A line that wraps would be two to the cursor. */
function cutTo(columns: number | null, text: string): string {
  return columns === null ? text : text.replace(/.+/g, (line) => shorten(line, columns));
}

function addWait(sync: Command, act: Act): void {
  sync
    .command('wait')
    .description('Wait until nothing waits for the PBX any more')
    .addOption(
      new Option('--timeout <seconds>', 'give up then, with exit code 1')
        .argParser(wholeNumber(1, 86_400))
        .default(60),
    )
    .action(
      act(async (session, { timeout }: { timeout: number }) => {
        const deadline = Date.now() + timeout * 1000;
        const body = await withProgress(session.terminal, 'Waiting for the PBX', async (progress) => {
          for (;;) {
            const summary = await summaryOf(session);
            if (summary.waiting + summary.failed === 0) return summary;
            progress.at(`${summary.waiting} waiting, ${summary.failed} failed`);
            if (Date.now() >= deadline) throw notInTime(summary);
            await pauseFor(session.terminal, LOOK_EVERY_MS);
          }
        });
        session.output.done(body, 'Nothing waits: the PBX has everything.');
      }),
    );
}

function notInTime({ waiting, failed }: SyncSummaryAnswer): Error {
  return refused(
    `${waiting} still waiting and ${failed} failed. \`patchbay sync waiting\` lists them with the reason.`,
  );
}

function syncOf(session: Session): string {
  return `${session.tenant()}/sync`;
}

async function summaryOf(session: Session): Promise<SyncSummaryAnswer> {
  return (await session.client.get<SyncSummaryAnswer>(syncOf(session))).body;
}

function facts(summary: SyncSummaryAnswer): [string, Cell][] {
  return [
    ['Applied', summary.applied],
    ['Waiting', summary.waiting],
    ['Failed', summary.failed],
    ['Waits since', summary.oldestWait && localTime(summary.oldestWait)],
    ['Last applied', summary.lastApplied && localTime(summary.lastApplied)],
    ['Ever altered by hand', summary.drifted],
    ['Last found', summary.lastDrift && localTime(summary.lastDrift)],
    ...summary.pbx.map(({ type, status, reason, message }): [string, Cell] => [
      `PBX ${type}`,
      status === 'true' ? 'yes' : `${status === 'false' ? 'no' : status}: ${message || reason}`,
    ]),
  ];
}
