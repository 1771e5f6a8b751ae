/**
 * What the door to Asterisk costs, on an Asterisk of its own with 10,000 lines and as many registrations:
 * `npx tsx bench/pbx-door.ts`. docs/decisions/ami-and-ari-clients.md quotes what it printed.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../src/config.ts';
import { obtainAsterisk } from '../src/local/asterisk/obtain.ts';
import { startAsterisk } from '../src/local/asterisk/run.ts';
import { connectToAsterisk } from '../src/pbx/asterisk-adapter.ts';
import type { Pbx } from '../src/pbx/port.ts';

const LINES = 10_000;
const lineIds = Array.from({ length: LINES }, (_, i) => `L${String(i).padStart(6, '0')}`);

async function timed<T>(what: string, times: number, act: (round: number) => Promise<T>): Promise<T> {
  const begin = performance.now();
  let last!: T;
  for (let round = 0; round < times; round++) last = await act(round);
  const ms = (performance.now() - begin) / times;
  console.log(`${what.padEnd(64)} ${ms.toFixed(ms < 10 ? 2 : 0).padStart(8)} ms`);
  return last;
}

function lineEntries(id: string): [string, string][] {
  const digest = createHash('md5').update(id).digest('hex');
  const auth = { auth_type: 'digest', username: id, password_digest: `MD5:${digest}` };
  return [
    [`ps_auths/auth/${id}`, JSON.stringify(auth)],
    [`ps_aors/aor/${id}`, JSON.stringify({ max_contacts: '5' })],
    [
      `ps_endpoints/endpoint/${id}`,
      JSON.stringify({ context: 'default', auth: id, aors: id, allow: '!all,ulaw' }),
    ],
  ];
}

/** As res_pjsip_registrar writes it for a phone that registers over UDP. */
function contactEntry(id: string): [string, string] {
  const uri = `sip:${id}@127.0.0.1:45060`;
  const row = {
    ...{ via_addr: '127.0.0.1', via_port: '45060', qualify_timeout: '3.000000', qualify_frequency: '0' },
    ...{
      call_id: id,
      reg_server: '',
      prune_on_boot: 'no',
      path: '',
      endpoint: id,
      authenticate_qualify: 'no',
    },
    ...{
      uri,
      user_agent: 'bench',
      expiration_time: String(Math.floor(Date.now() / 1000) + 3600),
      outbound_proxy: '',
    },
  };
  return [`registrar/contact/${id};@${createHash('md5').update(uri).digest('hex')}`, JSON.stringify(row)];
}

async function measure(pbx: Pbx): Promise<void> {
  const { db, contacts, objects, calls, link } = pbx;
  const lines = lineIds.flatMap(lineEntries);
  await timed(`write ${lines.length} entries`, 1, () => db.write(lines));
  await timed(`write ${lines.length} entries again`, 3, () => db.write(lines));
  await timed(`readTree, ${LINES} endpoints`, 5, () => db.readTree('ps_endpoints/endpoint'));
  await timed(`readTree, ${LINES} auths`, 5, () => db.readTree('ps_auths/auth'));
  await timed('settle', 1, () => objects.settle());
  await db.write(lineIds.map(contactEntry));
  await timed(`registrations, all ${LINES}`, 5, () => contacts.registrations());
  await timed('contactsOf one aor', 200, (round) => contacts.contactsOf(lineIds[round]!));
  await timed('endContacts of one aor', 200, (round) => contacts.endContacts(lineIds[round]!));
  await timed('get one entry', 200, (round) => db.get(`ps_aors/aor/${lineIds[round]}`));
  await timed('endpointState', 200, (round) => calls.endpointState(lineIds[round]!));
  await timed('setMaintenance', 200, (round) => objects.setMaintenance(lineIds[round]!, round % 2 === 0));
  await timed('removeObject, an aor', 200, (round) => objects.removeObject('aor', lineIds[round]!));
  await timed('health', 5, () => link.health());
}

const { projectRoot, dataDir, local } = readConfig();
const root = await obtainAsterisk({
  dataDir,
  root: local.asteriskRoot ?? undefined,
  mirror: local.debianMirror ?? undefined,
  say: console.log,
});
const runDir = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
const asterisk = await startAsterisk({ root, runDir, configDir: path.join(projectRoot, 'asterisk-config') });
try {
  const { ami, ari } = asterisk;
  const access = { baseUrl: ari.url, username: ari.username, password: ari.secret };
  const pbx = connectToAsterisk({ ami, ari: access, onDefect: console.error });
  await pbx.link.whenConnected(10_000);
  await measure(pbx);
  await pbx.link.close();
} finally {
  await asterisk.stop();
  rmSync(runDir, { recursive: true, force: true });
}
