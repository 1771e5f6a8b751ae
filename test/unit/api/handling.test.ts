import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { defineRoute, media } from '../../../src/api/route.ts';
import { startTestApp } from './support/test-app.ts';

let t: Awaited<ReturnType<typeof startTestApp>>;
afterEach(() => t.stop());

const about = { summary: 's', tag: 't', permission: 'public' } as const;

test('Prefer: wait is read, cut to 30 s, and ignored where it makes no sense', async () => {
  t = await startTestApp([
    defineRoute({
      ...about,
      method: 'get',
      path: '/waits',
      wait: true,
      response: { 200: z.object({ seconds: z.number() }) },
      handler: async ({ waitSeconds }) => ({ status: 200, body: { seconds: waitSeconds } }),
    }),
  ]);
  const seconds = async (prefer?: string) =>
    (await t.call('GET', '/waits', { headers: prefer === undefined ? {} : { prefer } })).json.seconds;
  expect(await seconds()).toBe(0);
  expect(await seconds('wait=5')).toBe(5);
  expect(await seconds('respond-async, wait = "7"; x=1')).toBe(7);
  expect(await seconds('wait=999')).toBe(30);
  for (const odd of ['wait=-1', 'wait=x', 'waiting=5', 'await=5', 'wait='])
    expect(await seconds(odd)).toBe(0);
});

test('work is told when the caller has gone', async () => {
  let aborted = 0;
  let working = 0;
  t = await startTestApp([
    defineRoute({
      ...about,
      method: 'get',
      path: '/slow',
      response: { 204: null },
      handler: async ({ signal }) => {
        working += 1;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        aborted += 1;
        return { status: 204 };
      },
    }),
  ]);
  const caller = new AbortController();
  const call = t.call('GET', '/slow', { signal: caller.signal }).catch((error: Error) => error.name);
  await expect.poll(() => working).toBe(1);
  caller.abort();
  expect(await call).toBe('AbortError');
  await expect.poll(() => aborted).toBe(1);
});

test('a file is streamed; one that breaks off is not taken for whole', async () => {
  const file = (chunks: () => Iterable<string>) => Readable.from(chunks());
  t = await startTestApp([
    defineRoute({
      ...about,
      method: 'get',
      path: '/export/:name',
      params: z.object({ name: z.enum(['whole', 'broken']) }),
      response: { 200: media('text/csv; charset=utf-8') },
      handler: async ({ params }) => ({
        status: 200,
        headers: { 'Content-Disposition': 'attachment; filename="users.csv"' },
        body: file(function* () {
          yield 'a,b\n';
          if (params.name === 'broken') throw new Error('the database went away');
          yield '1,2\n';
        }),
      }),
    }),
  ]);
  const whole = await t.call('GET', '/export/whole');
  expect([whole.status, whole.text]).toEqual([200, 'a,b\n1,2\n']);
  expect(whole.headers.get('content-disposition')).toContain('users.csv');
  const head = await t.call('HEAD', '/export/whole');
  expect([head.status, head.text]).toEqual([200, '']);
  await expect(t.call('GET', '/export/broken')).rejects.toThrow();
  expect(t.logs()).toContain('the database went away');
  expect((await t.call('GET', '/export/whole')).status).toBe(200);
});

test('a stream cannot be promised to be repeatable', async () => {
  t = await startTestApp();
  const define = () =>
    defineRoute({
      ...about,
      method: 'post',
      path: '/x',
      body: null,
      idempotent: true,
      response: { 200: media('text/csv') },
      handler: async () => ({ status: 200, body: '' }),
    });
  expect(define).toThrow('cannot be kept');
});
