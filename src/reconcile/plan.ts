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
  /** Address records that Asterisk does not track yet; they want a settle. */
  newAors: string[];
  /** Users from and to whom no call may begin any more, or again. */
  raisedFences: string[];
  loweredFences: string[];
}

const FENCE = 'pb/fence/';
const AOR = 'ps_aors/aor/';
const AUTH = 'ps_auths/auth/';

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
  'ps_endpoints/endpoint/',
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

/**
 * The difference between what should stand on a node and what does.
 * `removable`: the paths of `actual` that may be removed when they are not desired.
 */
export function planOf(desired: Entries, actual: Entries, removable: Iterable<string>): Plan {
  const plan: Plan = {
    puts: [],
    removedEntries: [],
    removedObjects: [],
    endContacts: [],
    newAors: [],
    raisedFences: [],
    loweredFences: [],
  };
  for (const [path, value] of desired) {
    const found = actual.get(path);
    if (found === value) continue;
    plan.puts.push([path, value]);
    noteWhatAPutMeans(plan, path, found);
  }
  for (const path of removable) {
    if (desired.has(path) || !actual.has(path)) continue;
    const object = pjsipObjectOf(path);
    if (object) plan.removedObjects.push(object);
    else plan.removedEntries.push(path);
    if (path.startsWith(FENCE)) plan.loweredFences.push(path.slice(FENCE.length));
  }
  return inOrder(plan);
}

function noteWhatAPutMeans(plan: Plan, path: string, found: string | undefined): void {
  if (path.startsWith(FENCE)) plan.raisedFences.push(path.slice(FENCE.length));
  if (path.startsWith(AOR) && found === undefined) plan.newAors.push(path.slice(AOR.length));
  if (path.startsWith(AUTH) && found !== undefined) plan.endContacts.push(path.slice(AUTH.length));
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

export function isEmpty(plan: Plan): boolean {
  return plan.puts.length === 0 && plan.removedEntries.length === 0 && plan.removedObjects.length === 0;
}
