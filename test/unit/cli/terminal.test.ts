import { expect, test } from 'vitest';
import { answering, json, runCli } from './support/run-cli.ts';

const UUID = '6f0e1b1c-8a35-4a39-9df0-3b8f0a7c9d11';
const nodes = () => json({ items: [{ id: UUID, name: 'local', conditions: [] }] });
const offline = {
  type: 'connected',
  status: 'false',
  reason: 'refused',
  message: 'Nobody answers there, and nobody has for a long time',
};
const summary = (waiting: number) =>
  json({
    applied: 5,
    waiting,
    failed: 0,
    oldestWait: null,
    lastApplied: null,
    drifted: 0,
    lastDrift: null,
    pbx: [offline],
  });

test('long work shows on a terminal that it goes on, and leaves a clean line; a log gets nothing of it', async () => {
  let drawn = '';
  let seen = () => {};
  const wasSeen = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const err = (text: string) => {
    drawn += text;
    seen();
  };
  const onTerminal = answering(nodes(), () => wasSeen.then(() => json({ done: true })));
  const shown = await runCli(['nodes', 'repair'], {
    fetch: onTerminal.fetch,
    terminal: { progress: true, err },
  });
  expect(onTerminal.heard[1]!.headers.get('prefer')).toBe('wait=30');
  expect(drawn).toMatch(/^(\r\u001b\[KRepairing local… \d+ s \(Ctrl-C stops\))+\r\u001b\[K$/);
  expect(shown.out).toBe('local is as the database says.\n');

  const inLog = answering(nodes(), json({ done: false }));
  const logged = await runCli(['nodes', 'repair', '--wait=2'], { fetch: inLog.fetch });
  expect(logged).toMatchObject({ code: 0, err: '', out: expect.stringContaining('not through yet') });
});

test('waiting for the PBX tells how much is left, and ends', async () => {
  const { fetch } = answering(summary(3), summary(1), summary(0));
  const done = await runCli(['sync', 'wait'], { fetch, terminal: { progress: true } });
  expect(done).toMatchObject({ code: 0, out: 'Nothing waits: the PBX has everything.\n' });
  expect(done.err).toMatch(/Waiting for the PBX… \d waiting, 0 failed, \d+ s \(Ctrl-C stops\)/);
  const late = answering(summary(3), summary(3), summary(3));
  const given = await runCli(['sync', 'wait', '--timeout', '1'], { fetch: late.fetch });
  expect(given).toMatchObject({ code: 1, err: expect.stringContaining('3 still waiting') });
});

test('watching draws over what it drew; where that cannot be, only what changed is written', async () => {
  const watch = async (columns: number | null) => {
    const interruption = new AbortController();
    const last = async () => {
      interruption.abort();
      throw interruption.signal.reason;
    };
    const { fetch } = answering(summary(2), summary(2), summary(0), last);
    return runCli(['sync', 'status', '--watch'], {
      fetch,
      terminal: { columns, signal: interruption.signal },
    });
  };
  const drawn = await watch(40);
  expect(drawn.code).toBe(130);
  const pictures = drawn.out.split('\u001b[8A\u001b[J');
  expect(pictures.map((text) => /^Waiting +(\d)$/m.exec(text)?.[1])).toEqual(['2', '0']);
  expect(pictures[0]!.split('\n')[7]).toBe('PBX connected         no: Nobody answer…');
  expect((await watch(null)).out).not.toContain('\u001b');
});

test('--watch and --json do not go together', async () => {
  expect((await runCli(['sync', 'status', '--watch', '--json'])).code).toBe(2);
});

test('a name in a question cannot steer the terminal', async () => {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return 'n';
  };
  const eve = { id: UUID, username: 'eve', firstName: 'Eve\u001b[8m', lastName: null, extension: null };
  const { fetch } = answering(json({ items: [eve], next: null }));
  await runCli(['users', 'delete', 'eve'], { fetch, terminal: { ask } });
  expect(questions[0]).toContain('Eve\\u{1b}[8m (eve)');
});
