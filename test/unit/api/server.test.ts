import { once } from 'node:events';
import { Agent, type ClientRequest, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../../src/api/server.ts';

const silent = pino({ level: 'silent' });
let server: RunningServer;
const agent = new Agent({ keepAlive: true });
afterEach(async () => {
  await server.stop(0);
  agent.destroy();
});

/** An app whose answers a test lets go one by one. */
function heldApp() {
  const held: (() => void)[] = [];
  return {
    held,
    draining: false,
    drain() {
      this.draining = true;
    },
    handler(_req: unknown, res: { end(text: string): void }) {
      held.push(() => res.end('done'));
    },
  };
}

async function answerOf(
  request: ClientRequest,
): Promise<{ status: number; text: string; connection?: string }> {
  const [res] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of res) text += chunk;
  return { status: res.statusCode!, text, connection: res.headers.connection };
}

const opened = async (app: ReturnType<typeof heldApp>) => {
  server = await startServer({ app, host: '127.0.0.1', port: 0, logger: silent });
  return server;
};

test('stopping takes nothing new, lets work end, and closes connections that are kept open', async () => {
  const app = heldApp();
  const { url, port, stop } = await opened(app);
  const idle = connect(port, '127.0.0.1');
  await once(idle, 'connect');
  const working = answerOf(get(url, { agent }));
  await expect.poll(() => app.held.length).toBe(1);

  const stopped = stop(30_000);
  expect(app.draining).toBe(true);
  await expect.poll(() => refused(port)).toBe(true);
  app.held[0]!();
  expect(await working).toMatchObject({ status: 200, text: 'done' });
  idle.destroy();
  // Without closing the kept-alive connection this would last until its timeout, 65 s.
  expect(await stopped).toEqual({ cut: false });
});

test('what does not end by the deadline is cut, and that is told', async () => {
  const app = heldApp();
  const { url, stop } = await opened(app);
  const hanging = answerOf(get(url, { agent })).catch((error: NodeJS.ErrnoException) => error.code);
  await expect.poll(() => app.held.length).toBe(1);
  expect(await stop(50)).toEqual({ cut: true });
  expect(await hanging).toBe('ECONNRESET');
});

test('stopping twice is stopping once', async () => {
  const { stop } = await opened(heldApp());
  expect(await Promise.all([stop(1000), stop(1000)])).toEqual([{ cut: false }, { cut: false }]);
});

test('a port that is taken is said so', async () => {
  const { port } = await opened(heldApp());
  const second = startServer({ app: heldApp(), host: '127.0.0.1', port, logger: silent });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('an upgrade that nobody takes is refused, and half a request harms nothing', async () => {
  const { port, url } = await opened(heldApp());
  const upgrade = connect(port, '127.0.0.1');
  upgrade.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const [first] = await once(upgrade, 'data');
  expect(String(first)).toMatch(/^HTTP\/1\.1 404 /);
  const broken = connect(port, '127.0.0.1');
  broken.write('\0\0\0 garbage\r\n\r\n');
  const [second] = await once(broken, 'data');
  expect(String(second)).toMatch(/^HTTP\/1\.1 400 /);
  expect(url).toBe(`http://127.0.0.1:${port}`);
});

async function refused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => false),
    new Promise<boolean>((resolve) => socket.once('error', () => resolve(true))),
  ]).catch(() => true);
  socket.destroy();
  return outcome;
}
