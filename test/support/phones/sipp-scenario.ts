import { REFUSALS } from './answer-plan.ts';
import type { Address } from './sip-socket.ts';

/**
 * A whole phone as one sipp scenario, so that one process keeps one port: it registers, calls and is
 * called at the same address, as a phone does.
 *
 * What the test wants of it comes as a datagram to the phone's own SIP port, formed like a request
 * with a method of ours (sipp-command.ts). sipp finds the call by Call-ID as with any request. A command
 * that leads to a response or CANCEL carries the headers of the request concerned, because
 * `[last_Via:]` and its like name the message received last. Nothing answers a command: `TO_SERVER`
 * turns the call that it begins to the server. (sipp's option -rsa would do that too, but from a new
 * socket for each call, which is not bound to the phone's address.)
 */

/** sipp has no pattern for responses, so every refusal that a PBX may give is named. */
const ANSWERED_REFUSALS = [
  302, 400, 403, 404, 408, 410, 480, 484, 486, 487, 488, 500, 501, 502, 503, 504, 603,
];

const VIA = ['Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport', 'Max-Forwards: 70'];
const CONTACT = 'Contact: <[contact]>';
const OWN_TAG = ';tag=p[call_number]';
const FROM = `[$from]${OWN_TAG}`;

const TO_SERVER = '<setdest host="[remote_ip]" port="[remote_port]" protocol="udp"/>';

const SDP = [
  'v=0',
  'o=phone 1 1 IN IP4 [rtp_ip]',
  's=-',
  'c=IN IP4 [rtp_ip]',
  't=0 0',
  'm=audio [rtp_port] RTP/AVP 0 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
];

type Attributes = { next?: string; test?: string; retrans?: number; auth?: boolean; rrs?: boolean };

function attributes(given: Attributes): string {
  return Object.entries(given)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

function send(lines: string[], given: Attributes = {}, body: string[] = []): string {
  const type =
    body.length > 0 ? ['Content-Type: application/sdp', 'Content-Length: [len]'] : ['Content-Length: 0'];
  const text = [...lines, ...type, '', ...body].join('\n');
  return `<send${attributes(given)}><![CDATA[\n\n${text}\n]]></send>`;
}

/** Waits for this message and no other. */
function recv(what: string | number, given: Attributes = {}, action = ''): string {
  const kind = typeof what === 'number' ? `response="${what}"` : `request="${what}"`;
  return `<recv ${kind}${attributes(given)}><action>${action}</action></recv>`.replace(
    '<action></action>',
    '',
  );
}

/** Waits for one of these and jumps; what stands after the last `on` is waited for as well. */
function on(what: string | number, next: string, given: Attributes = {}, action = ''): string {
  return recv(what, given, action).replace(/^<recv/, `<recv optional="true" next="${next}"`);
}

const label = (id: string) => `<label id="${id}"/>`;

const keepMatch = (header: string, pattern: string, variable: string) =>
  `<ereg regexp="${pattern}" search_in="hdr" header="${header}:" assign_to="${variable}"/>`;

const keep = (header: string, variable: string) => keepMatch(header, '[^ ].*', variable);

const assign = (variable: string, value: string) => `<assignstr assign_to="${variable}" value="${value}"/>`;

function respond(
  line: string,
  given: Attributes & { tag?: string; more?: string[]; cseq?: string } = {},
  body: string[] = [],
): string {
  const { tag = '', more = [], cseq = '[last_CSeq:]', ...rest } = given;
  const copied = ['[last_Via:]', '[last_From:]', `[last_To:]${tag}`, '[last_Call-ID:]', cseq];
  return send([`SIP/2.0 ${line}`, ...copied, ...more], rest, body);
}

function askServer(method: 'REGISTER' | 'OPTIONS', cseq: number, more: string[] = []): string {
  const address = '<sip:[user]@[domain]>';
  const parties = [`From: ${address}${OWN_TAG}`, `To: ${address}`, 'Call-ID: [call_id]'];
  const headers = [...VIA, ...parties, `CSeq: ${cseq} ${method}`, ...more];
  return send([`${method} sip:[domain] SIP/2.0`, ...headers], { retrans: 500 });
}

function invite(cseq: number): string {
  return send(
    [
      'INVITE [$uri] SIP/2.0',
      ...VIA,
      `From: ${FROM}`,
      'To: <[$uri]>',
      'Call-ID: [call_id]',
      `CSeq: ${cseq} INVITE`,
      ...(cseq > 1 ? ['[authentication]'] : []),
      CONTACT,
    ],
    { retrans: 500 },
    SDP,
  );
}

/** CANCEL and the ACK of a refusal have the Via of their INVITE (RFC 3261 sections 9.1, 17.1.1.3). */
function likeInvite(method: 'ACK' | 'CANCEL', cseq: number, to: string, given: Attributes = {}): string {
  const headers = ['[last_Via:]', 'Max-Forwards: 70', `From: ${FROM}`, to, 'Call-ID: [call_id]'];
  return send([`${method} [$uri] SIP/2.0`, ...headers, `CSeq: ${cseq} ${method}`], given);
}

function inDialog(method: 'ACK' | 'BYE', from: string, cseq: number, given: Attributes = {}): string {
  const parties = [`From: ${from}`, 'To: [$remote]', 'Call-ID: [call_id]', `CSeq: ${cseq} ${method}`];
  return send([`${method} [next_url] SIP/2.0`, ...VIA, ...parties], given);
}

const beginning = [
  on('READY', 'end'),
  on('ASK', 'ask', {}, TO_SERVER),
  on('REGISTRATION', 'register', {}, TO_SERVER + keep('X-Expires', 'expires')),
  on('DIAL', 'dial', {}, TO_SERVER + keep('X-Uri', 'uri') + keep('X-From', 'from')),
  on('OPTIONS', 'options'),
  on('BYE', 'unknown'),
  recv(
    'INVITE',
    { rrs: true, next: 'called' },
    keep('From', 'remote') + keep('To', 'callee') + keep('CSeq', 'cseq'),
  ),
];

/** Any answer will do: it shows that everything sent before it has arrived. */
const asking = [
  label('ask'),
  askServer('OPTIONS', 1),
  ...[401, 403, 404, 503].map((status) => on(status, 'end')),
  recv(200, { next: 'end' }),
];

const registering = [
  label('register'),
  askServer('REGISTER', 1, [CONTACT, 'Expires: [$expires]']),
  on(100, 'registering'),
  label('registering'),
  ...[200, 403, 404, 503].map((status) => on(status, 'end')),
  recv(401, { auth: true }),
  askServer('REGISTER', 2, ['[authentication]', CONTACT, 'Expires: [$expires]']),
  label('authenticated'),
  on(100, 'authenticated'),
  ...[401, 403, 404, 503].map((status) => on(status, 'end')),
  recv(200, { next: 'end' }),
];

const calling = [
  label('dial'),
  invite(1),
  label('dialling'),
  on(100, 'dialling'),
  ...[403, 404, 480, 503].map((status) => on(status, 'refused at once')),
  recv(401, { auth: true }),
  likeInvite('ACK', 1, '[last_To:]'),
  invite(2),
  label('calling'),
  // Not of the second INVITE: a slow PBX has challenged a repetition of the first one, which goes on.
  on(401, 'refused', { test: 'refused' }, keepMatch('CSeq', '^ *2 ', 'refused')),
  ...[100, 180, 181, 183].map((status) => on(status, 'calling')),
  on('HANGUP', 'cancel'),
  ...ANSWERED_REFUSALS.map((status) => on(status, 'refused')),
  recv(200, { rrs: true }, keep('To', 'remote') + assign('local', FROM)),
  inDialog('ACK', FROM, 2, { next: 'up' }),
  label('cancel'),
  likeInvite('CANCEL', 2, 'To: <[$uri]>', { retrans: 500 }),
  label('cancelling'),
  on(200, 'cancelling'),
  recv(487),
  label('refused'),
  likeInvite('ACK', 2, '[last_To:]', { next: 'end' }),
  label('refused at once'),
  likeInvite('ACK', 1, '[last_To:]', { next: 'end' }),
];

const beingCalled = [
  label('called'),
  respond('100 Trying'),
  label('deciding'),
  on('RING', 'ring'),
  ...Object.keys(REFUSALS).map((status) => on(`REFUSE${status}`, `refuse ${status}`)),
  on('CANCEL', 'cancelled'),
  recv('ANSWER'),
  respond('200 OK', { tag: OWN_TAG, more: [CONTACT], retrans: 500 }, SDP),
  recv('ACK', { next: 'up' }, assign('local', `[$callee]${OWN_TAG}`)),
  label('ring'),
  respond('180 Ringing', { tag: OWN_TAG, more: [CONTACT], next: 'deciding' }),
  // sipp reads response codes when it loads, not from variables.
  ...Object.entries(REFUSALS).flatMap(([status, reason]) => [
    label(`refuse ${status}`),
    respond(`${status} ${reason}`, {
      tag: OWN_TAG,
      more: status === '302' ? ['[last_Contact:]'] : [],
      retrans: 500,
    }),
    recv('ACK', { next: 'end' }),
  ]),
  label('cancelled'),
  respond('200 OK', { tag: OWN_TAG }),
  respond('487 Request Terminated', { tag: OWN_TAG, cseq: 'CSeq: [$cseq]', retrans: 500 }),
  recv('ACK', { next: 'end' }),
];

/** A call that is up, whoever made it. */
const talking = [
  label('up'),
  on('BYE', 'answer bye'),
  on('INVITE', 'reinvited'),
  on('OPTIONS', 'asked'),
  recv('HANGUP'),
  inDialog('BYE', '[$local]', 3, { retrans: 500 }),
  on('BYE', 'answer bye'),
  recv(200, { next: 'end' }),
  label('reinvited'),
  respond('200 OK', { more: [CONTACT], retrans: 500 }, SDP),
  recv('ACK', { next: 'up' }),
  label('asked'),
  respond('200 OK', { next: 'up' }),
  label('answer bye'),
  respond('200 OK', { next: 'end' }),
  label('unknown'),
  respond('481 Call Does Not Exist', { next: 'end' }),
  label('options'),
  respond('200 OK', { tag: OWN_TAG }),
  label('end'),
];

export function phoneScenario(): string {
  const steps = [...beginning, ...asking, ...registering, ...calling, ...beingCalled, ...talking];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="phone">\n${steps.join('\n')}\n</scenario>\n`;
}

/** sipp's arguments that fill in what the scenario leaves open. */
export function scenarioKeys(phone: {
  user: string;
  server: Address;
  local: Address;
  rtp: Address;
}): string[] {
  const { user, server, local, rtp } = phone;
  const keys = {
    user,
    domain: `${server.host}:${server.port}`,
    contact: `sip:${user}@${local.host}:${local.port}`,
    rtp_ip: rtp.host,
    rtp_port: String(rtp.port),
  };
  return Object.entries(keys).flatMap((pair) => ['-key', ...pair]);
}
