import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { defineRoute } from '../../../src/api/route.ts';
import { routeTable } from '../../../src/api/route-table.ts';
import { DomainError } from '../../../src/domain/errors.ts';
import { NOTES, startTestApp } from './support/test-app.ts';

let t: Awaited<ReturnType<typeof startTestApp>>;
afterEach(() => t.stop());

const failing = defineRoute({
  method: 'post',
  path: '/api/v1/fail',
  summary: 'Fails in the way that is asked for',
  tag: 'test',
  permission: 'public',
  body: z.strictObject({
    how: z.enum(['throw', 'wrong-answer', 'hang', 'known']),
    password: z.string().optional(),
  }),
  response: { 200: z.object({ name: z.string() }) },
  deadlineSeconds: 0.2,
  handler: async ({ body, signal }) => {
    if (body.how === 'throw')
      throw new Error(`insert failed for ${body.password} pbk_0123456789abcdef_${'a'.repeat(64)}`);
    if (body.how === 'known') throw new DomainError('pbx-not-connected', 'The PBX is away.');
    if (body.how === 'hang') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { status: 200, body: { name: 5 as unknown as string } };
  },
});
const fail = (how: string, password?: string) =>
  t.call('POST', '/api/v1/fail', { key: null, json: { how, password } });

test('a fault of ours is a 500 that says nothing, and the log has it under the request id', async () => {
  t = await startTestApp([failing]);
  const answer = await fail('throw', 'hunter2-hunter2');
  expect([answer.status, answer.problem.code]).toEqual([500, 'internal']);
  expect(answer.text).not.toContain('insert failed');
  const line = t
    .logs()
    .split('\n')
    .map((text) => (text === '' ? {} : JSON.parse(text)))
    .find((entry) => entry.msg === 'request failed');
  expect(line.requestId).toBe(answer.headers.get('x-request-id'));
  expect(line.err.message).toContain('insert failed');
  expect(line.err.at[0]).toContain('operations.test.ts');
  expect(t.logs()).not.toContain('a'.repeat(64));
  expect(t.logs()).not.toContain('hunter2');
});

test('an answer that does not fit its schema is our fault, not sent, and named without its values', async () => {
  t = await startTestApp([failing]);
  expect((await fail('wrong-answer')).status).toBe(500);
  expect(t.logs()).toContain('the answer does not fit its schema at name (invalid_type)');
});

test('work that hangs is answered in time, and told to stop', async () => {
  t = await startTestApp([failing]);
  const answer = await fail('hang');
  expect([answer.status, answer.problem.code]).toEqual([503, 'timed-out']);
  expect(answer.headers.get('retry-after')).toBe('5');
});

test('a known refusal is no fault: nothing is logged as an error', async () => {
  t = await startTestApp([failing]);
  expect((await fail('known')).status).toBe(503);
  expect(t.logs()).not.toContain('request failed');
});

test('one line for each request, with who and where, and without keys, bodies, headers or query values', async () => {
  t = await startTestApp();
  await t.call('POST', `${NOTES}?search=needle-in-query`, {
    json: { title: 'needle-in-body' },
    headers: { 'x-needle': 'needle-in-header', cookie: 'session=needle-in-cookie' },
  });
  await t.call('GET', `/api/v1/${t.key}`);
  await t.call('GET', `${NOTES}/${t.key}?key=${t.key}`, { key: `${t.key}x` });
  const secret = t.key.slice(-64);
  await expect.poll(() => t.logs().match(/"msg":"request"/g)?.length).toBe(3);
  expect(t.logs()).not.toContain('needle');
  expect(t.logs()).not.toContain(secret);
  const first = JSON.parse(t.logs().split('\n')[0]!);
  expect(first).toMatchObject({
    method: 'POST',
    path: NOTES,
    route: '/api/v1/tenants/:tenant/notes',
    status: 422,
    problem: 'validation-failed',
    tenantId: '11111111-1111-4111-8111-111111111111',
    actorId: t.key.split('_')[1],
  });
});

test('alive says only that; ready looks at each thing', async () => {
  const state = { database: true, pbx: true };
  t = await startTestApp([], {
    healthChecks: [
      {
        name: 'database',
        check: async () => {
          if (!state.database) throw new Error('connect postgres://patchbay:hunter2@db');
          return undefined;
        },
      },
      {
        name: 'pbx',
        required: false,
        check: async () => {
          if (!state.pbx) throw new DomainError('pbx-not-connected', 'Node 1 refuses the login.');
          return '1 of 1 nodes';
        },
      },
    ],
  });
  const ready = () => t.call('GET', '/readyz', { key: null });
  expect((await t.call('GET', '/healthz', { key: null })).json).toEqual({ status: 'alive' });
  expect((await ready()).json).toMatchObject({
    status: 'ready',
    checks: { pbx: { ok: true, note: '1 of 1 nodes' } },
  });
  state.pbx = false;
  const degraded = await ready();
  expect([degraded.status, degraded.json.checks.pbx.note]).toEqual([200, 'Node 1 refuses the login.']);
  state.database = false;
  const away = await ready();
  expect([away.status, away.json.status]).toEqual([503, 'not-ready']);
  expect(away.text).not.toContain('hunter2');
  expect((await t.call('GET', '/healthz', { key: null })).status).toBe(200);
  state.database = true;
  t.app.drain();
  const last = await ready();
  expect([last.status, last.json.status, last.headers.get('connection')]).toEqual([
    503,
    'shutting-down',
    'close',
  ]);
});

test('metrics count by route, never by address', async () => {
  t = await startTestApp();
  await t.call('GET', NOTES);
  await t.call('GET', '/no/such/address');
  const page = await t.call('GET', '/metrics', { key: null });
  expect(page.text).toContain(
    'http_request_duration_seconds_count{method="GET",route="/api/v1/tenants/:tenant/notes",status="200"} 1',
  );
  expect(page.text).toContain('route="none",status="404"} 1');
  expect(page.text).not.toContain('/no/such/address');
  expect(page.text).toContain('process_cpu_seconds_total');
});

test('the console is served for pages, its files by name, and never in place of the API', async () => {
  const publicDir = mkdtempSync(path.join(tmpdir(), 'console-'));
  writeFileSync(path.join(publicDir, 'index.html'), '<p>console</p>');
  writeFileSync(path.join(publicDir, 'app.js'), 'let a;');
  t = await startTestApp([], { publicDir });
  const html = { accept: 'text/html' };
  for (const page of ['/', '/users', '/users/1?x=y'])
    expect((await t.call('GET', page, { key: null, headers: html })).text).toBe('<p>console</p>');
  expect((await t.call('GET', '/app.js', { key: null })).headers.get('content-type')).toContain('javascript');
  for (const page of ['/api/v1/nothing', '/missing.js', '/../package.json', '/..%2fpackage.json'])
    expect([
      page,
      (await t.call('GET', page, { key: null, headers: html })).text.includes('"dependencies"'),
    ]).toEqual([page, false]);
  expect((await t.call('GET', '/api/v1/nothing', { key: null, headers: html })).status).toBe(404);
  expect((await t.call('GET', '/missing.js', { key: null, headers: html })).status).toBe(404);
  rmSync(publicDir, { recursive: true });
});

test('two routes cannot claim one address, and fixed segments win', async () => {
  t = await startTestApp();
  const make = (where: '/a/:x' | '/a/next') =>
    defineRoute({
      method: 'get',
      path: where,
      summary: 's',
      tag: 't',
      permission: 'public',
      params: z.object({ x: z.string() }),
      response: { 200: z.object({ at: z.string() }) },
      handler: async () => ({ status: 200, body: { at: where } }),
    } as never);
  expect(() => routeTable([make('/a/:x'), make('/a/:x')], async () => {})).toThrow('defined twice');
  const other = { ...make('/a/:x'), path: '/a/:y' };
  expect(() => routeTable([make('/a/:x'), other], async () => {})).toThrow('two names');
  const next = { ...make('/a/next'), params: null };
  const both = await startTestApp([make('/a/:x'), next]);
  expect((await both.call('GET', '/a/next')).json).toEqual({ at: '/a/next' });
  expect((await both.call('GET', '/a/other')).json).toEqual({ at: '/a/:x' });
  await both.stop();
});
