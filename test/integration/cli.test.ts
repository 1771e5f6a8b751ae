import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type BuiltCommand, buildCommand, type CommandLine } from '../support/command-line.ts';
import { connect } from '../support/phones/connect.ts';
import { phone, type UaPhone } from '../support/phones/ua-phone.ts';
import { startService, type TestService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { foundTenant } from '../support/tenants.ts';
import { until } from '../support/until.ts';

let service: TestService;
let command: BuiltCommand;
/** In a tenant that only the first suite knows. */
let patchbay: CommandLine;
/** In a tenant where there is Bob. */
let elsewhere: CommandLine;
let tenant: string;
const folder = temporaryFolder();

beforeAll(async () => {
  [service, command] = await Promise.all([startService(), buildCommand()]);
  patchbay = command.for({ url: service.url, key: service.platform.token, tenant: 'acme' });
  const other = await foundTenant(service);
  tenant = other.slug;
  await other.user({ username: 'bob' });
  elsewhere = command.for({ url: service.url, key: service.platform.token, tenant });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([service?.stop(), command?.remove()]);
});

const lines = (text: string) => text.trimEnd().split('\n');

/** A phone that knows nothing but what `credentials show` printed. */
async function phoneOf(user: string): Promise<UaPhone> {
  const { sipUsername, password } = await patchbay.json('credentials', 'show', user);
  return phone({ server: inject('asterisk').sip, user: sipUsername, password, name: user });
}

/** A port that was free a moment ago, and on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('from nothing to two phones in a call, and back', () => {
  const phones: Record<string, UaPhone> = {};

  test('a tenant', async () => {
    const created = await patchbay(
      ...[
        'tenants',
        'create',
        '--slug',
        'acme',
        '--name',
        'Acme SA',
        '--country',
        'FR',
        '--range',
        '1000-1999',
      ],
    );
    expect(created.code, created.err).toBe(0);
    expect(created.out).toMatch(/^Slug +acme$/m);
    expect(created.out).toMatch(/^Extensions +1000-1999$/m);
    expect((await patchbay.json('tenants', 'list')).items).toContainEqual(
      expect.objectContaining({ slug: 'acme', name: 'Acme SA' }),
    );
  });

  test('users with extensions and phones, which the PBX has when the command ends', async () => {
    const ada = await patchbay(
      ...['users', 'create', '--username', 'ada', '--first-name', 'Ada', '--email', 'ada@example.org'],
      ...['--extension', 'next', '--phone', 'softphone', '--wait'],
    );
    expect(ada.code, ada.err).toBe(0);
    expect(ada.out).toMatch(/^Extension +1000$/m);
    expect(ada.out).toMatch(/^On the PBX +applied since /m);
    const file = path.join(folder, 'bob.json');
    writeFileSync(file, JSON.stringify({ username: 'bob', firstName: 'بوب', email: 'bob@example.org' }));
    const args = ['users', 'create', '--file', file, '--extension', '1001', '--phone', 'desk', '--wait'];
    expect(await patchbay.json(...args)).toMatchObject({
      firstName: 'بوب',
      extension: '1001',
      sync: { state: 'applied' },
    });
    const { out } = await patchbay('users', 'list', '--sort', 'extension');
    expect(lines(out).map((line) => line.split(/ {2,}/).slice(0, 5))).toEqual([
      ['Username', 'Name', 'Ext.', 'Email', 'Status'],
      ['ada', 'Ada', '1000', 'ada@example.org', 'active'],
      ['bob', 'بوب', '1001', 'bob@example.org', 'active'],
    ]);
  });

  test('their credentials register phones; the code for a phone is drawn, and the secret said to be one', async () => {
    for (const user of ['ada', '1001']) {
      const registering = await phoneOf(user);
      expect(await registering.register()).toMatchObject({ status: 200 });
      phones[user] = registering;
    }
    const { out, err } = await patchbay('credentials', 'show', 'ada', '--qr');
    expect(out).toMatch(/[█▄▀]{10}/);
    expect(err).toContain('This is a secret.');
    const live = await patchbay('live');
    expect(live.out).toMatch(/^Ada +1000 +\w{12} +registered/m);
  });

  test('may this user dial this, and why', async () => {
    const explain = async (number: string) => (await patchbay('explain', 'ada', number)).out;
    expect(await explain('1001')).toMatch(/^Answer +Yes, inside$/m);
    expect(await explain('112')).toMatch(/^Answer +Yes, emergency$/m);
    const premium = await explain('0899 70 10 10');
    expect(premium).toMatch(/^Answer +No$/m);
    expect(premium).toMatch(/^Number +\+33899701010$/m);
    expect(premium).toMatch(/^Class +premium$/m);
    expect(premium).toMatch(/^Rank +Matches +Rule$/m);
    await patchbay.json('numbers', 'add', '+33155501001');
    await patchbay.json('users', 'update', 'ada', '--number', '+33155501001');
    expect(await patchbay.json('explain', 'ada', '01 55 50 10 99')).toMatchObject({
      route: 'outside',
      number: '+33155501099',
      numberClass: 'fixed',
      callerId: { from: 'user', numbers: ['+33155501001'] },
    });
  });

  test('a user in a call is not deleted, and the calls are named', async () => {
    const { calling } = await connect(phones.ada!, '1001', phones['1001']!);
    const refused = await patchbay('users', 'delete', 'ada', '--yes');
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^ {2}in a call with بوب <1001> since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/m);
    expect(refused.err).toContain('--when idle');
    expect(refused.err).toMatch(/\(user-in-call, request [\w-]+\)/);
    const queued = await patchbay('users', 'delete', 'ada', '--yes', '--when', 'idle');
    expect(queued).toMatchObject({ code: 0, out: expect.stringContaining('deleted when it ends') });
    expect((await patchbay('deletions', 'list')).out).toMatch(/^Ada +1000 +test /m);
    expect((await patchbay('deletions', 'cancel', 'ada')).code).toBe(0);
    const [{ calls }] = (await patchbay.json('live', 'ada')).items;
    expect((await patchbay('calls', 'hangup', calls[0].id)).code).toBe(0);
    await until('the call is over', () => calling.state === 'ended');
  });

  test('suspended is refused at once, deleted is gone', async () => {
    expect((await patchbay('users', 'suspend', 'ada', '--wait')).out).toMatch(/^Status +suspended$/m);
    expect((await phones.ada!.register()).status).not.toBe(200);
    const asked = await patchbay('users', 'delete', 'ada');
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('add --yes') });
    expect(await patchbay('users', 'delete', 'ada', '--yes', '--wait')).toMatchObject({
      code: 0,
      out: 'ada is deleted.\n',
    });
    expect((await patchbay('users', 'show', 'ada')).code).toBe(1);
    const free = await patchbay.json('extensions', 'free', '--limit', '1');
    expect(free.items).toMatchObject([{ number: '1000', free: true }]);
    const audit = await patchbay('audit', '--limit', '5');
    expect(audit.out).toMatch(/ user\.delete +user /);
  });
});

describe('profiles', () => {
  test('come from a file, are tried before, and name the place that is wrong', async () => {
    const file = path.join(folder, 'profile.json');
    const rule = { action: 'allow', match: { kind: 'class', classes: ['fixed'], where: 'national' } };
    writeFileSync(file, JSON.stringify({ name: 'Fixed only', rules: [rule] }));
    const tried = await elsewhere('profiles', 'try', file, '0155501001');
    expect(tried.out).toMatch(/^Verdict +allow$/m);
    const created = await elsewhere('profiles', 'create', file);
    expect(created.out).toMatch(/^ *1 +allow fixed: national$/m);
    const update = await elsewhere('users', 'update', 'bob', '--profile', 'fixed only');
    expect(update.code, update.err).toBe(0);
    const inUse = await elsewhere('profiles', 'delete', 'Fixed only');
    expect(inUse).toMatchObject({ code: 1, err: expect.stringContaining('(profile-in-use, request ') });
    expect((await elsewhere('profiles', 'delete', 'Fixed only', '--replace-with', 'internal')).code).toBe(0);

    writeFileSync(file, JSON.stringify({ name: 'Wrong', rules: [{ ...rule, action: 'perhaps' }] }));
    const wrong = await elsewhere('profiles', 'create', file);
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/^ {2}rules\.0\.action: Send one of "allow", "deny"\.$/m);
  });
});

describe('the PBX', () => {
  test('is in sync, as plan and status say; a repair is waited for', async () => {
    expect((await elsewhere('sync', 'wait', '--timeout', '30')).code).toBe(0);
    expect((await elsewhere('sync', 'status')).out).toMatch(/^Waiting +0$/m);
    expect(await elsewhere.json('nodes', 'repair')).toEqual({ done: true });
    expect((await elsewhere.json('nodes', 'plan')).inSync).toBe(true);
    expect((await elsewhere('nodes', 'status', 'test')).out).toMatch(/^Connection +connected$/m);
  });

  test('watching it ends with Ctrl-C', async () => {
    const watched = await elsewhere.interrupted('Applied', 'sync', 'status', '--watch');
    expect(watched).toMatchObject({ code: 130, err: 'Interrupted.\n' });
  });
});

describe('what a script can tell apart', () => {
  test('a refusal: 1, the same document as the API with --json', async () => {
    const args = [
      'users',
      'create',
      '--username',
      'bob',
      '--email',
      'other@example.org',
      '--first-name',
      'Bob',
    ];
    const text = await elsewhere(...args);
    expect(text).toMatchObject({ code: 1, out: '' });
    expect(text.err).toMatch(/^ {2}username: /m);
    const json = await elsewhere(...args, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ status: 409, code: 'conflict-duplicate' });
  });

  test('what is created under the same Idempotency-Key is created once', async () => {
    const key = 'the-answer-was-lost-1';
    const args = ['numbers', 'add', '+33155501002', '--idempotency-key', key];
    const [first, second] = [await elsewhere.json(...args), await elsewhere.json(...args)];
    expect(second.id).toBe(first.id);
  });

  test('wrong usage: 2; a key that is not accepted, or may not: 4; nobody there: 3', async () => {
    const { url } = service;
    expect((await elsewhere('users', 'lst')).code).toBe(2);
    expect((await elsewhere('users', 'list', '--key', service.platform.token)).code).toBe(2);

    const strange = service.platform.token.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    const refused = await command.for({ url, key: strange, tenant })('users', 'list');
    expect(refused).toMatchObject({ code: 4, out: '' });
    const { token } = await elsewhere.json('keys', 'create', 'reader', '--scope', 'users:read');
    const reader = command.for({ url, key: token, tenant });
    expect((await reader('users', 'list')).code).toBe(0);
    const forbidden = await reader('users', 'suspend', 'bob');
    expect(forbidden).toMatchObject({ code: 4, err: expect.stringContaining('users:suspend') });
    expect((await elsewhere('keys', 'revoke', token.split('_')[1])).code).toBe(0);
    expect((await reader('users', 'list')).code).toBe(4);

    const silent = `http://127.0.0.1:${await closedPort()}`;
    const nobody = await command.for({ url: silent, key: token })('tenants', 'list');
    expect(nobody.code).toBe(3);
    expect(nobody.err).toContain(`${silent} cannot be reached: nobody listens there.`);
    expect((await command.for({ url: 'http://127.0.0.1:5060', key: token })('tenants', 'list')).code).toBe(3);
    for (const { err } of [refused, forbidden, nobody]) expect(err).not.toMatch(/pbk_|[0-9a-f]{64}/);
  });

  test('the key may stand in a file', async () => {
    const file = path.join(folder, 'key');
    writeFileSync(file, `${service.platform.token}\n`, { mode: 0o600 });
    const keyless = command.for({ url: service.url, key: '' });
    expect((await keyless('tenants', 'list', '--key-file', file)).code).toBe(0);
    expect((await keyless('tenants', 'list', '--key-file', `${file}.missing`)).code).toBe(2);
    expect((await keyless('tenants', 'list')).code).toBe(2);
  });
});
