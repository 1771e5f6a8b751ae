import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildOpenApi } from '../../../src/api/openapi.ts';
import { startTestApp } from './support/test-app.ts';

let t: Awaited<ReturnType<typeof startTestApp>>;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

const operation = async (path: string, method: string) =>
  (await t.call('GET', '/api/openapi.json', { key: null })).json.paths[path][method];
const NOTE = '/api/v1/tenants/{tenant}/notes/{note}';

test('the document is made from the routes: parameters, bodies, answers, permission', async () => {
  const { json } = await t.call('GET', '/api/openapi.json', { key: null });
  expect(json.openapi).toBe('3.1.0');
  expect(Object.keys(json.paths)).toEqual(['/api/v1/tenants/{tenant}/notes', NOTE, `${NOTE}/picture`]);
  const create = json.paths['/api/v1/tenants/{tenant}/notes'].post;
  expect(create.operationId).toBe('postTenantsTenantNotes');
  expect(create.description).toContain('`users:write`');
  expect(create['x-permission']).toBe('users:write');
  expect(create.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
  const body = create.requestBody.content['application/json'].schema;
  expect(body).toMatchObject({ additionalProperties: false, required: ['title'] });
  expect(create.responses['201'].content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/Note',
  });
  expect(Object.keys(create.responses['201'].headers)).toEqual(['ETag', 'Location']);
  expect(json.components.schemas.Note.properties.createdAt).toEqual({ type: 'string', format: 'date-time' });
  expect(json.components.schemas.Note.properties.secret).toBeUndefined();
});

test('headers of the kernel are in it where the route takes them', async () => {
  const names = (op: { parameters: { in: string; name: string; required: boolean }[] }) =>
    op.parameters.map((p) => `${p.in} ${p.name}${p.required ? '' : '?'}`);
  expect(names(await operation('/api/v1/tenants/{tenant}/notes', 'post'))).toEqual([
    'path tenant',
    'header Idempotency-Key?',
  ]);
  expect(names(await operation(NOTE, 'patch'))).toEqual(['path tenant', 'path note', 'header If-Match']);
  expect(names(await operation(NOTE, 'delete'))).toEqual(['path tenant', 'path note', 'header If-Match?']);
  expect(names(await operation('/api/v1/tenants/{tenant}/notes', 'get'))).toEqual([
    'path tenant',
    'query limit?',
    'query cursor?',
    'query search?',
    'query colour?',
    'query open?',
  ]);
});

test('each operation lists the problems it can answer, each a problem document', async () => {
  const { responses } = await operation('/api/v1/tenants/{tenant}/notes', 'post');
  expect(Object.keys(responses)).toEqual([
    '201',
    '400',
    '401',
    '403',
    '404',
    '409',
    '413',
    '415',
    '422',
    '429',
    '500',
    '503',
  ]);
  expect(responses['409'].description).toContain('`conflict-duplicate`');
  expect(responses['409'].description).toContain('`request-in-progress`');
  expect(responses['409'].content['application/problem+json'].schema).toEqual({
    $ref: '#/components/schemas/Problem',
  });
  expect(Object.keys((await operation(NOTE, 'patch')).responses)).toEqual(
    expect.arrayContaining(['412', '428']),
  );
});

test('every reference leads somewhere and every operation has a name of its own', () => {
  const text = JSON.stringify(t.app.openApi);
  const schemas = Object.keys(t.app.openApi.components?.schemas ?? {});
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) expect(schemas).toContain(name);
  const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map((match) => match[1]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(buildOpenApi([], '1').paths).toEqual({});
});

test('the page and all it loads come from here, and it has no script inside', async () => {
  const page = await t.call('GET', '/api/docs', { key: null });
  expect(page.status).toBe(200);
  expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)/);
  const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
  expect(loaded).toHaveLength(4);
  for (const address of loaded) {
    const asset = await t.call('GET', address, { key: null });
    expect([address, asset.status]).toEqual([address, 200]);
  }
  expect((await t.call('GET', '/api/docs/package.json', { key: null })).status).toBe(404);
});
