import type { PbxError } from './pbx-error.ts';
import type { PbxEvent } from './pbx-event.ts';

/**
 * What Patchbay asks of a PBX, transport left out. `connectToAsterisk` implements it over AMI and ARI;
 * the fake in test/support implements it in memory. Both pass test/contract/pbx-contract.ts.
 *
 * Every method rejects with a PbxError and with nothing else, within a deadline. Its `outcome` says
 * whether the request can have had an effect.
 */
export interface Pbx {
  readonly db: PbxDatabase;
  readonly objects: PbxObjects;
  readonly contacts: PbxContacts;
  readonly calls: PbxCalls;
  readonly link: PbxLink;
}

/**
 * The address of one entry in the PBX's own database: `family/key`, without the leading slash that
 * Asterisk shows, e.g. `ps_endpoints/endpoint/k7f3a`. Asterisk stores the joined text and nothing else
 * (`ast_db_put` in main/db.c), so it makes no difference at which slash family and key are divided; here
 * the path is never divided. At most 254 bytes; case matters.
 */
export type PbxPath = string;

/**
 * Entries with a text value each. A value arrives exactly as given or is refused (`pbx-invalid-value`):
 * no line break, no NUL, no blank at its beginning, at most 1,017 bytes of UTF-8.
 */
export interface PbxDatabase {
  /** All entries whose path begins with `family/`; an empty map when there are none. */
  readTree(family: string): Promise<Map<PbxPath, string>>;
  /** The value, or null when there is no such entry. */
  get(path: PbxPath): Promise<string | null>;
  /** Writes the entries in this order; existing ones are replaced. */
  write(entries: Iterable<readonly [PbxPath, string]>, options?: BatchOptions): Promise<BatchReport>;
  /** Removes entries in this order. One that is not there counts as done. */
  remove(paths: Iterable<PbxPath>, options?: BatchOptions): Promise<BatchReport>;
  /** Removes every entry whose path begins with `family/`, and nothing else. */
  removeTree(family: string, options?: BatchOptions): Promise<BatchReport>;
}

export interface BatchOptions {
  /** Called now and then with how many are settled so far, and once at the end. */
  onProgress?: (settled: number, total: number) => void;
  /** Ends the batch early: what is under way is awaited, the rest fails as `pbx-cancelled`. */
  signal?: AbortSignal;
}

/**
 * A batch never rejects for single entries. When the connection fails in the middle, the entries under
 * way have outcome `unknown` and the rest `not-sent`.
 */
export interface BatchReport {
  /** How many the PBX has acknowledged. */
  done: number;
  /** Every entry that has not been acknowledged, in order, with the reason. */
  failures: { path: PbxPath; error: PbxError }[];
}

export type PbxObjectType = 'endpoint' | 'auth' | 'aor';

/** The telephony objects that the entries describe, as far as entries alone do not suffice. */
export interface PbxObjects {
  /** Removes an object; of an aor, ends the registrations first. False when there was none. */
  removeObject(type: PbxObjectType, id: string): Promise<boolean>;
  objectExists(type: PbxObjectType, id: string): Promise<boolean>;
  /**
   * Makes the PBX look at all lines anew, so that it tracks new aors. About 2 s with 10,000 lines.
   * Resolves when it is through. Calls that come while one runs share the next one. Rejects with
   * `pbx-refused` while somebody else makes the PBX reload.
   */
  settle(): Promise<{ durationMs: number }>;
  /**
   * Makes the PBX track one new aor. It answers at once and does the work behind: 0.4 s of one of its
   * threads with 5,000 lines, so more than a handful want a settle. Rejects with `pbx-no-such-object`.
   */
  trackAor(id: string): Promise<void>;
  /**
   * The fence: while it is up, the endpoint can begin no call and receive none; calls in progress go on.
   * It lasts until it is taken down or the PBX restarts. Rejects with `pbx-no-such-object`.
   */
  setMaintenance(endpointId: string, on: boolean): Promise<void>;
  /** The endpoints behind a fence, also those that a crashed process left there. */
  endpointsInMaintenance(): Promise<Set<string>>;
}

export interface PbxContact {
  /** The PBX's own name for this registration. */
  id: string;
  aor: string;
  endpoint: string;
  uri: string;
  userAgent: string;
  /** Where the REGISTER came from, `address:port`. */
  source: string;
  expiresAt: Date;
}

export type ContactReachability = 'reachable' | 'unreachable' | 'unqualified' | 'unknown';

export interface PbxContactDetail extends PbxContact {
  status: ContactReachability;
  /** Of the last OPTIONS answer; null when the contact is not asked or does not answer. */
  roundtripMicroseconds: number | null;
}

export interface PbxContacts {
  /** All registrations by aor. 50 ms with 10,000: for a first look; events tell the changes. */
  registrations(): Promise<Map<string, PbxContact[]>>;
  /** One aor's registrations; empty when it has none or does not exist. Its cost does not grow with the PBX. */
  contactsOf(aor: string): Promise<PbxContactDetail[]>;
  /** Ends all registrations of an aor, whatever their transport; the number ended. */
  endContacts(aor: string): Promise<number>;
}

export interface PbxChannel {
  id: string;
  /** `PJSIP/k7f3a-0000002a` */
  name: string;
  /** The endpoint at its end; null for channels that are no line's (Local, announcements). */
  endpoint: string | null;
  /** As Asterisk says it: Down, Ring, Ringing, Up, … */
  state: string;
  caller: PbxParty;
  connected: PbxParty;
  since: Date;
  context: string;
  extension: string;
  /** The dialplan application that it is in, with its arguments: `Dial`, `PJSIP/k7f3a&PJSIP/x2k,60,i`. */
  application: { name: string; data: string };
  /** Whether it was joined to another channel at a moment shortly *before* the rest was read. */
  bridged: boolean;
}

export interface PbxParty {
  name: string;
  number: string;
}

export interface EndpointState {
  state: 'online' | 'offline' | 'unknown';
  /** Ids of the channels in progress. Also right for an endpoint that is not tracked. */
  channelIds: string[];
}

/** Release causes (Q.850) that a caller of `hangup` may choose from. */
export type HangupReason = 'normal' | 'busy' | 'congestion' | 'no_answer' | 'rejected';

export interface OriginateRequest {
  /** Chosen by the caller: a repeated request is refused by the PBX instead of ringing twice. */
  channelId: string;
  /** The leg that is called first: it enters this extension of the dialplan. */
  first: { context: string; extension: string };
  /** Where the dialplan goes on once the first leg has answered. */
  second: { context: string; extension: string };
  callerId: PbxParty;
  /** Set on the channel before the dialplan runs. Names: letters, digits, `_`. Values: any text. */
  variables: Record<string, string>;
  /** How long the first leg may ring. */
  timeoutSeconds: number;
}

export interface PbxCalls {
  /** Null when the PBX knows neither the endpoint nor a channel of it. */
  endpointState(id: string): Promise<EndpointState | null>;
  /**
   * All channels of the PBX, without a lag: a phone that has been sent an INVITE has its channel here
   * (test/calls/channel-list.test.ts).
   */
  channels(): Promise<PbxChannel[]>;
  /** False when the channel had already gone. */
  hangup(channelId: string, reason: HangupReason): Promise<boolean>;
  /** Resolves when the first leg has begun, not when it has answered. */
  originate(request: OriginateRequest): Promise<void>;
}

export type PbxLinkState = 'connecting' | 'connected' | 'disconnected' | 'login-refused' | 'closed';

export interface PbxHealth {
  version: string;
  startedAt: Date;
  uptimeSeconds: number;
  lastReloadAt: Date;
  /** Tasks that wait inside the PBX: the figure that rises before it begins to drop SIP. */
  backlog: { total: number; deepest: { name: string; waiting: number } | null };
}

export interface PbxLink {
  readonly state: PbxLinkState;
  /** Why it is not connected; null while it is. */
  readonly trouble: PbxError | null;
  /** Calls the listener for every event from now on; the function returned ends that. */
  subscribe(listener: (event: PbxEvent) => void): () => void;
  /** Resolves when connected; rejects with the present trouble after this long. */
  whenConnected(deadlineMs: number): Promise<void>;
  health(): Promise<PbxHealth>;
  /** Ends the connection for good; what is under way rejects. */
  close(): Promise<void>;
}
