import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPhone } from '../support/phones/browser-phone.ts';
import { carrier, sippCarrier } from '../support/phones/carrier.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';
import { registerOnce, startRegisterLoad } from '../support/phones/register-load.ts';
import { sippPhone } from '../support/phones/sipp-phone.ts';
import { phone } from '../support/phones/ua-phone.ts';
import { line, type PhonesPbx, startPhonesPbx, TRUNK_ADDRESS, trunk, webLine } from './phones-pbx.ts';

/** Whether the phones that all other suites trust tell the truth, on a real Asterisk. */

let pbx: PhonesPbx;

beforeAll(async () => {
  pbx = await startPhonesPbx();
  await pbx.put([
    ...['1001', '1002', '1003'].flatMap((id) => line(id)),
    ...webLine('1004'),
    ...webLine('1005'),
  ]);
});

afterAll(async () => {
  await closePhones();
  await pbx.stop();
});

async function registered(user: string, name: string, more: { localIp?: string; transport?: 'tcp' } = {}) {
  const it = await phone({ server: pbx.server, user, password: `secret-${user}`, name, ...more });
  expect((await it.register()).status).toBe(200);
  return it;
}

async function sippRegistered(user: string, name: string, localIp?: string) {
  const it = await sippPhone({ server: pbx.server, user, password: `secret-${user}`, name, localIp });
  expect((await it.register()).status).toBe(200);
  return it;
}

async function browserRegistered(user: string, name: string) {
  const { webSocketUrl } = pbx.asterisk;
  const it = await browserPhone({ webSocketUrl, user, password: `secret-${user}`, name });
  expect((await it.register()).status).toBe(200);
  return it;
}

describe('sipp phones', () => {
  test('two of them call each other with audio both ways, and either hangs up', async () => {
    const [alice, bob] = await Promise.all([
      sippRegistered('1001', 'alice', '127.0.0.2'),
      sippRegistered('1002', 'bob'),
    ]);
    const first = await connect(alice, '1002', bob);
    expect(first.called.remote).toMatchObject({ display: 'Line 1001', user: '1001' });
    await hearEachOther(first.calling, first.called);
    await first.calling.hangup();
    expect(await first.called.waitEnded()).toMatchObject({ by: 'them' });

    const second = await connect(bob, '1001', alice);
    await hearEachOther(second.calling, second.called);
    await second.called.hangup();
    expect(await second.calling.waitEnded()).toMatchObject({ by: 'them' });
  });

  test('register from their own address, and are refused with a wrong password', async () => {
    const alice = await sippRegistered('1001', 'alice', '127.0.0.7');
    const [contact] = (await alice.register()).contacts;
    expect(contact).toContain('sip:1001@127.0.0.7:');
    expect((await alice.deregister()).contacts).toEqual([]);
    const thief = await sippPhone({ server: pbx.server, user: '1001', password: 'guess' });
    expect((await thief.register()).status).toBe(401);
    expect((await thief.dial('1002')).status).toBe(401);
  });

  test('are busy, forward, ring until the caller gives up, and are refused', async () => {
    const [alice, bob] = await Promise.all([sippRegistered('1001', 'alice'), sippRegistered('1002', 'bob')]);
    const [busy] = await Promise.all([alice.dial('1002'), bob.expectCall({ status: 486 })]);
    expect(busy).toMatchObject({ status: 486, reason: 'Busy Here' });
    const carol = await registered('1003', 'carol');
    const forwarded = bob.expectCall({ moved: `sip:1003@${pbx.server.host}` });
    const { calling } = await connect(alice, '1002', carol);
    await forwarded;
    await calling.hangup();
    const ringing = await alice.startCall('1002');
    const rung = await bob.expectCall({ answer: false });
    await ringing.provisional(180);
    await ringing.hangup();
    expect(ringing.status).toBe(487);
    expect(await rung.waitEnded()).toMatchObject({ by: 'them' });
    expect((await alice.dial('0012')).status).toBe(403);
  });
});

describe('phones that a test drives step by step', () => {
  test('hear each other, press keys, hold and resume; also over TCP', async () => {
    const [alice, bob] = await Promise.all([
      registered('1001', 'alice', { transport: 'tcp', localIp: '127.0.0.3' }),
      registered('1002', 'bob'),
    ]);
    const { calling, called } = await connect(alice, '1002', bob, { plan: { answer: 50 } });
    expect(calling.remote).toMatchObject({ user: '1002' });
    await hearEachOther(calling, called);
    await calling.sendDtmf('19#');
    await called.audio.receivesDigits('19#');
    expect(await calling.hold()).toBe(200);
    await called.audio.losesTone(440);
    expect(await calling.resume()).toBe(200);
    await hearEachOther(calling, called);
    await called.hangup();
    expect(await calling.waitEnded()).toMatchObject({ by: 'them' });
  });

  test('transfer blind and attended', async () => {
    const [alice, bob, carol] = await Promise.all([
      registered('1001', 'alice'),
      registered('1002', 'bob'),
      registered('1003', 'carol'),
    ]);
    const blind = await connect(alice, '1002', bob);
    const [outcome, third] = await Promise.all([blind.called.refer('1003'), carol.expectCall()]);
    expect(outcome).toEqual({ status: 202, notified: [100, 180, 200] });
    await hearEachOther(blind.calling, third);
    expect(await blind.called.waitEnded()).toBeDefined();
    await blind.calling.hangup();

    const held = await connect(alice, '1002', bob);
    const consulting = await connect(bob, '1003', carol);
    const attended = await held.called.referReplaces(consulting.calling);
    expect(attended).toMatchObject({ status: 202, notified: [100, 200] });
    await hearEachOther(held.calling, consulting.called);
    await held.calling.hangup();
    await consulting.called.waitEnded();
  });

  test('hear what is played before the answer, and give up', async () => {
    const alice = await registered('1001', 'alice');
    const call = await alice.startCall('888');
    await call.audio.hears(425);
    expect(call.earlyMedia).toBe(true);
    expect(await call.cancel()).toBe(487);
  });

  test('show what was asked for and what came instead', async () => {
    const [alice, bob] = await Promise.all([registered('1001', 'alice'), registered('1002', 'bob')]);
    await expect(connect(alice, '0012', bob)).rejects.toThrow(
      /alice's call to 0012 was answered 403 Forbidden/,
    );
    await expect(bob.expectCall({}, 50)).rejects.toThrow(
      /waited 50 ms: bob \(1002 at .*\) waited for an incoming call[\s\S]*-> .*REGISTER/,
    );
    expect(await bob.callsSoFar()).toEqual([]);
    const { calling, called } = await connect(alice, '1002', bob);
    await expect(called.audio.hears(1000, 150)).rejects.toThrow(/did not hear 1000 Hz \(RTP: /);
    await calling.hangup();
    expect(await bob.callsSoFar()).toHaveLength(1);
  });
});

describe.each([
  ['sipp', sippCarrier],
  ['the step-by-step phone', carrier],
] as const)('a carrier by %s', (_by, openCarrier) => {
  test('sees who calls which number, and proves that it saw nothing', async () => {
    const far = await openCarrier({ server: pbx.server, localIp: TRUNK_ADDRESS });
    await pbx.put(trunk(far.address));
    const alice = await registered('1001', 'alice');
    const [call, seen] = await Promise.all([alice.dial('+4420123'), far.nextCall()]);
    expect(seen).toMatchObject({ number: '+4420123', from: { user: '+33123456789', display: 'Line 1001' } });
    await hearEachOther(call, seen.call);
    await seen.call.hangup();
    await call.waitEnded();
    await expect(far.sawNothingFor('4420123')).rejects.toThrow(/reached the carrier, as \+4420123/);
    expect((await alice.dial('004420999')).status).toBe(403);
    await far.sawNothingFor('4420999');
    far.plan = { status: 503 };
    const [refused] = await Promise.all([alice.dial('+4420123'), far.nextCall()]);
    expect(refused.status).toBe(503);
  });
});

test('a carrier calls in, and its transfers are answered', async () => {
  const far = await carrier({ server: pbx.server, localIp: TRUNK_ADDRESS });
  await pbx.put(trunk(far.address));
  const bob = await registered('1002', 'bob');
  const answered = bob.expectCall();
  const call = await far.call('1002', { from: '+4915112345', display: 'Someone' });
  const called = await answered;
  expect(called.remote).toMatchObject({ user: '+4915112345', display: 'Someone' });
  await hearEachOther(call, called);
  expect(await call.refer('1001')).toEqual({ status: 603, notified: [] });
  await call.hangup();
});

describe('browser phones', () => {
  test('one calls a phone and is called, with audio both ways, hold, keys and transfer', async () => {
    const [carol, alice, bob] = await Promise.all([
      browserRegistered('1004', 'carol'),
      registered('1001', 'alice'),
      registered('1002', 'bob'),
    ]);
    const out = await connect(carol, '1001', alice);
    expect(out.called.remote).toMatchObject({ display: 'Line 1004', user: '1004' });
    await hearEachOther(out.calling, out.called);
    const stats = await out.calling.audio.stats();
    expect(Math.min(stats.bytesSent, stats.bytesReceived)).toBeGreaterThan(0);
    expect(await out.calling.hold()).toBe(200);
    expect(await out.calling.resume()).toBe(200);
    await hearEachOther(out.calling, out.called);
    await out.calling.sendDtmf('42');
    await out.called.audio.receivesDigits('42');
    const [outcome, third] = await Promise.all([out.calling.refer('1002'), bob.expectCall()]);
    expect(outcome).toMatchObject({ status: 202 });
    await hearEachOther(out.called, third);
    await third.hangup();

    const into = await connect(alice, '1004', carol);
    expect(into.called.remote).toMatchObject({ display: 'Line 1001', user: '1001' });
    await hearEachOther(into.calling, into.called);
    await into.called.hangup();
    await into.calling.waitEnded();
  });

  test('two of them talk in Opus; a wrong password is refused', async () => {
    const [carol, dave] = await Promise.all([
      browserRegistered('1004', 'carol'),
      browserRegistered('1005', 'dave'),
    ]);
    const { calling, called } = await connect(carol, '1005', dave);
    await hearEachOther(calling, called);
    expect(await calling.audio.stats()).toMatchObject({ codec: 'audio/opus' });
    await calling.hangup();
    await called.waitEnded();
    const { webSocketUrl } = pbx.asterisk;
    const thief = await browserPhone({ webSocketUrl, user: '1004', password: 'guess' });
    expect((await thief.register()).status).toBe(401);
  });
});

test('a registration load says what was accepted, refused, repeated and lost', async () => {
  const users = Array.from({ length: 200 }, (_, index) => `20${String(index).padStart(3, '0')}`);
  await pbx.put(users.flatMap((user) => line(user)));
  const credentials = users.map((user) => ({ user, password: `secret-${user}` }));
  const { server } = pbx;
  const patient = { server, credentials, retransmissions: 6 };
  const load = await startRegisterLoad({ ...patient, rate: 300, localIp: '127.0.0.4' });
  expect(await registerOnce({ ...patient, rate: 400 })).toMatchObject({
    sent: 200,
    ok: 200,
    failed: 0,
    lost: 0,
  });
  const report = await load.stop();
  expect(report.sent).toBeGreaterThan(0);
  expect(report).toMatchObject({ ok: report.sent, failed: 0, lost: 0 });
  const wrong = [...credentials.slice(0, 3), { user: '20000', password: 'guess' }];
  expect(await registerOnce({ server, credentials: wrong, rate: 400 })).toMatchObject({
    ok: 3,
    failed: 1,
    lost: 0,
  });
  const nobody = { host: '127.0.0.1', port: 9 };
  const lost = await registerOnce({ server: nobody, credentials: wrong, rate: 400, retransmissions: 0 });
  expect(lost).toMatchObject({ sent: 4, ok: 0, failed: 0, lost: 4 });
});

test('a load takes the repeated challenge of a slow PBX for no refusal', async () => {
  const slow = createSocket('udp4');
  slow.bind(0, '127.0.0.1');
  await once(slow, 'listening');
  let challenges = 0;
  let firsts = 0;
  slow.on('message', (bytes, from) => {
    const lines = bytes.toString().split('\r\n');
    const answer = (status: string, more: string[] = []) => {
      const copied = lines.filter((row) => /^(?:Via|From|To|Call-ID|CSeq):/.test(row));
      slow.send([`SIP/2.0 ${status}`, ...copied, ...more, '', ''].join('\r\n'), from.port, from.address);
    };
    const challenge = () =>
      answer('401 Unauthorized', [`WWW-Authenticate: Digest realm="r", nonce="${++challenges}"`]);
    if (!lines.includes('CSeq: 1 REGISTER')) answer('200 OK');
    else if (++firsts === 2) {
      challenge();
      challenge();
    }
  });
  const server = { host: '127.0.0.1', port: slow.address().port };
  const credentials = [{ user: 'a', password: 'b' }];
  const report = await registerOnce({ server, credentials, rate: 10 });
  slow.close();
  expect(report).toEqual({ sent: 1, ok: 1, failed: 0, retransmitted: 1, lost: 0 });
});
