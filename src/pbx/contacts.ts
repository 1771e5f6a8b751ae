import { z } from 'zod';
import type { AmiClient } from './ami/client.ts';
import type { AriClient } from './ari/client.ts';
import type { AstDb } from './astdb.ts';
import { checkObjectId } from './names.ts';
import { PbxError } from './pbx-error.ts';
import type { ContactReachability, PbxContact, PbxContactDetail, PbxContacts } from './port.ts';

/**
 * Where res_pjsip_registrar keeps registrations, UDP and WebSocket alike: key `<aor>;@<md5 of the URI>`,
 * value the contact's fields (`contact=astdb,registrar`, PJSIP's default in res_pjsip/location.c).
 */
const CONTACT_FAMILY = 'registrar/contact';
const CONTACT_ID = /^(.+);@[0-9a-f]{32}$/;

const contactRow = z.object({
  uri: z.string(),
  endpoint: z.string().default(''),
  user_agent: z.string().default(''),
  via_addr: z.string().default(''),
  via_port: z.string().default(''),
  /** Seconds since 1970. */
  expiration_time: z.coerce.number(),
});

/**
 * How registrations are found, measured with 10,000 of them: the dialplan function PJSIP_AOR, asked
 * through Getvar, lists one aor's contacts in 0.08 ms, because it goes by the key's prefix. The others
 * refused: PJSIPShowContacts lists all of them (0.6 to 1 s of the AMI thread), PJSIPShowEndpoint takes
 * 0.2 ms but answers with the password too, and DBGetTree reads all of them (47 ms).
 */
export class Contacts implements PbxContacts {
  readonly #ami: AmiClient;
  readonly #ari: AriClient;
  readonly #db: AstDb;

  constructor(ami: AmiClient, ari: AriClient, db: AstDb) {
    this.#ami = ami;
    this.#ari = ari;
    this.#db = db;
  }

  async registrations(): Promise<Map<string, PbxContact[]>> {
    const rows = await this.#db.readTree(CONTACT_FAMILY);
    const byAor = new Map<string, PbxContact[]>();
    for (const [path, value] of rows) {
      const contact = readContact(path.slice(CONTACT_FAMILY.length + 1), value);
      if (!contact) continue;
      const others = byAor.get(contact.aor);
      if (others) others.push(contact);
      else byAor.set(contact.aor, [contact]);
    }
    return byAor;
  }

  async contactsOf(aor: string): Promise<PbxContactDetail[]> {
    const { ids, complete } = await this.#idsOf(aor);
    const contacts = complete
      ? await Promise.all(ids.map((id) => this.#read(id)))
      : ((await this.registrations()).get(aor) ?? []);
    const found = contacts.filter((contact) => contact !== null);
    return Promise.all(found.map((contact) => this.#withStatus(contact)));
  }

  /** In rounds, because the PBX names at most some twenty contacts at a time. */
  async endContacts(aor: string): Promise<number> {
    let ended = 0;
    for (;;) {
      const { ids, complete } = await this.#idsOf(aor);
      const removed = await Promise.all(ids.map((id) => this.#end(id)));
      const count = removed.filter(Boolean).length;
      ended += count;
      if (complete || count === 0) return ended;
    }
  }

  /** Incomplete when the answer was cut off: Getvar's holds 1,023 bytes (`action_getvar`, main/manager.c). */
  async #idsOf(aor: string): Promise<{ ids: string[]; complete: boolean }> {
    checkObjectId(aor);
    const named = (await this.#variable(`PJSIP_AOR(${aor},contact)`)).split(',');
    // Contacts that stand in the aor's own row (`<aor>@@…`) are no registrations.
    const ids = named.filter((id) => CONTACT_ID.test(id));
    return { ids, complete: named.join(',').length < 1000 };
  }

  async #read(id: string): Promise<PbxContact | null> {
    const value = await this.#db.get(`${CONTACT_FAMILY}/${id}`);
    return value === null ? null : readContact(id, value);
  }

  async #withStatus(contact: PbxContact): Promise<PbxContactDetail> {
    const [status, roundtrip] = await Promise.all([
      this.#variable(`PJSIP_CONTACT(${contact.id},status)`),
      this.#variable(`PJSIP_CONTACT(${contact.id},rtt)`),
    ]);
    return { ...contact, status: reachability(status), roundtripMicroseconds: microseconds(roundtrip) };
  }

  /** Through ARI, not DBDel: only then PJSIP forgets the contact and tells of it. */
  async #end(id: string): Promise<boolean> {
    try {
      const path = `/asterisk/config/dynamic/res_pjsip/contact/${encodeURIComponent(id)}`;
      await this.#ari.call('DELETE', { path });
      return true;
    } catch (error) {
      if (error instanceof PbxError && error.code === 'pbx-no-such-object') return false;
      throw error;
    }
  }

  async #variable(expression: string): Promise<string> {
    const { response } = await this.#ami.ask('Getvar', [['Variable', expression]]);
    return response.get('Value') ?? '';
  }
}

/** Null for what is not a registration, e.g. a row that somebody made by hand. */
function readContact(id: string, value: string): PbxContact | null {
  const aor = CONTACT_ID.exec(id)?.[1];
  if (aor === undefined) return null;
  let row: z.infer<typeof contactRow>;
  try {
    row = contactRow.parse(JSON.parse(value));
  } catch {
    return null;
  }
  return {
    id,
    aor,
    endpoint: row.endpoint,
    uri: row.uri,
    userAgent: row.user_agent,
    source: row.via_port ? `${row.via_addr}:${row.via_port}` : row.via_addr,
    expiresAt: new Date(row.expiration_time * 1000),
  };
}

const REACHABILITY: Record<string, ContactReachability> = {
  Reachable: 'reachable',
  Unreachable: 'unreachable',
  NonQualified: 'unqualified',
};

export function reachability(status: string): ContactReachability {
  return REACHABILITY[status] ?? 'unknown';
}

/** `N/A` and 0 say that there has been no answer. */
export function microseconds(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}
