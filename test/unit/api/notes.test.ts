import { afterEach, beforeEach, expect, test } from 'vitest';
import { ACME, OTHER } from './support/memory-ports.ts';
import { NOTES, startTestApp } from './support/test-app.ts';

let t: Awaited<ReturnType<typeof startTestApp>>;
beforeEach(async () => {
  t = await startTestApp();
});
afterEach(() => t.stop());

const create = async (title: string) => (await t.call('POST', NOTES, { json: { title } })).json.id as string;

test('a thing is created, read, changed and deleted', async () => {
  const created = await t.call('POST', NOTES, { json: { title: 'First' } });
  expect(created.status).toBe(201);
  expect(created.headers.get('etag')).toBe('"1"');
  const { id } = created.json;
  expect(created.headers.get('location')).toBe(`${NOTES}/${id}`);
  expect(created.json).toEqual({
    id,
    title: 'First',
    text: null,
    colour: 'red',
    createdAt: '1970-01-01T00:00:00.000Z',
  });

  const changed = await t.call('PATCH', `${NOTES}/${id}`, {
    json: { text: 'x' },
    headers: { 'if-match': '"1"' },
  });
  expect([changed.status, changed.json.text, changed.headers.get('etag')]).toEqual([200, 'x', '"2"']);
  const removed = await t.call('DELETE', `${NOTES}/${id}`);
  expect([removed.status, removed.text]).toEqual([204, '']);
  expect((await t.call('GET', `${NOTES}/${id}`)).status).toBe(404);
});

test('what the response schema does not name never comes out', async () => {
  await create('One');
  const list = await t.call('GET', NOTES);
  expect(list.text).toContain('One');
  expect(list.text).not.toContain('secret');
  expect(list.text).not.toContain('column-that-must-not-come-out');
});

test('PATCH touches what is sent, null clears, defaults stay out of it', async () => {
  const { json: note } = await t.call('POST', NOTES, { json: { title: 'A', text: 'old', colour: 'blue' } });
  const at = `${NOTES}/${note.id}`;
  const patch = (json: unknown) => t.call('PATCH', at, { json, headers: { 'if-match': '*' } });
  expect((await patch({ title: 'B' })).json).toMatchObject({ title: 'B', text: 'old', colour: 'blue' });
  expect((await patch({ text: null })).json).toMatchObject({ title: 'B', text: null, colour: 'blue' });
  const refused = await patch({ title: null });
  expect(refused.status).toBe(422);
  expect(refused.problem.errors).toEqual([
    { in: 'body', path: '/title', message: 'This cannot be null (cleared). Send a text, or leave it out.' },
  ]);
});

test('two people cannot overwrite each other', async () => {
  const at = `${NOTES}/${await create('A')}`;
  const patch = (version: string | null, title: string) =>
    t.call('PATCH', at, { json: { title }, headers: version === null ? {} : { 'if-match': version } });

  const without = await patch(null, 'B');
  expect([without.status, without.problem.code]).toEqual([428, 'precondition-required']);
  expect((await patch('"1"', 'B')).status).toBe(200);
  const stale = await patch('"1"', 'C');
  expect([stale.status, stale.problem.code]).toEqual([412, 'stale-version']);
  expect(stale.json.currentVersion).toBe(2);
  expect(stale.headers.get('etag')).toBe('"2"');
  expect((await t.call('GET', at)).json.title).toBe('B');
  for (const bad of ['W/"2"', '"2", "3"', '2', '"x"']) expect((await patch(bad, 'D')).status).toBe(400);
  expect((await patch('*', 'D')).status).toBe(200);
});

test('a reader who has the version already is told so in one line', async () => {
  const at = `${NOTES}/${await create('A')}`;
  const again = await t.call('GET', at, { headers: { 'if-none-match': '"1"' } });
  expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', '"1"']);
  expect((await t.call('GET', at, { headers: { 'if-none-match': '"0"' } })).status).toBe(200);
});

test('bytes come as they are', async () => {
  const picture = await t.call('GET', `${NOTES}/${await create('A')}/picture`);
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect(picture.headers.get('cache-control')).toBe('no-store');
});

test('pages: every row once, whatever happens between two of them', async () => {
  for (const title of ['a', 'b', 'c', 'd', 'e']) await create(title);
  const first = await t.call('GET', `${NOTES}?limit=2`);
  expect(first.json.items.map((note: { title: string }) => note.title)).toEqual(['a', 'b']);
  t.rows.splice(0, 1);
  const link = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '');
  expect(link).not.toBeNull();
  const second = await t.call('GET', link![1]!);
  expect(second.json.items.map((note: { title: string }) => note.title)).toEqual(['c', 'd']);
  const last = await t.call('GET', `${NOTES}?limit=2&cursor=${second.json.next}`);
  expect(last.json.items.map((note: { title: string }) => note.title)).toEqual(['e']);
  expect([last.json.next, last.headers.get('link')]).toEqual([null, null]);
});

test('a cursor opens only its own list, tenant and filters, and cannot be made up', async () => {
  for (const title of ['a', 'b', 'c']) await create(title);
  const { next } = (await t.call('GET', `${NOTES}?limit=1&search=`)).json;
  const platform = t.keys.issue(null, ['users:read']);
  const bad = [
    `${NOTES}?limit=1&search=b&cursor=${next}`,
    `/api/v1/tenants/${OTHER.slug}/notes?limit=1&search=&cursor=${next}`,
    `${NOTES}?search=&cursor=${next.slice(0, -2)}AA`,
    `${NOTES}?search=&cursor=${Buffer.from('{"title":"a"}').toString('base64url')}`,
    `${NOTES}?search=&cursor=`,
  ];
  for (const path of bad) {
    const answer = await t.call('GET', path, { key: platform });
    expect([answer.status, answer.problem.errors?.[0]?.path]).toEqual([422, '/cursor']);
  }
  expect((await t.call('GET', `${NOTES}?limit=2&search=&cursor=${next}`, { key: platform })).status).toBe(
    200,
  );
});

test('the tenant is named by id or slug', async () => {
  await create('a');
  for (const name of [ACME.id, ACME.slug])
    expect((await t.call('GET', `/api/v1/tenants/${name}/notes`)).json.items).toHaveLength(1);
});
