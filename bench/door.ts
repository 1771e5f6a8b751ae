import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { connectToAsterisk } from '../src/pbx/asterisk-adapter.ts';
import type { Pbx } from '../src/pbx/port.ts';
import { onStop, startBenchAsterisk, temporaryFolder } from './stack.ts';
import type { Cell, Table } from './table.ts';

/** What the door to Asterisk costs, with so many lines and as many registrations (docs/decisions/ami-and-ari-clients.md). */
export async function door({ users }: { users: number }): Promise<Table[]> {
  const folder = temporaryFolder();
  const asterisk = await startBenchAsterisk(path.join(folder, 'asterisk'));
  const stop = onStop(async () => {
    await asterisk.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { ami, ari } = asterisk;
  const access = { baseUrl: ari.url, username: ari.username, password: ari.secret };
  const pbx = connectToAsterisk({ ami, ari: access, onDefect: console.error });
  try {
    await pbx.link.whenConnected(10_000);
    const title = `door: what single requests to Asterisk cost, ${users} lines and registrations`;
    return [{ title, columns: ['what', 'times', 'ms each'], rows: await measure(pbx, users) }];
  } finally {
    await pbx.link.close();
    await stop();
  }
}

async function measure({ db, contacts, objects, calls, link }: Pbx, users: number): Promise<Cell[][]> {
  const lineIds = Array.from({ length: users }, (_, i) => `L${String(i).padStart(6, '0')}`);
  const few = Math.min(200, users);
  const rows: Cell[][] = [];
  const timed = async (what: string, times: number, act: (round: number) => Promise<unknown>) => {
    const begin = performance.now();
    for (let round = 0; round < times; round++) await act(round);
    rows.push([what, times, (performance.now() - begin) / times]);
  };
  const lines = lineIds.flatMap(lineEntries);
  await timed(`write ${lines.length} entries`, 1, () => db.write(lines));
  await timed(`write ${lines.length} entries again`, 3, () => db.write(lines));
  await timed(`readTree, ${users} endpoints`, 5, () => db.readTree('ps_endpoints/endpoint'));
  await timed(`readTree, ${users} auths`, 5, () => db.readTree('ps_auths/auth'));
  await timed('settle', 1, () => objects.settle());
  await db.write(lineIds.map(contactEntry));
  await timed(`registrations, all ${users}`, 5, () => contacts.registrations());
  await timed('contactsOf one aor', few, (round) => contacts.contactsOf(lineIds[round]!));
  await timed('endContacts of one aor', few, (round) => contacts.endContacts(lineIds[round]!));
  await timed('get one entry', few, (round) => db.get(`ps_aors/aor/${lineIds[round]}`));
  await timed('endpointState', few, (round) => calls.endpointState(lineIds[round]!));
  await timed('setMaintenance', few, (round) => objects.setMaintenance(lineIds[round]!, round % 2 === 0));
  await timed('removeObject, an aor', few, (round) => objects.removeObject('aor', lineIds[round]!));
  await timed('health', 5, () => link.health());
  return rows;
}

function lineEntries(id: string): [string, string][] {
  const digest = createHash('md5').update(id).digest('hex');
  const auth = { auth_type: 'digest', username: id, password_digest: `MD5:${digest}` };
  const endpoint = { context: 'default', auth: id, aors: id, allow: '!all,ulaw' };
  return [
    [`ps_auths/auth/${id}`, JSON.stringify(auth)],
    [`ps_aors/aor/${id}`, JSON.stringify({ max_contacts: '5' })],
    [`ps_endpoints/endpoint/${id}`, JSON.stringify(endpoint)],
  ];
}

/** As res_pjsip_registrar writes it for a phone that registers over UDP. */
function contactEntry(id: string): [string, string] {
  const uri = `sip:${id}@127.0.0.1:45060`;
  const row = {
    via_addr: '127.0.0.1',
    via_port: '45060',
    qualify_timeout: '3.000000',
    qualify_frequency: '0',
    call_id: id,
    reg_server: '',
    prune_on_boot: 'no',
    path: '',
    endpoint: id,
    authenticate_qualify: 'no',
    uri,
    user_agent: 'bench',
    expiration_time: String(Math.floor(Date.now() / 1000) + 3600),
    outbound_proxy: '',
  };
  return [`registrar/contact/${id};@${createHash('md5').update(uri).digest('hex')}`, JSON.stringify(row)];
}
