import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import * as answers from '../../../src/pbx/ari/answers.ts';
import { AriClient } from '../../../src/pbx/ari/client.ts';
import { outcomeOf } from '../../support/faulty-link.ts';

const PASSWORD = 'correct-horse-battery';

async function ariServer(handler: http.RequestListener): Promise<{ ari: AriClient; server: http.Server }> {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}/ari/`;
  return {
    ari: new AriClient({ baseUrl, username: 'patchbay', password: PASSWORD, deadlineMs: 300 }),
    server,
  };
}

const askEndpoint = (ari: AriClient) => ari.read(answers.endpoint, 'GET', { path: '/endpoints/PJSIP/a' });

test('signs in by header: the address holds no secret', async () => {
  const seen: string[] = [];
  const { ari } = await ariServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`);
    response.end('{"technology":"PJSIP","state":"online","channel_ids":[]}');
  });
  expect(await askEndpoint(ari)).toEqual({ state: 'online', channel_ids: [] });
  const basic = Buffer.from(`patchbay:${PASSWORD}`).toString('base64');
  expect(seen).toEqual([`/ari/endpoints/PJSIP/a Basic ${basic}`]);
});

test.each([
  [404, '{"message":"Endpoint not found"}', { code: 'pbx-no-such-object', outcome: 'refused' }],
  [400, '{"message":"Invalid parameter"}', { code: 'pbx-refused', outcome: 'refused' }],
  [500, '{"error":"Allocation failed"}', { code: 'pbx-refused', outcome: 'refused' }],
  [503, '<html>busy</html>', { code: 'pbx-refused', outcome: 'refused' }],
  [401, '', { code: 'pbx-login-refused', outcome: 'refused' }],
  [403, '{"message":"Forbidden"}', { code: 'pbx-login-refused', outcome: 'refused' }],
  [200, '{"state":"online"}', { code: 'pbx-bad-answer', outcome: 'unknown' }],
  [200, '[]', { code: 'pbx-bad-answer' }],
  [200, '<html></html>', { code: 'pbx-bad-answer' }],
  [200, '', { code: 'pbx-bad-answer' }],
  [302, '', { code: 'pbx-connection-lost' }],
])('an answer with status %i and body %j', async (status, body, expected) => {
  const { ari } = await ariServer((_, response) => {
    response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end(body);
  });
  const error = await outcomeOf(askEndpoint(ari));
  expect(error).toMatchObject(expected);
  expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain(PASSWORD);
});

test('a server that never answers, or never finishes, ends at the deadline with the outcome unknown', async () => {
  const { ari } = await ariServer((request, response) => {
    if (request.method === 'GET') response.write('{"state":');
  });
  expect(await outcomeOf(askEndpoint(ari))).toMatchObject({ code: 'pbx-timeout', outcome: 'unknown' });
  const deleting = ari.call('DELETE', { path: '/channels/1' });
  expect(await outcomeOf(deleting)).toMatchObject({ code: 'pbx-timeout', outcome: 'unknown' });
});

test('a connection cut in the middle leaves the outcome unknown; one that never was, does not', async () => {
  const { ari, server } = await ariServer((request) => request.socket.destroy());
  expect(await outcomeOf(askEndpoint(ari))).toMatchObject({
    code: 'pbx-connection-lost',
    outcome: 'unknown',
  });
  server.close();
  await once(server, 'close');
  expect(await outcomeOf(askEndpoint(ari))).toMatchObject({ code: 'pbx-not-connected', outcome: 'not-sent' });
});

test('times are read with the offset as Asterisk writes it', () => {
  const info = answers.asteriskInfo.parse({
    system: { version: '22' },
    config: { name: '' },
    status: {
      startup_time: '2026-11-21T21:20:50.815+0100',
      last_reload_time: '2026-11-21T21:20:50.815+0000',
    },
  });
  expect(info.status.startup_time.toISOString()).toBe('2026-11-21T20:20:50.815Z');
});
