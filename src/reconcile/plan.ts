import { networksOfEndpoint } from '../domain/pbx/lines.ts';

/** Entries of a node: AstDB path (`family/key`) → value. */
export type Entries = ReadonlyMap<string, string>;

/**
 * A pjsip object: removed through ARI, which ends its registrations as well (docs/pbx-state.md). Only these
 * three: an `identify` is looked up anew for every request and goes with its entry.
 */
export interface PjsipObject {
  type: 'endpoint' | 'auth' | 'aor';
  id: string;
}

/**
 * What closes the difference between two maps of entries. Executing it makes no choices: the order of
 * each list is the order in which its items are to be done.
 */
export interface Plan {
  puts: [path: string, value: string][];
  removedEntries: string[];
  removedObjects: PjsipObject[];
  /** Lines whose secret or owner changed: who is registered with the old one must go. */
  endContacts: string[];
  /** Lines whose networks changed: who is registered from outside them must go. */
  confinedLines: { line: string; networks: string[] }[];
  /** Address records that Asterisk does not track yet; they want a settle. */
  newAors: string[];
  /** Users from and to whom no call may begin any more, or again. */
  raisedFences: string[];
  loweredFences: string[];
}

const FENCE = 'pb/fence/';
const AOR = 'ps_aors/aor/';
const AUTH = 'ps_auths/auth/';
const ENDPOINT = 'ps_endpoints/endpoint/';

/**
 * Written first what others refer to, and last what makes a call reach something: a profile's rows before the
 * pointer that makes them current, a user's record before the extension that leads to it, the auth before the
 * endpoint. A fence goes before everything.
 */
const WRITING_ORDER = [
  FENCE,
  'pb/plan',
  'pb/ways/',
  'pb/short/',
  'pb/rule/',
  'pb/profile/',
  'pb/cid/',
  'pb/trunk/',
  'pb/tenant/',
  AOR,
  AUTH,
  'pb/name/',
  'pb/fwd/',
  'pb/ring/',
  'pb/user/',
  'pb/line/',
  ENDPOINT,
  'ps_identifies/identify/',
];

function writingRank(path: string): number {
  const rank = WRITING_ORDER.findIndex((prefix) => path.startsWith(prefix));
  return rank < 0 ? WRITING_ORDER.length : rank;
}

/** The pjsip object that a path stands for; null for an entry of the dialplan's. */
export function pjsipObjectOf(path: string): PjsipObject | null {
  const match = /^ps_\w+\/(endpoint|auth|aor)\/(.+)$/.exec(path);
  return match ? { type: match[1] as PjsipObject['type'], id: match[2]! } : null;
}

/** What closes these differences. */
export function planOf(
  differences: Iterable<{ path: string; expected: string | null; found: string | null }>,
): Plan {
  const plan: Plan = {
    puts: [],
    removedEntries: [],
    removedObjects: [],
    endContacts: [],
    confinedLines: [],
    newAors: [],
    raisedFences: [],
    loweredFences: [],
  };
  for (const { path, expected, found } of differences) {
    if (expected === null) noteRemoval(plan, path);
    else {
      plan.puts.push([path, expected]);
      noteWhatAPutMeans(plan, path, expected, found);
    }
  }
  return inOrder(plan);
}

function noteRemoval(plan: Plan, path: string): void {
  const object = pjsipObjectOf(path);
  if (object) plan.removedObjects.push(object);
  else plan.removedEntries.push(path);
  if (path.startsWith(FENCE)) plan.loweredFences.push(path.slice(FENCE.length));
}

function noteWhatAPutMeans(plan: Plan, path: string, expected: string, found: string | null): void {
  if (path.startsWith(FENCE)) plan.raisedFences.push(path.slice(FENCE.length));
  if (path.startsWith(AOR) && found === null) plan.newAors.push(path.slice(AOR.length));
  if (path.startsWith(AUTH) && found !== null) plan.endContacts.push(path.slice(AUTH.length));
  if (path.startsWith(ENDPOINT) && found !== null) noteNetworks(plan, path.slice(ENDPOINT.length), expected);
}

/** Whatever was found: a row that somebody changed by hand may have let in anybody meanwhile. */
function noteNetworks(plan: Plan, line: string, expected: string): void {
  const networks = networksOfEndpoint(expected);
  if (networks.length > 0) plan.confinedLines.push({ line, networks });
}

function inOrder(plan: Plan): Plan {
  const ranked = plan.puts.map((put) => ({ put, rank: writingRank(put[0]) }));
  plan.puts = ranked.sort((a, b) => a.rank - b.rank).map(({ put }) => put);
  plan.removedEntries.sort((a, b) => writingRank(b) - writingRank(a));
  // The endpoint first, so that nothing new can be identified; then its auth; the aor takes the contacts along.
  const objectRank = { endpoint: 1, auth: 2, aor: 3 };
  plan.removedObjects.sort((a, b) => objectRank[a.type] - objectRank[b.type]);
  return plan;
}
