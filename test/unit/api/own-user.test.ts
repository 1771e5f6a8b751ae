import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineRoute } from '../../../src/api/route.ts';
import { ACME, OTHER } from './support/memory-ports.ts';
import { startTestApp } from './support/test-app.ts';

const ADA = '33333333-3333-4333-8333-333333333333';
const BOB = '44444444-4444-4444-8444-444444444444';

const route = (path: `/api/v1/tenants/:tenant/users/:user/${string}`, ownUser: boolean) =>
  defineRoute({
    method: 'get',
    path,
    summary: 'A test',
    tag: 'test',
    permission: 'lines:read',
    ownUser,
    params: z.object({ user: z.uuid() }),
    response: { 204: null },
    handler: async () => ({ status: 204 }),
  });

test("a user's own key reaches what is the user's own, and nothing of anybody else", async () => {
  const app = await startTestApp([
    route('/api/v1/tenants/:tenant/users/:user/own', true),
    route('/api/v1/tenants/:tenant/users/:user/plain', false),
  ]);
  onTestFinished(app.stop);
  const adas = app.keys.issue(ACME.id, [], ADA);
  const get = async (path: string, key: string) =>
    (await app.call('GET', `/api/v1/tenants/${path}`, { key })).status;

  expect(await get(`acme/users/${ADA}/own`, adas)).toBe(204);
  expect(await get(`acme/users/${ADA}/plain`, adas)).toBe(403);
  expect(await get(`acme/users/${BOB}/own`, adas)).toBe(403);
  expect(await get(`${OTHER.slug}/users/${ADA}/own`, adas)).toBe(404);
  expect(await get(`acme/users/${ADA}/own`, app.keys.issue(ACME.id, []))).toBe(403);
  expect(await get(`acme/users/${ADA}/own`, app.keys.issue(ACME.id, ['lines:read']))).toBe(204);
});
