import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type LocalAsterisk, startAsterisk } from '../../src/local/asterisk/run.ts';
import type {} from '../support/provided.ts';

/**
 * What the test phones are tried against: real Asterisk, and the plainest dialplan there is, so that a
 * mistake in Patchbay's own cannot look like one of the phones.
 */
const DIALPLAN = `
[default]
exten => _1XXX,1,Dial(PJSIP/\${EXTEN},10)
 same => n,Hangup()
exten => _+X.,1,Set(CALLERID(num)=+33123456789)
 same => n,Dial(PJSIP/\${EXTEN}@trunk)
exten => _00X.,1,Hangup(21)
exten => 888,1,Progress()
 same => n,Playtones(425)
 same => n,Wait(5)
 same => n,Hangup(21)
`;

export const TRUNK_ADDRESS = '127.0.0.9';

type Entry = [family: string, key: string, value: Record<string, string>];

export type PhonesPbx = {
  asterisk: LocalAsterisk;
  server: { host: string; port: number };
  put(entries: Entry[]): Promise<void>;
  stop(): Promise<void>;
};

export async function startPhonesPbx(): Promise<PhonesPbx> {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-phones-'));
  const configDir = path.join(folder, 'config');
  cpSync(path.join(readConfig().projectRoot, 'asterisk-config'), configDir, { recursive: true });
  writeFileSync(path.join(configDir, 'extensions.conf'), DIALPLAN);
  const { root } = inject('asterisk');
  const asterisk = await startAsterisk({ root, runDir: path.join(folder, 'run'), configDir });
  return {
    asterisk,
    server: asterisk.sip,
    put: (entries) => putEntries(asterisk, entries),
    stop: async () => {
      await asterisk.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The rows of a line whose password is its id with "secret-" before it. */
export function line(id: string, more: Record<string, string> = {}): Entry[] {
  const endpoint = {
    context: 'default',
    auth: id,
    aors: id,
    allow: '!all,ulaw',
    direct_media: 'no',
    callerid: `"Line ${id}" <${id}>`,
    send_pai: 'yes',
    trust_id_outbound: 'yes',
  };
  return [
    ['ps_auths/auth', id, { username: id, password: `secret-${id}` }],
    ['ps_aors/aor', id, { max_contacts: '1', remove_existing: 'yes' }],
    ['ps_endpoints/endpoint', id, { ...endpoint, ...more }],
  ];
}

/** A line for a browser. */
export function webLine(id: string): Entry[] {
  return line(id, { webrtc: 'yes', allow: '!all,opus,ulaw' });
}

/** The trunk to a carrier; the PBX knows it by its address. */
export function trunk({ host, port }: { host: string; port: number }): Entry[] {
  const endpoint = {
    context: 'default',
    aors: 'trunk',
    allow: '!all,ulaw',
    identify_by: 'ip',
    direct_media: 'no',
  };
  return [
    ['ps_aors/aor', 'trunk', { contact: `sip:${host}:${port}` }],
    ['ps_endpoints/endpoint', 'trunk', { ...endpoint, allow_transfer: 'no' }],
    ['ps_identifies/identify', 'trunk', { endpoint: 'trunk', match: host }],
  ];
}

/** Over AMI by hand: the phones must not depend on the client that they will test. */
async function putEntries({ ami }: LocalAsterisk, entries: Entry[]): Promise<void> {
  const socket = connect(ami.port, ami.host);
  let answers = '';
  socket.on('data', (text) => {
    answers += text;
  });
  const actions = entries.map(([family, key, value]) =>
    ['Action: DBPut', `Family: ${family}`, `Key: ${key}`, `Val: ${JSON.stringify(value)}`].join('\r\n'),
  );
  const login = `Action: Login\r\nUsername: ${ami.username}\r\nSecret: ${ami.secret}\r\nEvents: off`;
  socket.write([login, ...actions, 'Action: Logoff', ''].join('\r\n\r\n'));
  await once(socket, 'close');
  const done = answers.split('Updated database successfully').length - 1;
  if (done !== entries.length) throw new Error(`${done} of ${entries.length} entries put: ${answers}`);
}
