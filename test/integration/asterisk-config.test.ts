import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { asteriskProgram } from '../../src/local/asterisk/program.ts';
import type { LocalAsterisk } from '../../src/local/asterisk/run.ts';
import { privateAsterisk } from '../support/private-asterisk.ts';

const configDir = path.join(readConfig().projectRoot, 'asterisk-config');

/** Sends AMI actions as the service's account, one after the other; returns their answers. */
function ami(asterisk: LocalAsterisk, ...actions: string[]): Promise<string[]> {
  const { host, port, username, secret } = asterisk.ami;
  const all = [`Action: Login\r\nUsername: ${username}\r\nSecret: ${secret}\r\nEvents: off`, ...actions];
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`AMI said only: ${text}`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`AMI closed the connection after: ${text}`)));
    socket.write(all.map((action) => `${action}\r\n\r\n`).join(''));
    socket.on('data', (chunk) => {
      text += chunk;
      const answers = text.split('\r\n\r\n').slice(0, -1);
      if (answers.length < all.length) return;
      resolve(answers.slice(1));
      socket.destroy();
    });
  });
}

const put = (family: string, key: string, value: object) =>
  `Action: DBPut\r\nFamily: ${family}\r\nKey: ${key}\r\nVal: ${JSON.stringify(value)}`;

/** Sends one INVITE from 127.0.0.1 without credentials; returns the first answer that is not 100. */
async function invite(asterisk: LocalAsterisk, from: string): Promise<string> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  const { host, port } = asterisk.sip;
  const own = `127.0.0.1:${socket.address().port}`;
  const sdp =
    'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
  const id = `${from}-${socket.address().port}`;
  const lines = [
    `INVITE sip:123@${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${id};rport`,
    'Max-Forwards: 70',
    `From: <sip:${from}@127.0.0.1>;tag=${id}`,
    `To: <sip:123@${host}>`,
    `Call-ID: ${id}`,
    'CSeq: 1 INVITE',
    `Contact: <sip:x@${own}>`,
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer to the INVITE')), 10_000);
    socket.on('message', (message) => {
      if (/^SIP\/2\.0 100 /.test(message.toString())) return;
      clearTimeout(timer);
      resolve(message.toString());
    });
    socket.send(lines.join('\r\n'), port, host);
  });
}

test('a trunk put into AstDB is recognised by its address at once, and not by its name', async () => {
  const asterisk = await privateAsterisk();
  expect(await invite(asterisk, 'stranger')).toMatch(/^SIP\/2\.0 401 .*realm="asterisk"/s);
  const endpoint = { context: 'trunk-test', allow: 'ulaw', identify_by: 'ip' };
  await ami(asterisk, put('ps_endpoints/endpoint', 'pbtrunk-1', endpoint));
  expect(await invite(asterisk, 'pbtrunk-1')).toMatch(/^SIP\/2\.0 401 /);
  await ami(
    asterisk,
    put('ps_identifies/identify', 'pbtrunk-1', { endpoint: 'pbtrunk-1', match: '127.0.0.1' }),
  );
  // Recognised: no challenge, but nothing is in that context.
  expect(await invite(asterisk, 'anybody')).toMatch(/^SIP\/2\.0 404 /);
});

test('the service’s AMI account can provision, and cannot write files, load modules or run programs', async () => {
  const asterisk = await privateAsterisk();
  const [written, wroteFile, loaded, ran, originated] = await ami(
    asterisk,
    put('ps_auths/auth', 'x', { username: 'x' }),
    'Action: UpdateConfig\r\nSrcFilename: x.conf\r\nDstFilename: x.conf',
    'Action: Command\r\nCommand: module load app_system.so',
    'Action: Command\r\nCommand: !id',
    'Action: Originate\r\nChannel: Local/s@default\r\nApplication: System\r\nData: id',
  );
  expect(written).toContain('Response: Success');
  expect(wroteFile).toContain('Permission denied');
  expect(loaded).toContain('Response: Error');
  expect(ran).not.toContain('uid=');
  expect(originated).toContain('Response: Error');
  expect(await asterisk.command('module show like app_system')).toContain('0 modules loaded');
});

test('AMI is deaf to other accounts and ARI to other passwords', async () => {
  const asterisk = await privateAsterisk();
  const other = { ...asterisk, ami: { ...asterisk.ami, secret: 'wrong' } };
  await expect(ami(other, 'Action: Ping')).rejects.toThrow(/Authentication failed/);
  expect((await fetch(`${asterisk.ari.url}/asterisk/info`)).status).toBe(401);
});

test('every module that is loaded finds all its libraries in what was unpacked', () => {
  const { root } = inject('asterisk');
  const program = asteriskProgram(root);
  const modules = readFileSync(path.join(configDir, 'modules.conf'), 'utf8').matchAll(/^require = (\S+)$/gm);
  const loader = program.args.slice(0, program.args.indexOf('--argv0'));
  const names = [...modules].map((match) => match[1]!);
  expect(names.length).toBeGreaterThan(50);
  for (const name of names) {
    const module = path.join(program.moduleDir, name);
    const { stdout, status } = spawnSync(program.command, [...loader, '--list', module], {
      encoding: 'utf8',
    });
    expect(status, name).toBe(0);
    const outside = stdout.split('\n').filter((line) => line.includes('=>') && !line.includes(`=> ${root}`));
    expect(outside, name).toEqual([]);
  }
});
