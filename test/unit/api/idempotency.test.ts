import { afterEach, beforeEach, expect, test } from 'vitest';
import { ACME } from './support/memory-ports.ts';
import { ALL, NOTES, startTestApp } from './support/test-app.ts';

let t: Awaited<ReturnType<typeof startTestApp>>;
beforeEach(async () => {
  t = await startTestApp();
});
afterEach(() => t.stop());

const KEY = 'b1a7c2f0-0001-4c5e-9a55-000000000001';
const create = (json: unknown, idempotencyKey = KEY, key = t.key) =>
  t.call('POST', NOTES, { json, key, headers: { 'idempotency-key': idempotencyKey } });

test('a repeated create is done once and answered the same', async () => {
  const first = await create({ title: 'A' });
  const again = await create({ title: 'A' });
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.text).toBe(first.text);
  for (const name of ['etag', 'location', 'content-type'])
    expect(again.headers.get(name)).toBe(first.headers.get(name));
  expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([
    null,
    'true',
  ]);
  expect([t.rows.length, t.tried.creates]).toEqual([1, 1]);
});

test('the same content written otherwise is the same request', async () => {
  await create({ title: 'A', colour: 'red' });
  const body = '{ "colour":"red",\n"title":"\\u0041" }';
  const again = await t.call('POST', NOTES, {
    body,
    headers: { 'content-type': 'application/json', 'idempotency-key': KEY },
  });
  expect([again.status, t.rows.length]).toEqual([201, 1]);
});

test('the same key for something else is refused', async () => {
  await create({ title: 'A' });
  const other = await create({ title: 'B' });
  expect([other.status, other.problem.code]).toEqual([422, 'idempotency-key-reused']);
  expect(t.rows).toHaveLength(1);
});

test('the same key of another caller is another key', async () => {
  await create({ title: 'A' });
  expect((await create({ title: 'B' }, KEY, t.keys.issue(ACME.id, ALL))).status).toBe(201);
});

test('a second one while the first is being worked on is told to wait', async () => {
  let openGate = () => {};
  t.tried.gate = new Promise((resolve) => {
    openGate = resolve;
  });
  const first = create({ title: 'A' });
  await expect.poll(() => t.tried.creates).toBe(1);
  const second = await create({ title: 'A' });
  expect([second.status, second.problem.code]).toEqual([409, 'request-in-progress']);
  openGate();
  expect((await first).status).toBe(201);
  expect((await create({ title: 'A' })).headers.get('idempotency-replayed')).toBe('true');
  expect(t.rows).toHaveLength(1);
});

test('a refused request is not kept: after the reason is gone the same key works', async () => {
  await create({ title: 'A' }, 'another-key-1');
  expect((await create({ title: 'A' })).status).toBe(409);
  t.rows.length = 0;
  expect((await create({ title: 'A' })).status).toBe(201);
});

test('when another process has taken the request over, the first one changes nothing', async () => {
  let openGate = () => {};
  t.tried.gate = new Promise((resolve) => {
    openGate = resolve;
  });
  const slow = create({ title: 'A' });
  await expect.poll(() => t.tried.creates).toBe(1);
  // Its lease runs out (a stopped process, say), and a repetition is taken elsewhere.
  t.idempotency.expireLeases();
  t.tried.gate = null;
  expect((await create({ title: 'A' })).status).toBe(201);
  openGate();
  // What remember() refuses inside the transaction rolls it back.
  expect((await slow).problem.code).toBe('request-in-progress');
  expect(t.rows).toHaveLength(1);
});

test('what is kept can be read by nobody who reads the store', async () => {
  await create({ title: 'A title that is a secret' });
  const kept = JSON.stringify([...t.idempotency.entries]);
  expect(kept).toContain('sealedAnswer');
  expect(kept).not.toContain('secret');
  expect(kept).not.toContain(KEY);
  const otherSecret = await startTestApp([], {
    secret: new Uint8Array(32).fill(8),
    idempotencyStore: t.idempotency,
    authenticate: t.keys.authenticate,
  });
  const answer = await otherSecret.call('POST', NOTES, {
    key: t.key,
    json: { title: 'A title that is a secret' },
    headers: { 'idempotency-key': KEY },
  });
  expect(answer.status).toBe(201);
  await otherSecret.stop();
});

test('keys that cannot be one are refused; other methods need none', async () => {
  for (const key of ['', 'short', 'x'.repeat(256), 'with blank inside']) {
    const answer = await create({ title: 'A' }, key);
    expect([key, answer.status]).toEqual([key, 400]);
  }
  expect(t.rows).toEqual([]);
});
