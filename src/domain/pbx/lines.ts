import { createHash } from 'node:crypto';

/** AstDB path (`family/key`, without leading slash) → value. */
export type PbxEntries = Map<string, string>;

/** A SIP phone (softphone, desk phone) keeps a registration that is asked after; a browser's connection tells. */
export type LineKind = 'sip' | 'webrtc';

/** Of the digest; `default_realm` in asterisk-config/pjsip.conf. */
const REALM = 'asterisk';

/** A changed value makes Asterisk read every endpoint again when the line next registers (has_qualify_changed). */
const QUALIFY_SECONDS = 60;

/** A browser that is gone without a word is hung up after so long without sound. */
const WEBRTC_SILENCE_SECONDS = 10;

/** What the PBX keeps instead of a secret; it serves for this line alone. RFC 2617, section 3.2.2.2. */
export function secretDigest(line: string, secret: string): string {
  return `MD5:${createHash('md5').update(`${line}:${REALM}:${secret}`).digest('hex')}`;
}

/**
 * The three objects of a line that belongs to a user. `digest` comes from `secretDigest`. A phone shows
 * `displayName` and `extension` when it is called by this line or has called it; a user without an
 * extension is shown with the line's id. From outside `allowedNetworks` (CIDR; empty: everywhere) a phone with the
 * right password is answered 401, as with a wrong one. A webphone is not bound by them here: Asterisk sees the
 * address of Patchbay's own WebSocket proxy.
 */
export function lineEntries(line: {
  lineId: string;
  kind: LineKind;
  digest: string;
  displayName: string;
  extension: string | null;
  mayTransfer: boolean;
  allowedNetworks: readonly string[];
}): PbxEntries {
  const networks = line.kind === 'sip' ? line.allowedNetworks : [];
  return objects(line, {
    context: 'pb-phones',
    // Without a number Asterisk would take the caller's from the phone's own From header
    // (caller_id_incoming_request in res/res_pjsip_caller_id.c).
    callerid: formatCallerId(
      line.displayName,
      line.extension ?? line.lineId,
      networks.length > 0 ? LONGEST_NAME_BESIDE_NETWORKS : undefined,
    ),
    ...(networks.length > 0 && { permit: [...NOBODY, ...networks].join(',') }),
    // Refuses REFER altogether: the only place where an attended transfer can be refused beforehand.
    ...(!line.mayTransfer && { allow_transfer: 'no' }),
  });
}

/** A line kept in stock: it can neither register (give it a random secret) nor call. */
export function spareLineEntries(line: { lineId: string; kind: LineKind; digest: string }): PbxEntries {
  return objects(line, {
    context: 'pb-nowhere',
    callerid: formatCallerId('', line.lineId),
    allow_transfer: 'no',
  });
}

/**
 * The three objects. What is the same for all lines of a kind is kept as text: this runs for every line at
 * every comparison, which took half as long again when each was written option by option. A line's id and a
 * digest hold nothing that JSON would escape.
 */
function objects(
  { lineId, kind, digest }: { lineId: string; kind: LineKind; digest: string },
  own: Record<string, string>,
): PbxEntries {
  const text = COMMON[kind];
  const names = `{"aors":"${lineId}","auth":"${lineId}",`;
  return new Map([
    [
      `ps_auths/auth/${lineId}`,
      `{"auth_type":"digest","username":"${lineId}","password_digest":"${digest}"}`,
    ],
    [`ps_aors/aor/${lineId}`, text.aor],
    [`ps_endpoints/endpoint/${lineId}`, `${names}${JSON.stringify(own).slice(1, -1)},${text.endpoint}`],
  ]);
}

function aorOf(kind: LineKind): Record<string, string> {
  // One phone a line: a second registration takes the first one's place and cannot listen in beside it.
  const one = { max_contacts: '1', remove_existing: 'yes' };
  return kind === 'sip' ? { ...one, qualify_frequency: String(QUALIFY_SECONDS) } : one;
}

/** What all endpoints of a kind have in common. Values that are Asterisk's defaults are left out. */
function endpointOf(kind: LineKind): Record<string, string> {
  const common = {
    identify_by: 'username',
    // The dialplan hears every digit and every call passes the PBX's own media.
    direct_media: 'no',
    allow_subscribe: 'no',
    allow_overlap: 'no',
    // The answering party's name is shown in P-Asserted-Identity; a Diversion header would tell third numbers.
    send_pai: 'yes',
    send_diversion: 'no',
    trust_connected_line: 'no',
  };
  if (kind === 'webrtc')
    return {
      ...common,
      webrtc: 'yes',
      allow: '!all,opus,ulaw,alaw',
      rtp_timeout: String(WEBRTC_SILENCE_SECONDS),
    };
  return {
    ...common,
    allow: '!all,g722,alaw,ulaw',
    // Digits in RTP where the phone offers them, else in INFO.
    dtmf_mode: 'auto_info',
    // Phones behind NAT: answer to where the packet came from (force_rport is the default).
    rewrite_contact: 'yes',
    rtp_symmetric: 'yes',
  };
}

const COMMON: Record<LineKind, { aor: string; endpoint: string }> = {
  sip: textOf('sip'),
  webrtc: textOf('webrtc'),
};

function textOf(kind: LineKind): { aor: string; endpoint: string } {
  return { aor: JSON.stringify(aorOf(kind)), endpoint: JSON.stringify(endpointOf(kind)).slice(1) };
}

/** AST_CHANNEL_NAME less its NUL: what `callerid` keeps of a name; cut in the middle of a character, the name would be no UTF-8. */
const LONGEST_NAME_BYTES = 79;

/**
 * A name of quotes takes four bytes each in the value, of which 20 networks take 415; the dialplan shows the whole
 * name anyway.
 */
const LONGEST_NAME_BESIDE_NETWORKS = 40;

/**
 * Before the networks in the same option: of all that match, the last counts (`ast_apply_ha` in main/acl.c), and the
 * order of two options in a JSON value is nothing to rely on. IPv4 first, for what stands first decides for which
 * family the list is read at all in versions before that was put right there.
 */
const NOBODY = ['!0.0.0.0/0', '!::/0'];

/** The networks of an endpoint's value; empty: from everywhere. */
export function networksOfEndpoint(value: string): string[] {
  const { permit } = JSON.parse(value) as { permit?: string };
  return permit === undefined ? [] : permit.split(',').slice(NOBODY.length);
}

/**
 * The `callerid` option: `"name" <number>`. Asterisk takes quoted text with backslashes before quotes and
 * backslashes; names with all sorts of characters came back as typed (test/calls/names.test.ts). Phones are shown
 * the whole name, which the dialplan takes from `pb/name`.
 */
export function formatCallerId(name: string, number: string, longest = LONGEST_NAME_BYTES): string {
  let kept = name;
  while (Buffer.byteLength(kept) > longest) kept = kept.replace(/.$/su, '');
  return `"${kept.replace(/["\\]/g, '\\$&')}" <${number}>`;
}
