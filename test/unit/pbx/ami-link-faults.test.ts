import net from 'node:net';
import { expect, test } from 'vitest';
import { PbxError } from '../../../src/pbx/pbx-error.ts';
import { connectedLink, entries, faultyLink, outcomeOf, SECRET } from '../../support/faulty-link.ts';
import { until } from '../../support/until.ts';

test('a refused login is told, tried again slowly, and taken up once the account is right', async () => {
  let refuse = true;
  const { ami, peer, history } = await faultyLink({
    onAction: (action, peer) => {
      if (action.name !== 'Login' || !refuse) return false;
      peer.send('Response: Error', `ActionID: ${action.id}`, 'Message: Authentication failed');
      peer.socket.end();
      return true;
    },
  });
  await until('refused', () => ami.state === 'login-refused');
  expect(ami.reason).toMatchObject({ code: 'pbx-login-refused' });
  expect(await outcomeOf(ami.ask('DBPut', []))).toMatchObject({ code: 'pbx-not-connected' });
  await until('refused twice', () => history.filter((h) => h.state === 'login-refused').length === 2);
  // Slowly: had it been the back-off for lost connections, a dozen tries would lie between the two.
  expect(peer.actions.filter((action) => action.name === 'Login')).toHaveLength(2);
  refuse = false;
  await until('connected', () => ami.state === 'connected');
});

test('the secret neither crosses the network nor stands in an error', async () => {
  const { peer, ami, history } = await faultyLink({
    onAction: (action, peer) => {
      if (action.name !== 'Login') return false;
      peer.send('Response: Error', `ActionID: ${action.id}`, 'Message: Authentication failed');
      return true;
    },
  });
  await until('refused', () => ami.state === 'login-refused');
  const said = peer.actions.map((action) =>
    ['Secret', 'Key', 'Username', 'AuthType'].map((name) => action.field(name)).join(),
  );
  expect(said.join()).not.toContain(SECRET);
  expect(history.map(({ reason }) => `${reason?.message}${reason?.stack}`).join()).not.toContain(SECRET);
});

test.each([
  ['nothing', null],
  ['half a banner', 'Asterisk Call'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['bytes that are no text', '\u0000\u0001\u0002\u0003'],
])('a peer that opens with %s never counts as connected and is tried again', async (_, banner) => {
  let connections = 0;
  const { ami, history } = await faultyLink(
    {
      banner,
      onConnection: () => {
        connections++;
      },
    },
    { connectMs: 50 },
  );
  await until('three tries', () => connections >= 3);
  expect(history.every(({ state }) => state !== 'connected')).toBe(true);
  expect(ami.reason).toBeInstanceOf(PbxError);
});

test('a PBX that is still booting gets nothing to do until it is up', async () => {
  let boot = () => {};
  const { ami, db, peer } = await faultyLink(
    {
      onAction: (action, peer) => {
        if (action.name !== 'Login') return false;
        peer.succeed(action);
        boot = () => peer.send('Event: FullyBooted', 'Uptime: 1');
        return true;
      },
    },
    { bootMs: 10_000 },
  );
  await until('booting', () => ami.state === 'booting');
  expect(await db.write(entries(3))).toMatchObject({ done: 0, failures: [{}, {}, {}] });
  boot();
  await until('connected', () => ami.state === 'connected');
  expect(peer.actions.some((action) => action.name === 'DBPut')).toBe(false);
});

test('an account that may not read FullyBooted is told so instead of waiting for ever', async () => {
  const { ami } = await faultyLink(
    {
      onAction: (action, peer) => {
        if (action.name !== 'Login') return false;
        peer.succeed(action);
        return true;
      },
    },
    { bootMs: 50 },
  );
  await until('given up', () => ami.state === 'disconnected');
  expect(ami.reason.message).toContain('read = system');
});

test('a flood of events neither loses an answer nor an event', async () => {
  const { db, events } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBPut') return false;
      for (let i = 0; i < 20; i++) peer.send('Event: Hangup', `Uniqueid: ${action.field('Key')}.${i}`);
      peer.succeed(action);
      return true;
    },
  });
  expect(await db.write(entries(2000))).toEqual({ done: 2000, failures: [] });
  expect(events).toHaveLength(40_000);
  expect(events[41]?.get('Uniqueid')).toBe('entry/2.1');
});

test('an event of the dialplan cannot pose as an answer, whatever fields it carries', async () => {
  const { db, events } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBPut') return false;
      peer.send('Event: UserEvent', 'UserEvent: X', 'Response: Success', `ActionID: ${action.id}`);
      peer.send('Event: UserEvent', 'UserEvent: Y', 'Response: Error');
      peer.send('Response: Error', `ActionID: ${action.id}`, 'Message: no');
      return true;
    },
  });
  expect(await db.write(entries(1))).toMatchObject({
    done: 0,
    failures: [{ error: { code: 'pbx-refused' } }],
  });
  expect(events.map((event) => event.get('UserEvent'))).toContain('Y');
});

test('a huge list arrives whole; a message without an end costs the connection, not the process', async () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => [
    'Event: R',
    `Key: /test/${i}`,
    `Val: ${'x'.repeat(100)}`,
  ]);
  let endless = false;
  const { db, ami } = await connectedLink(
    {
      onAction: (action, peer) => {
        if (action.name !== 'DBGetTree') return false;
        if (!endless) peer.list(action, rows);
        else for (let i = 0; i < 36; i++) peer.raw('x'.repeat(1024 * 1024));
        return true;
      },
    },
    { actionMs: 20_000 },
  );
  expect((await db.readTree('test')).size).toBe(50_000);
  endless = true;
  expect(await outcomeOf(db.readTree('test'))).toMatchObject({ code: 'pbx-bad-answer' });
  await until('connected again', () => ami.state === 'connected');
});

test('invalid UTF-8 in one entry leaves the others as they are', async () => {
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name !== 'DBGetTree') return false;
      peer.succeed(action, 'EventList: start');
      const head = `Event: R\r\nActionID: ${action.id}\r\nKey: /test/bad\r\nVal: `;
      peer.raw(Buffer.concat([Buffer.from(head), Buffer.from([0x80, 0xff, 0xc3]), Buffer.from('\r\n\r\n')]));
      peer.send('Event: R', 'Key: /test/good', 'Val: é😀', `ActionID: ${action.id}`);
      peer.send('Event: E', `ActionID: ${action.id}`, 'EventList: Complete', 'ListItems: 2');
      return true;
    },
  });
  expect([...(await db.readTree('test'))]).toEqual([
    ['test/bad', '\ufffd\ufffd\ufffd'],
    ['test/good', 'é😀'],
  ]);
});

test('a peer that stops reading for a while gets everything in the end', async () => {
  const { db } = await connectedLink({
    onAction: (action, peer) => {
      if (action.name === 'DBPut' && action.field('Key') === 'k0') {
        peer.socket.pause();
        setTimeout(() => peer.socket.resume(), 100);
      }
      return false;
    },
  });
  const many = Array.from({ length: 3000 }, (_, i) => [`test/k${i}`, 'x'.repeat(1000)] as const);
  expect(await db.write(many)).toEqual({ done: 3000, failures: [] });
});

test('while the PBX is away it is tried again and again, and the pauses grow to their limit', async () => {
  const { ami, peer, history } = await connectedLink({});
  await peer.close();
  await until('ten tries', () => history.filter((h) => h.state === 'connecting').length >= 11);
  expect(ami.state).not.toBe('connected');
  const server = net.createServer().listen(peer.port, '127.0.0.1');
  await until(
    'it knocks again',
    () => new Promise((resolve) => server.once('connection', () => resolve(true))),
  );
  server.close();
});

test('closing ends what is under way, at once and for good', async () => {
  const { ami, db, peer } = await connectedLink({ onAction: (action) => action.name === 'DBPut' });
  const writing = db.write(entries(500));
  await until('under way', () => peer.actions.some((action) => action.name === 'DBPut'));
  await ami.close();
  const report = await writing;
  expect(report.done).toBe(0);
  expect(report.failures).toHaveLength(500);
  expect(await outcomeOf(ami.ask('Ping', []))).toMatchObject({ code: 'pbx-not-connected' });
  await until('no connection is left', () => peer.connections() === 0);
});
