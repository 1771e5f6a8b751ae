import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NOTES, startTestApp } from './support/test-app.ts';

const SEED = Number(process.env.FUZZ_SEED ?? randomBytes(4).readUInt32BE());
const RUNS = 1500;

let t: Awaited<ReturnType<typeof startTestApp>>;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

/** By node:http, which sends what fetch would refuse to. Resolves with the answer. */
function send(method: string, path: string, headers: Record<string, string>, body: Buffer) {
  return new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: t.port,
        method,
        path,
        headers: { ...headers, 'content-length': body.length },
      },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk) => chunks.push(chunk));
        res.on('end', () =>
          resolve({
            status: res.statusCode!,
            type: String(res.headers['content-type'] ?? ''),
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const naughty = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  '\0',
  '\ud800',
  '%',
  '%%',
  `\${7*7}`,
  "' OR 1=1 --",
  '../../etc/passwd',
  '\u202e',
  '\ufeff',
  'NaN',
  'null',
  '1e999',
  '-0',
  '9'.repeat(400),
  '𝟙',
  '\r\nX-Evil: 1',
  '<script>',
  '[object Object]',
);
const word = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), naughty);
const value: fc.Arbitrary<unknown> = fc.oneof(
  word,
  fc.jsonValue(),
  fc.constantFrom(1e308, -1, [], {}, [[[]]], { a: { b: [null] } }),
);
const body = fc.oneof(
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(300_000, 'x')) },
  {
    weight: 4,
    arbitrary: fc
      .dictionary(fc.oneof(fc.constantFrom('title', 'text', 'colour'), word), value)
      .map((o) => Buffer.from(JSON.stringify(o))),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ title: word, text: fc.option(word), colour: fc.constantFrom('red', 'blue', 'pink') })
      .map((o) => Buffer.from(JSON.stringify(o))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', '{', '"', '[1,]', '{"title":"\\ud800"}', '{"__proto__":null}', '['.repeat(5000))
      .map((s) => Buffer.from(s)),
  },
);
const segment = fc
  .oneof(word, fc.constantFrom('notes', NOTE_ID(), '.', '..'))
  .map((s) => encodeURIComponent(s.replaceAll(/\p{Surrogate}/gu, '')));
function NOTE_ID() {
  return '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
}
const query = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom('limit', 'cursor', 'search', 'colour', 'open'), word), word), {
    maxLength: 4,
  })
  .map((pairs) =>
    new URLSearchParams(
      pairs.map(([a, b]): [string, string] => [
        a.replaceAll(/\p{Surrogate}/gu, ''),
        b.replaceAll(/\p{Surrogate}/gu, ''),
      ]),
    ).toString(),
  );
const rawTail = fc.constantFrom(
  '',
  '%',
  '%zz',
  '%00',
  '%ff%fe',
  '//',
  '/;x',
  '?%',
  '?&&==&',
  '?a[b][c]=1',
  '?__proto__[x]=1',
);
const target = fc
  .tuple(
    fc.constantFrom(NOTES, `${NOTES}/${NOTE_ID()}`, '/api/v1/tenants', '/api', '/docs', ''),
    fc.array(segment, { maxLength: 2 }),
    query,
    rawTail,
  )
  .map(
    ([base, segments, q, tail]) =>
      `${[base, ...segments].join('/') || '/'}${tail}${tail.includes('?') ? '&' : '?'}${q}`,
  );
const header = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_"*/;,=. WéÿÀ'), maxLength: 60 });
const headers = fc.record(
  {
    'content-type': fc.oneof(
      fc.constantFrom(
        'application/json',
        'text/csv',
        'application/json; charset=utf-16',
        'application/json;charset',
      ),
      header,
    ),
    'content-encoding': fc.constantFrom('gzip', 'br', 'deflate', 'identity', 'x'),
    'if-match': fc.oneof(fc.constantFrom('"1"', '*', 'W/"1"', '"99999999999999999999"'), header),
    'if-none-match': header,
    'idempotency-key': fc.oneof(fc.constantFrom('same-key-again', 'x'.repeat(300)), header),
    prefer: fc.oneof(fc.constantFrom('wait=99999999', 'wait="1"', 'respond-async, wait=x'), header),
    'x-request-id': header,
    accept: header,
  },
  { requiredKeys: [] },
);

// Half of the draws are right in all but one part: otherwise nearly all would fail at the first door.
const sometimes = <T>(odd: fc.Arbitrary<T>, usual: T) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });

const usual = fc.constantFrom<[string, string]>(
  ['POST', NOTES],
  ['POST', NOTES],
  ['GET', NOTES],
  ['PATCH', `${NOTES}/${NOTE_ID()}`],
  ['DELETE', `${NOTES}/${NOTE_ID()}`],
);
const anything = fc.tuple(
  fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS'),
  target,
);

test(`no request gets a 500 or stops the process, and every error says what it is (FUZZ_SEED=${SEED})`, async () => {
  const secret = t.key.slice(-64);
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 2, arbitrary: usual }, { weight: 1, arbitrary: anything }),
      sometimes(headers, { 'if-match': '*' }),
      body,
      fc.constantFrom<string | null>(...new Array(8).fill(`Bearer ${t.key}`), 'Bearer x', null),
      async ([method, path], more, bytes, authorization) => {
        const sent: Record<string, string> = { 'content-type': 'application/json', ...more };
        if (authorization !== null) sent.authorization = authorization;
        const answer = await send(
          method,
          path,
          sent,
          method === 'GET' || method === 'HEAD' ? Buffer.alloc(0) : bytes,
        );
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        expect(answer.status).toBeLessThan(500);
        if (answer.status < 400 || method === 'HEAD') return;
        expect(answer.type).toContain('application/problem+json');
        const problem = JSON.parse(answer.text);
        expect(problem).toMatchObject({ status: answer.status, type: `/docs/errors#${problem.code}` });
        expect(problem.detail).toMatch(/\.$/);
      },
    ),
    { seed: SEED, numRuns: RUNS, endOnFailure: true },
  );
  // The draw is worth something only if it gets past the door, and is refused in many ways.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 201, 400, 401, 404, 405, 413, 415, 422]));
  expect(t.logs()).not.toContain(secret);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
  expect((await t.call('GET', '/healthz')).status).toBe(200);
});
