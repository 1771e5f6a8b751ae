import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closePhones } from '../../support/phones/open-phones.ts';
import { headerValue, parseSipMessage, type SipMessage } from '../../support/phones/sip-message.ts';
import { phone } from '../../support/phones/ua-phone.ts';

/** The step-by-step phone on a line that loses and doubles messages; a PBX on loopback does neither. */

let line: Socket;
let server: { host: string; port: number };
let received: SipMessage[];

beforeEach(async () => {
  received = [];
  line = createSocket('udp4');
  line.bind(0, '127.0.0.1');
  await once(line, 'listening');
  server = { host: '127.0.0.1', port: line.address().port };
});

afterEach(async () => {
  await closePhones();
  line.close();
});

function respond(text: string, status: string, to: { port: number; address: string }, more = ''): void {
  const copied = text.split('\r\n').filter((row) => /^(?:Via|From|To|Call-ID|CSeq):/.test(row));
  line.send(
    [`SIP/2.0 ${status}`, ...copied, `${more}Content-Length: 0`, '', ''].join('\r\n'),
    to.port,
    to.address,
  );
}

test('a request that is lost is sent again, the same', async () => {
  const texts: string[] = [];
  line.on('message', (bytes, from) => {
    texts.push(bytes.toString());
    if (texts.length === 2) respond(bytes.toString(), '200 OK', from);
  });
  const alice = await phone({ server, user: 'alice' });
  expect((await alice.register()).status).toBe(200);
  expect(texts).toHaveLength(2);
  expect(texts[0]).toBe(texts[1]);
});

test('a wrong password is tried once', async () => {
  line.on('message', (bytes, from) => {
    received.push(parseSipMessage(bytes.toString())!);
    respond(bytes.toString(), '401 Unauthorized', from, 'WWW-Authenticate: Digest realm="r", nonce="n"\r\n');
  });
  const alice = await phone({ server, user: 'alice', password: 'x' });
  expect((await alice.register()).status).toBe(401);
  expect(received.map((message) => headerValue(message, 'CSeq'))).toEqual(['1 REGISTER', '2 REGISTER']);
});

test('an INVITE that comes twice is one call, and its answer is repeated until the ACK', async () => {
  const bob = await phone({ server, user: 'bob', incoming: () => ({ answer: true, ringing: false }) });
  const request = (method: string, branch: string, to = '<sip:bob@x>') =>
    [
      `${method} ${bob.contact} SIP/2.0`,
      `Via: SIP/2.0/UDP ${server.host}:${server.port};branch=z9hG4bK${branch}`,
      'From: <sip:a@x>;tag=1',
      `To: ${to}`,
      'Call-ID: twice',
      `CSeq: 1 ${method}`,
      `Contact: <sip:a@${server.host}:${server.port}>`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  const answers: SipMessage[] = [];
  const secondAnswer = new Promise<void>((resolve) => {
    line.on('message', (bytes) => {
      const message = parseSipMessage(bytes.toString())!;
      if (message.status === 200) answers.push(message);
      if (answers.length === 3) resolve();
    });
  });
  line.send(request('INVITE', 'one'), bob.local.port, bob.local.host);
  line.send(request('INVITE', 'one'), bob.local.port, bob.local.host);
  await secondAnswer;
  line.send(request('ACK', 'two', headerValue(answers[0]!, 'To')), bob.local.port, bob.local.host);
  expect(await bob.takeReceived(0)).toMatchObject({ state: 'up', requests: [] });
  expect(bob.received).toHaveLength(1);
});

test.each([
  ['before the answer ends the call', false, ['487 1 INVITE']],
  ['after the answer does not', true, ['200 1 INVITE']],
])('a CANCEL that comes %s', async (_case, accepted, finals) => {
  const bob = await phone({ server, user: 'bob' });
  const send = (method: string) => {
    const headers = [
      `Via: SIP/2.0/UDP ${server.host}:${server.port};branch=z9hG4bKc`,
      'From: <sip:a@x>;tag=1',
      'To: <sip:bob@x>',
      `Call-ID: ${method === 'OPTIONS' ? 'other' : 'cancelled'}`,
      `CSeq: 1 ${method}`,
    ];
    const text = [`${method} ${bob.contact} SIP/2.0`, ...headers, '', ''].join('\r\n');
    line.send(text, bob.local.port, bob.local.host);
  };
  const answers: string[] = [];
  const isFinal = (answer: string) => answer.endsWith('INVITE') && !answer.startsWith('1');
  const allAnswered = new Promise<void>((resolve) => {
    line.on('message', (bytes) => {
      const message = parseSipMessage(bytes.toString())!;
      answers.push(`${message.status} ${headerValue(message, 'CSeq')}`);
      if (accepted && answers.filter(isFinal).length === 1) send('CANCEL');
      if (answers.at(-1) === '200 1 CANCEL') send('OPTIONS');
      if (answers.at(-1) === '200 1 OPTIONS') resolve();
    });
  });
  send('INVITE');
  const call = await bob.expectCall({ answer: false });
  if (accepted) call.answer().catch(() => {});
  else send('CANCEL');
  await allAnswered;
  expect(answers.filter(isFinal)).toEqual(finals);
  call.finish({ by: 'us' });
});
