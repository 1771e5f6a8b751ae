import { describe, expect, test } from 'vitest';
import { answering, json, nothing, problem, runCli } from './support/run-cli.ts';

const UUID = '6f0e1b1c-8a35-4a39-9df0-3b8f0a7c9d11';
const tenant = (slug: string) => ({ slug, name: slug, country: 'FR', timeZone: 'UTC', sipDomain: 'x' });
const user = (username: string, more: object = {}) => ({
  id: UUID,
  username,
  email: `${username}@example.org`,
  extension: null,
  roles: [],
  numbers: [],
  teams: [],
  lines: [],
  sync: { state: 'applied', since: '2030-01-31T09:30:00Z', reason: null, message: null },
  version: 7,
  ...more,
});

describe('lists', () => {
  test('are followed to their end, and become one document with the same filters on each page', async () => {
    const { fetch, heard } = answering(
      json({ items: [user('a'), user('b')], next: 'c1', total: 3 }),
      json({ items: [user('c')], next: null, total: 3 }),
    );
    const { code, out } = await runCli(['users', 'list', '--json', '--status', 'active', '--no-in-sync'], {
      fetch,
    });
    expect(code).toBe(0);
    const body = JSON.parse(out);
    expect(body.items.map(({ username }: { username: string }) => username)).toEqual(['a', 'b', 'c']);
    expect(body).toMatchObject({ next: null, total: 3 });
    expect(heard.map(({ path }) => path)).toEqual([
      '/tenants/acme/users?status=active&inSync=false&limit=200',
      '/tenants/acme/users?status=active&inSync=false&limit=200&cursor=c1',
    ]);
  });

  test('end at --limit, and say where to go on', async () => {
    const { fetch, heard } = answering(json({ items: [tenant('a'), tenant('b')], next: 'c1' }));
    const { out } = await runCli(['tenants', 'list', '--limit', '2', '--json'], { fetch });
    expect(heard.map(({ path }) => path)).toEqual(['/tenants?limit=2']);
    expect(JSON.parse(out)).toMatchObject({ items: [{ slug: 'a' }, { slug: 'b' }], next: 'c1' });
  });

  test('that are empty say so beside the answer', async () => {
    const empty = () => answering(json({ items: [], next: null })).fetch;
    expect(await runCli(['users', 'list'], { fetch: empty() })).toEqual({
      code: 0,
      out: '',
      err: 'No user matches.\n',
    });
    const { out, err } = await runCli(['users', 'list', '--json'], { fetch: empty() });
    expect({ out, err }).toEqual({ out: '{"items":[],"next":null}\n', err: '' });
  });
});

describe('a refusal', () => {
  const inCall = () =>
    answering(
      problem(409, 'user-in-call', 'The user is in a call.', {
        calls: [{ peer: '+33155501001', since: '2030-01-31T09:30:00Z' }],
      }),
    ).fetch;

  test('is printed with its sentence, calls, remedy in words of the command line, and request id', async () => {
    const { code, out, err } = await runCli(['users', 'suspend', UUID], { fetch: inCall() });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.split('\n')).toEqual([
      'The user is in a call.',
      expect.stringMatching(/^ {2}in a call with \+33155501001 since 2030-01-31 \d\d:\d\d:00$/),
      expect.stringContaining('What to do: Wait for the end of the call; or delete with `--when idle`'),
      '(user-in-call, request 7d11)',
      '',
    ]);
  });

  test('names each wrong field as it is called in the body, other parts by their name', async () => {
    const errors = [
      { in: 'body', path: '/extensionRanges/0/first', message: 'Send 2 to 6 digits.' },
      { in: 'query', path: '/status', message: 'Send one of "active".' },
      { in: 'body', path: '', message: 'And 3 more.' },
    ];
    const { fetch } = answering(problem(422, 'validation-failed', 'Some values are wrong.', { errors }));
    const { err } = await runCli(['tenants', 'list'], { fetch });
    expect(err).toContain(
      '\n  extensionRanges.0.first: Send 2 to 6 digits.\n  status (query): Send one of "active".\n  And 3 more.\n',
    );
  });

  test('with --json the problem document is the answer', async () => {
    const { code, out, err } = await runCli(['users', 'suspend', UUID, '--json'], { fetch: inCall() });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code: 'user-in-call', calls: [{ peer: '+33155501001' }] });
    expect(err).toContain('The user is in a call.');
  });

  test('of a kind that is newer than this command line leads to the page that explains it', async () => {
    const { fetch } = answering(problem(409, 'moon-too-full', 'Not tonight.'));
    const { code, err } = await runCli(['tenants', 'list'], { fetch, url: 'http://patchbay.test/base/' });
    expect(code).toBe(1);
    expect(err).toContain('See http://patchbay.test/base/docs/errors#moon-too-full.');
  });

  test('cannot steer the terminal', async () => {
    const { fetch } = answering(problem(404, 'not-found', 'There is no user "\u001b[2J\u009b31m".'));
    const { err } = await runCli(['tenants', 'list'], { fetch });
    expect(err).toContain('There is no user "\\u{1b}[2J\\u{9b}31m".');
  });
});

describe('a user is named by what people know', () => {
  const shown = async (name: string, ...items: object[]) => {
    const { fetch, heard } = answering(json({ items, next: null }));
    return { ...(await runCli(['users', 'show', name, '--json'], { fetch })), heard };
  };

  test('username before email before extension, the whole of it, in any case', async () => {
    const bob = user('bob', { extension: '1001' });
    const digits = user('1001', { extension: '2002' });
    expect(JSON.parse((await shown('1001', bob, digits)).out).username).toBe('1001');
    expect(JSON.parse((await shown('1001', bob)).out).username).toBe('bob');
    expect(JSON.parse((await shown('BOB@example.org', user('bobby'), bob)).out).username).toBe('bob');
    const { code, err, heard } = await shown('bo', bob);
    expect(code).toBe(1);
    expect(err).toContain('There is no user "bo" here.');
    expect(heard[0]!.path).toBe('/tenants/acme/users?search=bo&limit=200');
  });

  test('an id is asked for as it is; whatever else is typed stays one part of the address', async () => {
    const { fetch, heard } = answering(nothing());
    const evil = '../../keys?x=#';
    await runCli(['lines', 'revoke', UUID, evil], { fetch });
    expect(heard[0]!.path).toBe(`/tenants/acme/users/${UUID}/lines/${encodeURIComponent(evil)}`);
  });
});

describe('changing a user', () => {
  test('sends only what was said, against the version that was seen', async () => {
    const { fetch, heard } = answering(
      json({ items: [user('ada')], next: null }),
      json(user('ada', { version: 8 })),
    );
    const args = [
      'users',
      'update',
      'ada',
      '--no-allow-outbound',
      '--number',
      'default',
      '--clear',
      'alias',
      '--wait=5',
    ];
    const { code } = await runCli(args, { fetch });
    expect(code).toBe(0);
    expect(heard[1]).toMatchObject({
      method: 'PATCH',
      body: { allowOutbound: false, outboundNumber: null, alias: null },
    });
    expect(heard[1]!.headers.get('if-match')).toBe('"7"');
    expect(heard[1]!.headers.get('prefer')).toBe('wait=5');
  });

  test('takes the rest from a file or a pipe; options go before it', async () => {
    const { fetch, heard } = answering(json(user('ada'), 201));
    const read = async (file: string) =>
      file === '-' ? '{"email":"x@y.z","limits":{"abroadAtOnce":1}}' : '';
    const args = ['users', 'create', '--file', '-', '--username', 'ada', '--email', 'ada@example.org'];
    expect((await runCli(args, { fetch, terminal: { read } })).code).toBe(0);
    expect(heard[0]!.body).toEqual({
      username: 'ada',
      email: 'ada@example.org',
      limits: { abroadAtOnce: 1 },
    });
  });

  test.each(['[]', 'null', '"x"', '{"password": "hunter2"'])(
    'a file that holds %s is wrong usage',
    async (text) => {
      const { code, err } = await runCli(['users', 'create', '--file', 'f.json'], {
        terminal: { read: async () => text },
      });
      expect({ code, err }).toEqual({ code: 2, err: 'f.json holds no JSON object.\n' });
    },
  );

  test('says so when the PBX does not have it in time', async () => {
    const waiting = {
      state: 'waiting',
      since: '2030-01-31T09:30:00Z',
      reason: 'pbx-not-connected',
      message: null,
    };
    const { fetch } = answering(json(user('ada', { sync: waiting })));
    const { code, out, err } = await runCli(['users', 'activate', UUID, '--wait=1'], { fetch });
    expect(code).toBe(0);
    expect(out).toMatch(/On the PBX +waiting since .*: pbx-not-connected/);
    expect(err).toContain('It is stored, but the PBX does not have it yet.');
  });
});
