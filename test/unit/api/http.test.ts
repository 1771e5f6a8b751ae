import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NOTES, startTestApp } from './support/test-app.ts';

let t: Awaited<ReturnType<typeof startTestApp>>;
beforeEach(async () => {
  t = await startTestApp();
});
afterEach(() => t.stop());

const post = (
  body: string | Uint8Array<ArrayBuffer>,
  contentType: string | null = 'application/json',
  more: Record<string, string> = {},
) => {
  const headers: Record<string, string> = { ...more };
  if (contentType !== null) headers['content-type'] = contentType;
  return t.call('POST', NOTES, { body, headers });
};
const bytes = (...values: (string | number)[]) =>
  Buffer.concat(
    values.map((value) => (typeof value === 'string' ? Buffer.from(value) : Buffer.from([value]))),
  );

test('every error is a problem document with code, sentence, help and request id', async () => {
  const answer = await t.call('GET', '/api/v1/nothing', { headers: { 'x-request-id': 'from-the-proxy.1' } });
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers.get('x-request-id')).toBe('from-the-proxy.1');
  expect(answer.problem).toMatchObject({
    type: '/docs/errors#not-found',
    status: 404,
    code: 'not-found',
    instance: 'urn:patchbay:request:from-the-proxy.1',
    errors: [],
  });
  const help = await t.call('GET', '/docs/errors');
  expect(help.text).toContain('id="not-found"');
});

test('a request id that is not sane is replaced', async () => {
  for (const sent of ['short', 'x'.repeat(65), 'with blank in it', '<script>alert(1)</script>']) {
    const id = (await t.call('GET', '/healthz', { headers: { 'x-request-id': sent } })).headers.get(
      'x-request-id',
    );
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('HEAD is GET without the body, OPTIONS and 405 say what there is', async () => {
  await t.call('POST', NOTES, { json: { title: 'A' } });
  const head = await t.call('HEAD', NOTES);
  const get = await t.call('GET', NOTES);
  expect([head.status, head.text]).toEqual([200, '']);
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  const options = await t.call('OPTIONS', NOTES, { key: null });
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS']);
  const wrong = await t.call('PUT', NOTES, { json: {} });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
  expect(wrong.problem.code).toBe('method-not-allowed');
});

test.each([
  ['not JSON', '{"title":', 400, 'malformed-request'],
  ['nothing', '', 400, 'malformed-request'],
  ['a text', '"A"', 422, 'validation-failed'],
  ['null', 'null', 422, 'validation-failed'],
  ['a list', '[]', 422, 'validation-failed'],
  ['deeper than anything', `{"title":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 422, 'validation-failed'],
  ['prototype pollution', '{"title":"A","__proto__":{"colour":"blue"}}', 422, 'validation-failed'],
  ['prototype pollution, escaped', '{"title":"A","\\u005f_proto__":{"x":1}}', 422, 'validation-failed'],
  ['constructor', '{"title":"A","constructor":{"prototype":{"x":1}}}', 422, 'validation-failed'],
  ['NUL', '{"title":"A\\u0000B"}', 422, 'validation-failed'],
  ['half an emoji', '{"title":"A\\ud83d"}', 422, 'validation-failed'],
])('a body that is %s', async (_name, body, status, code) => {
  const answer = await post(body);
  expect([answer.status, answer.problem.code]).toEqual([status, code]);
  expect(t.rows).toEqual([]);
  expect(({} as Record<string, unknown>).colour).toBeUndefined();
});

test('bytes that are not UTF-8 are refused, whole characters arrive as typed', async () => {
  const broken = await post(bytes('{"title":"', 0xe9, '"}'));
  expect([broken.status, broken.problem.code]).toEqual([400, 'malformed-request']);
  const title = 'Zoë 東京 👩‍👩‍👧 \u202eRTL';
  expect((await post(JSON.stringify({ title }))).json.title).toBe(title);
});

test.each([
  ['text/plain', 415],
  ['application/x-www-form-urlencoded', 415],
  ['application/json; charset=latin1', 415],
  ['application/json; charset=utf-16', 415],
  ['application/jsonp', 415],
  [null, 415],
  ['application/json', 201],
  ['application/json; charset=UTF-8', 201],
  ['Application/JSON;charset="utf-8"', 201],
])('content type %s', async (contentType, status) => {
  const answer = await post(bytes('{"title":"A"}'), contentType);
  expect(answer.status).toBe(status);
});

test('compressed bodies are read, limited by what they unpack to, and refused when broken', async () => {
  const gzip = { 'content-encoding': 'gzip' };
  expect((await post(Uint8Array.from(gzipSync('{"title":"A"}')), 'application/json', gzip)).status).toBe(201);
  const bomb = Uint8Array.from(gzipSync(`{"title":"${'x'.repeat(20_000_000)}"}`));
  expect(bomb.length).toBeLessThan(30_000);
  expect((await post(bomb, 'application/json', gzip)).status).toBe(413);
  expect((await post('{"title":"B"}', 'application/json', gzip)).status).toBe(400);
  expect((await post('{}', 'application/json', { 'content-encoding': 'compress' })).status).toBe(415);
});

test('unknown, doubled and misread query parameters are named', async () => {
  const answer = await t.call('GET', `${NOTES}?serach=x&limit=1&limit=2&open=yes&colour=red&colour=pink`);
  expect(answer.status).toBe(422);
  const at = Object.fromEntries(answer.problem.errors.map((error) => [error.path, error]));
  expect(at['/serach']).toEqual({
    in: 'query',
    path: '/serach',
    message: 'This query parameter is not known here. Check its spelling or leave it out.',
  });
  expect(at['/limit']?.message).toBe('This is given more than once. Give it once.');
  expect(at['/open']?.message).toBe('Send one of "true", "false".');
  expect(at['/colour/1']?.message).toBe('Send one of "red", "blue".');
  expect((await t.call('GET', `${NOTES}?colour=red&colour=blue&open=false`)).status).toBe(200);
  for (const limit of ['0', '201', 'x', '1.5', '1e9', '-1']) {
    const { status } = await t.call('GET', `${NOTES}?limit=${limit}`);
    expect([limit, status]).toEqual([limit, 422]);
  }
  expect((await t.call('GET', `${NOTES}?__proto__=1`)).status).toBe(422);
});

test('addresses that are badly encoded or name no id', async () => {
  expect((await t.call('GET', `${NOTES}/%zz`)).problem.code).toBe('malformed-request');
  const noId = await t.call('GET', `${NOTES}/1`);
  expect([noId.status, noId.problem.errors]).toEqual([
    422,
    [{ in: 'path', path: '/note', message: 'Send an id as it was given (a UUID).' }],
  ]);
});

test('answers carry the headers that a browser needs to be safe', async () => {
  const { headers } = await t.call('GET', NOTES);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("script-src 'self' 'unsafe-inline'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-powered-by')).toBeNull();
});
