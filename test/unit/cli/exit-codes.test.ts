import { describe, expect, test } from 'vitest';
import { readClientConfig } from '../../../src/config.ts';
import { answering, broken, json, nothing, problem, runCli, SOME_KEY } from './support/run-cli.ts';

const page = (...items: object[]) => json({ items, next: null });
const UUID = '6f0e1b1c-8a35-4a39-9df0-3b8f0a7c9d11';

describe('wrong usage is 2, and nothing is sent', () => {
  test.each([
    ['no command', []],
    ['a group without a command', ['users']],
    ['an unknown command', ['users', 'lst']],
    ['an unknown option', ['users', 'list', '--serach', 'x']],
    ['an argument too many', ['users', 'show', 'ada', 'bob']],
    ['an argument too few', ['users', 'show']],
    ['an option without its value', ['users', 'list', '--limit']],
    ['a limit that is none', ['users', 'list', '--limit', '0']],
    ['a wait that is a name', ['users', 'suspend', '--wait', 'ada']],
    ['a wait longer than the service holds', ['users', 'suspend', 'ada', '--wait=31']],
    ['an unknown way to delete', ['users', 'delete', 'ada', '--when', 'now']],
    ['nothing to change', ['users', 'update', 'ada']],
    ['a field that cannot be empty', ['users', 'update', 'ada', '--clear', 'email']],
    ['a date that is none', ['keys', 'create', 'x', '--expires', 'soon']],
    ['a range that is none', ['tenants', 'create', '--slug=a', '--name=A', '--country=FR', '--range=1000']],
    ['an address that is none', ['tenants', 'list', '--url', 'patchbay']],
    ['an address with a password', ['tenants', 'list', '--url', 'http://me:hunter2@patchbay.test']],
  ])('%s', async (_what, args) => {
    const { code, out, err } = await runCli(args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).not.toBe('');
    expect(err).not.toContain('hunter2');
  });

  test('a tenant is needed where there is none, and the sentence says where to name it', async () => {
    const { code, err } = await runCli(['users', 'list'], { tenant: null });
    expect(code).toBe(2);
    expect(err).toContain('--tenant or PATCHBAY_TENANT');
  });
});

describe('the key never stands on the command line', () => {
  test.each([
    ['as an option', ['--key', SOME_KEY, 'users', 'list']],
    ['as an option of another name', ['users', 'list', `--api-key=${SOME_KEY}`]],
    ['as an argument', ['users', 'show', SOME_KEY]],
    ['cut short', ['users', 'list', '--search', SOME_KEY.slice(0, 30)]],
    ['an option without a key', ['--key', 'whatever', 'users', 'list']],
  ])('%s', async (_what, args) => {
    const { code, out, err } = await runCli(args);
    expect(code).toBe(2);
    expect(err).toContain('PATCHBAY_API_KEY or in a file with --key-file');
    expect(out + err).not.toContain(SOME_KEY.slice(5, 30));
  });

  test('it comes from the environment or from a file, the file first', async () => {
    const other = SOME_KEY.replace('b2', 'c3');
    const { fetch, heard } = answering(page(), page());
    await runCli(['tenants', 'list'], { fetch });
    const read = async (file: string) => (file === 'key.txt' ? `${other}\n` : '');
    await runCli(['tenants', 'list', '--key-file', 'key.txt'], { fetch, terminal: { read } });
    expect(heard.map(({ headers }) => headers.get('authorization'))).toEqual([
      `Bearer ${SOME_KEY}`,
      `Bearer ${other}`,
    ]);
  });

  test('what is no key is told, and not shown', async () => {
    const { code, err } = await runCli(['tenants', 'list'], { apiKey: 'hunter2\nhunter3' });
    expect(code).toBe(2);
    expect(err).toContain('PATCHBAY_API_KEY does not hold an API key');
    expect(err).not.toContain('hunter');
    expect((await runCli(['tenants', 'list'], { apiKey: null })).err).toContain('No API key');
  });
});

test('help and version are no errors, and need no key', async () => {
  const none = { apiKey: null, tenant: null };
  expect(await runCli(['--version'], none)).toEqual({ code: 0, out: '0.0.0-test\n', err: '' });
  expect((await runCli(['--help'], none)).code).toBe(0);
  expect((await runCli(['users', 'create', '--help'], none)).out).toContain('--first-name');
});

test.each([
  [401, 'unauthenticated', 4],
  [403, 'forbidden', 4],
  [404, 'not-found', 1],
  [409, 'extension-taken', 1],
  [422, 'validation-failed', 1],
  [500, 'internal', 1],
  [503, 'pbx-not-connected', 1],
])('the service answers %i: exit code', async (status, code, exitCode) => {
  const { fetch } = answering(problem(status, code, 'No.'));
  expect((await runCli(['tenants', 'list'], { fetch })).code).toBe(exitCode);
});

describe('no answer of Patchbay is 3', () => {
  test.each(['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED'])(
    '%s, told in words, not tried again',
    async (code) => {
      const { fetch, heard } = answering(broken(code));
      const result = await runCli(['tenants', 'list'], { fetch });
      expect(result.code).toBe(3);
      expect(result.err).toContain('http://patchbay.test cannot be reached: ');
      expect(result.err).not.toContain(code);
      expect(heard).toHaveLength(1);
    },
  );

  test('a page of something else, a redirect, half a document', async () => {
    for (const answer of [
      new Response('<h1>Welcome to nginx!</h1>', { status: 200, headers: { 'content-type': 'text/html' } }),
      new Response('<h1>Bad Gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } }),
      new Response('', { status: 301, headers: { location: 'https://elsewhere.test' } }),
      new Response('{"items": [', { status: 200, headers: { 'content-type': 'application/json' } }),
      json({ error: 'no problem document' }, 400),
    ]) {
      const { code, err } = await runCli(['tenants', 'list'], { fetch: answering(answer).fetch });
      expect(code).toBe(3);
      expect(err).toContain("not Patchbay's API");
    }
  });
});

describe('a connection that breaks', () => {
  test('reading is tried again, three times in all', async () => {
    const once = answering(broken('ECONNRESET'), page({ slug: 'acme' }));
    expect((await runCli(['tenants', 'list'], { fetch: once.fetch })).code).toBe(0);
    const always = answering(broken('ECONNRESET'), broken('UND_ERR_SOCKET'), broken('ECONNRESET'));
    expect((await runCli(['tenants', 'list'], { fetch: always.fetch })).code).toBe(3);
    expect(always.heard).toHaveLength(3);
  });

  test('creating is not; the message says how to repeat it without doing it twice', async () => {
    const { fetch, heard } = answering(broken('ECONNRESET'));
    const { code, err } = await runCli(['users', 'create', '--username=ada', '--email=a@b.c'], { fetch });
    expect(code).toBe(3);
    const key = heard[0]!.headers.get('idempotency-key')!;
    expect(heard).toHaveLength(1);
    expect(err).toContain(`--idempotency-key ${key}`);

    const again = answering(broken('ECONNRESET'));
    await runCli(['users', 'create', '--username=ada', '--email=a@b.c', '--idempotency-key', key], again);
    expect(again.heard[0]!.headers.get('idempotency-key')).toBe(key);
  });

  test('changing is not', async () => {
    const { fetch, heard } = answering(broken('ECONNRESET'));
    const { err } = await runCli(['users', 'suspend', UUID], { fetch });
    expect(heard).toHaveLength(1);
    expect(err).toContain('may have been made');
  });
});

test('interrupted is 130', async () => {
  const interruption = new AbortController();
  const { fetch } = answering(async () => {
    interruption.abort();
    throw interruption.signal.reason;
  });
  const { code, err } = await runCli(['users', 'suspend', UUID], {
    fetch,
    terminal: { signal: interruption.signal },
  });
  expect(code).toBe(130);
  expect(err).toContain('Interrupted. The change may have been made');
});

describe('deleting a user asks first', () => {
  const ada = { id: UUID, username: 'ada', email: 'ada@example.org', extension: '1001', firstName: 'Ada' };
  const asking = (answer: string) => {
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return answer;
    };
    return { questions, terminal: { ask } };
  };

  test('and names whom', async () => {
    const { fetch, heard } = answering(page(ada), nothing());
    const { questions, terminal } = asking('y');
    const { code, out } = await runCli(['users', 'delete', 'ada'], { fetch, terminal });
    expect(questions).toEqual([
      'Are you sure you want to delete this user? Ada (ada, extension 1001) [y/N] ',
    ]);
    expect(heard[1]).toMatchObject({ method: 'DELETE', path: `/tenants/acme/users/${UUID}?when=refuse` });
    expect({ code, out }).toEqual({ code: 0, out: 'ada is deleted.\n' });
  });

  test.each(['', 'n', 'yesterday'])('%j is no yes', async (answer) => {
    const { fetch, heard } = answering(page(ada));
    const { code, err } = await runCli(['users', 'delete', 'ada'], { fetch, ...asking(answer) });
    expect({ code, err }).toEqual({ code: 1, err: 'Nothing was deleted.\n' });
    expect(heard).toHaveLength(1);
  });

  test('where nobody can be asked, --yes must say so', async () => {
    const { code, err } = await runCli(['users', 'delete', 'ada'], { fetch: answering(page(ada)).fetch });
    expect(code).toBe(2);
    expect(err).toContain('--yes');
  });
});

test('the environment: what is wrong is named, values are not', () => {
  expect(readClientConfig({})).toMatchObject({
    url: 'http://127.0.0.1:8080',
    apiKey: null,
    tenant: null,
    colours: true,
  });
  expect(readClientConfig({ PATCHBAY_TENANT: 'acme', NO_COLOR: '1' })).toMatchObject({
    tenant: 'acme',
    colours: false,
  });
  expect(() => readClientConfig({ PATCHBAY_URL: 'hunter2' })).toThrow(/PATCHBAY_URL must be the address/);
  expect(() => readClientConfig({ PATCHBAY_URL: 'hunter2' })).not.toThrow(/hunter2/);
});
