import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type RunningServer, startServer } from '../../../src/api/server.ts';
import { createWsProxy, type WsProxy, type WsProxyOptions } from '../../../src/api/ws-proxy.ts';

const app = { handler: (_req: unknown, res: { end(): void }) => res.end(), drain: () => {} };

let pbx: WebSocketServer;
let proxy: WsProxy;
let server: RunningServer;
let logs: string;
const atPbx: WebSocket[] = [];

async function start(options: Partial<WsProxyOptions> = {}) {
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logs += String(chunk);
      done();
    },
  });
  const logger = pino({ level: 'trace' }, sink);
  const target = `ws://127.0.0.1:${(pbx.address() as AddressInfo).port}/ws`;
  const targetOf = (path: string) => (path === '/ws' ? target : null);
  proxy = createWsProxy({ targetOf, logger, ...options });
  server = await startServer({ app, host: '127.0.0.1', port: 0, logger, wsProxy: proxy });
}

beforeEach(async () => {
  logs = '';
  atPbx.length = 0;
  // Like Asterisk: takes only `sip`. The first side to speak may well be this one.
  pbx = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (names) => (names.has('sip') ? 'sip' : false),
  });
  await once(pbx, 'listening');
  pbx.on('connection', (socket) => {
    atPbx.push(socket);
    socket.on('error', () => undefined);
    socket.send('hello from the PBX');
  });
});
afterEach(async () => {
  await server.stop(0);
  for (const client of pbx.clients) client.terminate();
  pbx.close();
});

function browser(
  path = '/ws',
  protocols: string[] = ['sip'],
  headers: Record<string, string> = {},
): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols, { headers });
  socket.on('error', () => undefined);
  return socket;
}
const statusOf = async (socket: WebSocket): Promise<number> => {
  const [, res] = await once(socket, 'unexpected-response');
  return res.statusCode;
};
async function opened(): Promise<WebSocket> {
  const socket = browser();
  const hello = once(socket, 'message');
  await once(socket, 'open');
  // Also what the PBX said before the browser was let in has arrived.
  expect(String((await hello)[0])).toBe('hello from the PBX');
  return socket;
}

test('text and bytes pass both ways as they are, and the subprotocol is sip', async () => {
  await start();
  const phone = await opened();
  expect([phone.protocol, atPbx[0]!.protocol]).toEqual(['sip', 'sip']);
  const register = 'REGISTER sip:x SIP/2.0\r\nAuthorization: Digest response="needle"\r\n\r\n';
  phone.send(register);
  expect((await once(atPbx[0]!, 'message'))[0].toString()).toBe(register);
  atPbx[0]!.send(Buffer.from([0, 255, 1]));
  const [data, isBinary] = await once(phone, 'message');
  expect([isBinary, [...data]]).toEqual([true, [0, 255, 1]]);
  phone.close();
  await once(phone, 'close');
  expect(logs).not.toContain('needle');
});

test('a side that goes takes the other with it, and says why', async () => {
  await start();
  const first = await opened();
  first.close(4001, 'page closed');
  const [code, reason] = await once(atPbx[0]!, 'close');
  expect([code, String(reason)]).toEqual([4001, 'page closed']);

  const second = await opened();
  atPbx[1]!.close(1012);
  expect((await once(second, 'close'))[0]).toBe(1012);

  const third = await opened();
  atPbx[2]!.terminate();
  expect((await once(third, 'close'))[0]).toBe(1001);

  const fourth = await opened();
  fourth.terminate();
  await once(atPbx[3]!, 'close');
  await expect.poll(() => proxy.connections()).toBe(0);
});

test('what is not the webphone of this console is refused', async () => {
  await start({ maxConnections: 1, allowedOrigins: ['https://intranet.example'] });
  expect(await statusOf(browser('/other'))).toBe(404);
  expect(await statusOf(browser('/ws', []))).toBe(400);
  expect(await statusOf(browser('/ws', ['mqtt']))).toBe(400);
  expect(await statusOf(browser('/ws', ['sip'], { origin: 'https://evil.example' }))).toBe(403);
  expect(await statusOf(browser('/ws', ['sip'], { origin: 'null' }))).toBe(403);
  for (const origin of [`http://127.0.0.1:${server.port}`, 'https://intranet.example']) {
    const allowed = browser('/ws', ['sip'], { origin });
    await once(allowed, 'open');
    expect(await statusOf(browser())).toBe(503);
    allowed.close();
    await expect.poll(() => proxy.connections()).toBe(0);
  }
});

test('a PBX that is away is told before the browser believes to be connected', async () => {
  await start({ targetOf: () => 'ws://127.0.0.1:1/ws' });
  expect(await statusOf(browser())).toBe(502);
  await expect.poll(() => proxy.connections()).toBe(0);
});

test('a message that is too long ends the connection, not the process', async () => {
  await start({ maxMessageBytes: 1000 });
  const phone = await opened();
  phone.send('x'.repeat(1001));
  expect((await once(phone, 'close'))[0]).toBe(1009);
  const other = await opened();
  atPbx[1]!.send('x'.repeat(1001));
  await once(other, 'close');
  await expect.poll(() => proxy.connections()).toBe(0);
});

test('a browser that does not read makes the PBX wait instead of filling our memory', async () => {
  await start();
  const phone = await opened();
  phone.pause();
  const chunk = 'x'.repeat(60_000);
  let written = 0;
  const total = 2000;
  for (let i = 0; i < total; i++) atPbx[0]!.send(chunk, () => written++);
  // 120 MB were offered; only what socket buffers hold gets away until the browser reads on.
  let before = -1;
  const settled = () => {
    const same = written === before;
    before = written;
    return same;
  };
  await expect.poll(settled, { interval: 200 }).toBe(true);
  expect(written).toBeLessThan(total / 2);
  let received = 0;
  phone.on('message', () => received++);
  phone.resume();
  await expect.poll(() => received, { timeout: 20_000 }).toBe(total);
});

test('a side that answers no ping is gone', async () => {
  await start({ pingEveryMs: 50 });
  const phone = await opened();
  phone.pause();
  await once(atPbx[0]!, 'close');
  await expect.poll(() => proxy.connections()).toBe(0);
});

test('stopping says goodbye to those who talk and cuts those who do not', async () => {
  await start();
  const polite = await opened();
  const deaf = await opened();
  deaf.pause();
  const goodbye = once(polite, 'close');
  await server.stop(300);
  expect((await goodbye)[0]).toBe(1001);
  expect(proxy.connections()).toBe(0);
});
