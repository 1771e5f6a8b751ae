import { expect, test } from 'vitest';
import { isConnectionTrouble } from '../../../src/pbx/pbx-error.ts';
import { connectedLink, entries, outcomeOf } from '../../support/faulty-link.ts';
import type { Peer, ReceivedAction } from '../../support/scripted-ami.ts';
import { until } from '../../support/until.ts';

test('a peer that closes in the middle of a batch: only what it acknowledged is counted as done', async () => {
  let acknowledged = 0;
  const { db, ami } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBPut' || ++acknowledged <= 100) return false;
      peer.socket.destroy();
      return true;
    },
  });
  const report = await db.write(entries(1000));
  expect(report.done).toBeLessThanOrEqual(100);
  expect(report.done + report.failures.length).toBe(1000);
  expect(report.failures.every(({ error }) => isConnectionTrouble(error))).toBe(true);
  const unknown = report.failures.filter(({ error }) => error.outcome === 'unknown');
  expect(unknown.length).toBeGreaterThan(0);
  expect(unknown.length).toBeLessThanOrEqual(64);
  expect(report.failures.at(-1)).toMatchObject({ path: 'test/entry/999', error: { outcome: 'not-sent' } });
  await until('connected again', () => ami.state === 'connected');
});

test('a PBX that has been told to stop: the rest of the batch is not sent, and it is asked for again', async () => {
  let puts = 0;
  const { db, ami, history } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBPut' || ++puts <= 100) return false;
      peer.send('Response: Error', `ActionID: ${action.id}`, 'Message: Asterisk is shutting down');
      return true;
    },
  });
  const report = await db.write(entries(1000));
  expect(report.done).toBe(100);
  expect(report.failures.every(({ error }) => isConnectionTrouble(error))).toBe(true);
  expect(report.failures.at(-1)?.error.outcome).toBe('not-sent');
  await until('disconnected, and back', () => ami.state === 'connected');
  expect(history.map(({ state }) => state)).toContain('disconnected');
});

test('a peer that closes in the middle of a list: no half list is taken for a whole one', async () => {
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBGetTree') return false;
      peer.succeed(action, 'EventList: start');
      peer.send('Event: DBGetTreeResponse', 'Key: /test/a', 'Val: 1', `ActionID: ${action.id}`);
      peer.socket.end();
      return true;
    },
  });
  expect(await outcomeOf(db.readTree('test'))).toMatchObject({
    code: 'pbx-connection-lost',
    outcome: 'unknown',
  });
});

test('a list with fewer items than its end promises is refused', async () => {
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBGetTree') return false;
      peer.succeed(action, 'EventList: start');
      peer.send('Event: DBGetTreeResponse', 'Key: /test/a', 'Val: 1', `ActionID: ${action.id}`);
      peer.send('Event: DBGetTreeComplete', `ActionID: ${action.id}`, 'EventList: Complete', 'ListItems: 2');
      return true;
    },
  });
  expect(await outcomeOf(db.readTree('test'))).toMatchObject({ code: 'pbx-bad-answer' });
});

test('half a line and then silence: the action ends at its deadline with its outcome unknown', async () => {
  const { db, ami, peer } = await connectedLink(
    {
      onAction: (action, peer) => {
        if (action.name !== 'DBPut' && action.name !== 'Ping') return false;
        peer.raw(`Response: Success\r\nActionID: ${action.id}\r\nMess`);
        return true;
      },
    },
    { keepAliveMs: 100 },
  );
  const report = await db.write(entries(1));
  expect(report).toMatchObject({
    done: 0,
    failures: [{ error: { code: 'pbx-timeout', outcome: 'unknown' } }],
  });
  await until('the mute peer is given up', () => peer.actions.filter((a) => a.name === 'Login').length > 1);
  await until('connected again', () => ami.state === 'connected');
});

test('half a line, and the rest later: the answer is whole', async () => {
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBPut') return false;
      peer.raw(`Response: Success\r\nActi`);
      setTimeout(() => peer.raw(`onID: ${action.id}\r\nMessage: Updated\r\n\r`), 20);
      setTimeout(() => peer.raw('\n'), 40);
      return true;
    },
  });
  expect(await db.write(entries(1))).toEqual({ done: 1, failures: [] });
});

test('a peer that never answers: a batch ends after one deadline, and the connection is replaced', async () => {
  let mute = true;
  const { db, ami, peer } = await connectedLink({ onAction: (action) => mute && action.name === 'DBPut' });
  const report = await db.write(entries(5000));
  expect(report.done).toBe(0);
  expect(report.failures).toHaveLength(5000);
  expect(peer.actions.filter((action) => action.name === 'DBPut')).toHaveLength(64);
  mute = false;
  const logins = () => peer.actions.filter((action) => action.name === 'Login').length;
  await until('connected again', () => logins() === 2 && ami.state === 'connected');
  expect(await db.write(entries(100))).toEqual({ done: 100, failures: [] });
});

test('a peer that sends events but never answers: a batch ends after one deadline all the same', async () => {
  const { db, peer } = await connectedLink({
    onAction: (action) => action.name === 'DBPut',
    onConnection: (peer) => {
      const chatter = setInterval(() => peer.send('Event: Hangup'), 20);
      peer.socket.on('close', () => clearInterval(chatter));
    },
  });
  const report = await db.write(entries(500));
  expect(report).toMatchObject({ done: 0, failures: { length: 500 } });
  expect(report.failures[0]?.error).toMatchObject({ code: 'pbx-timeout', outcome: 'unknown' });
  expect(report.failures[499]?.error.outcome).toBe('not-sent');
  expect(peer.actions.filter((action) => action.name === 'DBPut')).toHaveLength(64);
});

test('an idle connection whose peer is dead is noticed', async () => {
  let logins = 0;
  const { ami } = await connectedLink(
    {
      onAction: (action) => {
        if (action.name === 'Login') logins++;
        return action.name === 'Ping' && logins === 1;
      },
    },
    { keepAliveMs: 50 },
  );
  await until('connected a second time', () => logins === 2 && ami.state === 'connected');
});

test('answers that come in another order reach the one who asked', async () => {
  const held: [ReceivedAction, Peer][] = [];
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBGet') return false;
      held.push([action, peer]);
      if (held.length < 20) return true;
      for (const [question, to] of held.reverse()) {
        to.list(question, [['Event: DBGetResponse', `Val: of ${question.field('Key')}`]]);
      }
      return true;
    },
  });
  const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
  const values = await Promise.all(keys.map((key) => db.get(`test/${key}`)));
  expect(values).toEqual(keys.map((key) => `of ${key}`));
});

test('interleaved lists stay apart', async () => {
  let first: ReceivedAction | null = null;
  const item = (action: ReceivedAction, key: string) =>
    [
      `Event: DBGetTreeResponse`,
      `Key: /${action.field('Family')}/${key}`,
      'Val: 1',
      `ActionID: ${action.id}`,
    ] as const;
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBGetTree') return false;
      if (!first) {
        first = action;
        return true;
      }
      for (const one of [action, first]) peer.succeed(one, 'EventList: start');
      for (const one of [first, action, action, first]) peer.send(...item(one, Math.random().toString(36)));
      for (const one of [first, action]) {
        peer.send('Event: X', `ActionID: ${one.id}`, 'EventList: Complete', 'ListItems: 2');
      }
      return true;
    },
  });
  const [a, b] = await Promise.all([db.readTree('a'), db.readTree('b')]);
  expect([...a.keys()].map((key) => key.slice(0, 2))).toEqual(['a/', 'a/']);
  expect([...b.keys()].map((key) => key.slice(0, 2))).toEqual(['b/', 'b/']);
});

test('answers given twice, to nobody, or too late disturb nothing', async () => {
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBPut') return false;
      peer.send('Response: Success', 'ActionID: nobody');
      peer.send('Response: Error', 'Message: Missing action in request');
      peer.succeed(action);
      peer.send('Response: Error', `ActionID: ${action.id}`, 'Message: again');
      return true;
    },
  });
  expect(await db.write(entries(200))).toEqual({ done: 200, failures: [] });
});

test('what the PBX refuses is named, and the rest of the batch is done', async () => {
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.field('Key') !== 'entry/7') return false;
      peer.send('Response: Error', `ActionID: ${action.id}`, 'Message: Failed to update entry');
      return true;
    },
  });
  const report = await db.write(entries(20));
  expect(report.done).toBe(19);
  expect(report.failures).toMatchObject([
    { path: 'test/entry/7', error: { code: 'pbx-refused', outcome: 'refused' } },
  ]);
});

test('a value that would inject never reaches the peer, and the rest of the batch is done', async () => {
  const { db, peer } = await connectedLink({});
  const report = await db.write([
    ['test/a', 'fine'],
    ['test/b', 'x\r\nAction: Originate\r\nChannel: Local/1@x\r\n\r\n'],
    ['test/c\r\nVal: y', 'fine'],
    ['test/d', 'fine'],
  ]);
  expect(report.failures).toMatchObject([
    { path: 'test/b', error: { code: 'pbx-invalid-value', outcome: 'not-sent' } },
    { path: 'test/c\r\nVal: y', error: { code: 'pbx-invalid-value', outcome: 'not-sent' } },
  ]);
  expect(report.done).toBe(2);
  const names = peer.actions.map((action) => action.name);
  expect(names.filter((name) => !['Challenge', 'Login', 'Filter'].includes(name))).toEqual([
    'DBPut',
    'DBPut',
  ]);
});

test('a batch that is cancelled awaits what is under way and says what was not sent', async () => {
  const abort = new AbortController();
  let seen = 0;
  const { db } = await connectedLink({
    onAction: () => {
      if (++seen === 300) abort.abort();
      return false;
    },
  });
  const report = await db.write(entries(5000), { signal: abort.signal });
  expect(report.done).toBeGreaterThan(0);
  expect(report.done + report.failures.length).toBe(5000);
  expect(new Set(report.failures.map(({ error }) => error.code))).toEqual(new Set(['pbx-cancelled']));
});
