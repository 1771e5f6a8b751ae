import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { defineRoute } from '../../../src/api/route.ts';
import {
  API_KEY_IN_TEXT,
  apiKeySecretMatches,
  formatApiKey,
  generateApiKey,
  hashApiKeySecret,
  parseApiKey,
} from '../../../src/domain/api-key.ts';
import { ACME, OTHER } from './support/memory-ports.ts';
import { ALL, NOTES, startTestApp } from './support/test-app.ts';

const open = defineRoute({
  method: 'get',
  path: '/api/v1/greeting',
  summary: 'Greets',
  tag: 'test',
  permission: 'public',
  response: { 200: z.object({ actor: z.null() }) },
  handler: async ({ actor }) => ({ status: 200, body: { actor } }),
});
const me = defineRoute({
  method: 'get',
  path: '/api/v1/me',
  summary: 'Who am I',
  tag: 'test',
  permission: 'signed-in',
  response: { 200: z.object({ name: z.string(), ip: z.string() }) },
  handler: async ({ actor, ip }) => ({ status: 200, body: { name: actor.name, ip } }),
});
const nodes = defineRoute({
  method: 'get',
  path: '/api/v1/nodes',
  summary: 'Nodes',
  tag: 'test',
  permission: 'nodes:read',
  response: { 200: z.object({}) },
  handler: async () => ({ status: 200, body: {} }),
});

let t: Awaited<ReturnType<typeof startTestApp>>;
beforeEach(async () => {
  t = await startTestApp([open, me, nodes]);
});
afterEach(() => t.stop());

test('a key is accepted in both headers, and only whole', async () => {
  expect((await t.call('GET', NOTES)).status).toBe(200);
  expect((await t.call('GET', NOTES, { key: null, headers: { 'x-api-key': t.key } })).status).toBe(200);
  const both = await t.call('GET', NOTES, { headers: { 'x-api-key': t.key } });
  expect(both.status).toBe(400);

  const unknown = formatApiKey(generateApiKey());
  const wrongSecret = formatApiKey({ ...generateApiKey(), id: parseApiKey(t.key)!.id });
  for (const key of [
    null,
    unknown,
    wrongSecret,
    t.key.slice(0, -1),
    `${t.key}0`,
    t.key.toUpperCase(),
    'x',
    '',
  ]) {
    const answer = await t.call('GET', NOTES, { key });
    expect([key, answer.status, answer.problem.code]).toEqual([key, 401, 'unauthenticated']);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  }
  const basic = await t.call('GET', NOTES, { headers: { authorization: 'Basic YTpi' } });
  expect(basic.status).toBe(401);
});

test('another tenant looks exactly like a tenant that does not exist', async () => {
  const answers = [];
  for (const name of [
    OTHER.slug,
    OTHER.id,
    'nobody',
    '99999999-9999-4999-8999-999999999999',
    '..%2fx',
    '%00',
  ]) {
    const { status, problem } = await t.call('GET', `/api/v1/tenants/${name}/notes`);
    expect(status).toBe(404);
    answers.push({ ...problem, instance: '' });
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  // And so with every method, whatever else is wrong with the request.
  for (const method of ['POST', 'PATCH', 'DELETE'])
    expect(
      (await t.call(method, `/api/v1/tenants/other/notes${method === 'POST' ? '' : '/1'}`, { body: '{' }))
        .status,
    ).toBe(404);
});

test('a platform key enters every tenant with what it holds', async () => {
  const key = t.keys.issue(null, ['users:read']);
  expect((await t.call('GET', '/api/v1/tenants/other/notes', { key })).status).toBe(200);
  expect((await t.call('GET', '/api/v1/tenants/nobody/notes', { key })).status).toBe(404);
  expect((await t.call('POST', '/api/v1/tenants/other/notes', { key, json: { title: 'x' } })).status).toBe(
    403,
  );
});

test('what the key does not hold is refused by name', async () => {
  const key = t.keys.issue(ACME.id, ['users:read']);
  const refused = await t.call('POST', NOTES, { key, json: { title: 'x' } });
  expect([refused.status, refused.problem.code, refused.json.permission]).toEqual([
    403,
    'forbidden',
    'users:write',
  ]);
  expect(refused.problem.detail).toContain('users:write');
  expect(t.rows).toEqual([]);
});

test("a tenant's key has no platform permission, even if one was given to it by mistake", async () => {
  expect(
    (await t.call('GET', '/api/v1/nodes', { key: t.keys.issue(ACME.id, [...ALL, 'nodes:read']) })).status,
  ).toBe(403);
  expect((await t.call('GET', '/api/v1/nodes', { key: t.keys.issue(null, ['nodes:read']) })).status).toBe(
    200,
  );
});

test('public is public, signed-in needs a key and nothing else', async () => {
  expect((await t.call('GET', '/api/v1/greeting', { key: null })).json).toEqual({ actor: null });
  expect((await t.call('GET', '/api/v1/me', { key: null })).status).toBe(401);
  const mine = await t.call('GET', '/api/v1/me', { key: t.keys.issue(ACME.id, []) });
  expect(mine.json).toEqual({ name: 'test key', ip: '127.0.0.1' });
});

test('strangers cannot make us read: they are refused before their body is', async () => {
  const huge = 'x'.repeat(5_000_000);
  expect((await t.call('POST', NOTES, { key: null, body: huge })).status).toBe(401);
  expect(
    (await t.call('POST', NOTES, { body: huge, headers: { 'content-type': 'application/json' } })).status,
  ).toBe(413);
});

test('X-Forwarded-For counts only where a proxy is said to stand before us', async () => {
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  expect((await t.call('GET', '/api/v1/me', { headers })).json.ip).toBe('127.0.0.1');
  const behindProxy = await startTestApp([me], { trustProxy: 1 });
  expect((await behindProxy.call('GET', '/api/v1/me', { headers })).json.ip).toBe('203.0.113.9');
  expect(behindProxy.keys.seenFrom).toEqual(['203.0.113.9']);
  await behindProxy.stop();
});

test('keys: 256 random bits, one spelling, kept as a hash', () => {
  const token = generateApiKey();
  expect(token.secret).toMatch(/^[0-9a-f]{64}$/);
  expect(parseApiKey(formatApiKey(token))).toEqual(token);
  const hash = hashApiKeySecret(token.secret);
  expect(hash).toHaveLength(32);
  expect(Buffer.from(hash).toString('hex')).not.toContain(token.secret);
  expect(apiKeySecretMatches(token.secret, hash)).toBe(true);
  expect(apiKeySecretMatches(generateApiKey().secret, hash)).toBe(false);
  expect(apiKeySecretMatches(token.secret, hash.subarray(0, 31))).toBe(false);
  expect(`a ${formatApiKey(token)} b`.replace(API_KEY_IN_TEXT, '')).toBe('a  b');
});
