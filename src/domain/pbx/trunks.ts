import type { PbxEntries } from './lines.ts';

/** The name of a trunk's objects; the dialplan reads the trunk's id from `CHANNEL(endpoint)`. */
export function trunkObjectId(trunkId: string): string {
  return `pbtrunk-${trunkId}`;
}

export type TrunkConnection = {
  id: string;
  /** A name or an IPv4 address; calls are taken from its addresses. */
  host: string;
  port: number;
  transport: 'udp' | 'tcp' | 'tls';
  /** More addresses or networks that the carrier calls from. */
  callsFrom?: readonly string[];
  /** For carriers that ask for a password. */
  login?: { username: string; password: string };
  /** The trunk's flag `p`: the carrier may know numbers that are withheld from the called party. */
  sendsAssertedIdentity: boolean;
};

/**
 * The PJSIP objects of a trunk. It is recognised by its address alone: were it also found by name, anyone
 * who writes the trunk's name in From would call as the carrier, for a trunk has no password to ask for.
 */
export function trunkEntries(trunk: TrunkConnection): PbxEntries {
  const id = trunkObjectId(trunk.id);
  const entries: PbxEntries = new Map([
    [`ps_aors/aor/${id}`, JSON.stringify({ contact: contactUri(trunk), qualify_frequency: '60' })],
    [`ps_endpoints/endpoint/${id}`, JSON.stringify(endpointOf(trunk, id))],
    [
      `ps_identifies/identify/${id}`,
      JSON.stringify({ endpoint: id, match: [trunk.host, ...(trunk.callsFrom ?? [])].join(',') }),
    ],
  ]);
  if (trunk.login)
    entries.set(
      `ps_auths/auth/${id}`,
      JSON.stringify({
        auth_type: 'userpass',
        username: trunk.login.username,
        password: trunk.login.password,
      }),
    );
  return entries;
}

function endpointOf(trunk: TrunkConnection, id: string): Record<string, string> {
  return {
    context: 'pb-trunk',
    aors: id,
    identify_by: 'ip',
    ...(trunk.login && { outbound_auth: id }),
    allow: '!all,alaw,ulaw',
    direct_media: 'no',
    allow_subscribe: 'no',
    allow_overlap: 'no',
    // A trunk is no user and has no right: it transfers nobody.
    allow_transfer: 'no',
    // Who answered or took over a call inside is nobody's business outside.
    send_connected_line: 'no',
    trust_connected_line: 'no',
    send_diversion: 'no',
    ...(trunk.sendsAssertedIdentity && { send_pai: 'yes', trust_id_outbound: 'yes' }),
  };
}

function contactUri({ host, port, transport }: TrunkConnection): string {
  return `sip:${host}:${port}${transport === 'udp' ? '' : `;transport=${transport}`}`;
}
