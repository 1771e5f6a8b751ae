/**
 * The parts of the API's answers that the commands show or need; an answer holds more, which `--json` prints.
 * Instants are ISO 8601 with zone.
 */

export interface TenantAnswer {
  id: string;
  slug: string;
  name: string;
  country: string;
  timeZone: string;
  language: string;
  extensionLength: number;
  sipDomain: string;
  nodeId: string;
  sipPasswordPolicy: string;
  defaultProfileId: string | null;
  version: number;
}

export interface TenantDetailAnswer extends TenantAnswer {
  extensionRanges: { first: string; last: string }[];
  /** E.164. */
  defaultNumber: string | null;
  activeUsers: number;
}

export interface SyncAnswer {
  state: string;
  since: string;
  reason: string | null;
  message: string | null;
}

export interface UserAnswer {
  id: string;
  username: string;
  firstName: string | null;
  lastName: string | null;
  alias: string | null;
  email: string;
  employeeId: string | null;
  status: string;
  extension: string | null;
  roles: { key: string | null; name: string }[];
  profileId: string | null;
  outboundNumber: string | null;
  callerIdName: string | null;
  withholdNumber: boolean;
  numbers: string[];
  sipAddress: string;
  recordCalls: boolean;
  allowOutbound: boolean;
  allowTransfer: boolean;
  teams: { name: string; capacity: string }[];
  lines: { id: string; kind: string; label: string | null }[];
  sync: SyncAnswer;
  version: number;
}

interface UserRefAnswer {
  id: string;
  username: string;
  name: string;
}

export interface ExtensionAnswer {
  number: string;
  free: boolean;
  user: UserRefAnswer | null;
  assignedAt: string | null;
}

export interface LineAnswer {
  id: string;
  kind: string;
  label: string | null;
  expiresAt: string | null;
  rotatedAt: string;
}

export interface CredentialsAnswer {
  lineId: string;
  kind: string;
  sipUsername: string;
  password: string;
  realm: string;
  domain: string;
  server: { host: string; port: number; transports: string[] };
  websocketUrl: string | null;
  /** What a QR code holds; null for webphones. */
  sipUri: string | null;
  displayName: string;
  extension: string | null;
  expiresAt: string | null;
}

export interface NumberAnswer {
  id: string;
  e164: string;
  label: string | null;
  user: UserRefAnswer | null;
}

export interface KeyAnswer {
  id: string;
  name: string;
  scopes: string[];
  userId: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
  createdBy: { name: string };
}

export interface NewKeyAnswer extends KeyAnswer {
  token: string;
}

export interface QueuedDeletionAnswer {
  user: { id: string; name: string; extension: string | null };
  requestedBy: { name: string };
  requestedAt: string;
}

export interface ConditionAnswer {
  type: string;
  /** `true`, `false` or `unknown`. */
  status: string;
  reason: string;
  message: string;
  changedAt: string;
}

export interface NodeAnswer {
  id: string;
  name: string;
  sipHost: string;
  sipPort: number;
  tenants: number;
  conditions: ConditionAnswer[];
}

export interface NodeStatusAnswer {
  link: { state: string; trouble: { code: string; message: string } | null };
  conditions: ConditionAnswer[];
  health: {
    version: string;
    startedAt: string;
    lastReloadAt: string;
    backlog: { total: number };
  } | null;
  calls: number | null;
  tenants: number;
  users: number;
  lines: number;
  stock: { kind: string; wanted: number; ready: number; ordered: number }[];
  waiting: number;
  failed: number;
  oldestWait: string | null;
}

export interface DriftedFieldAnswer {
  /** The entry on the PBX. */
  path: string;
  field: string;
  /** Null: it should not be there. */
  expected: string | null;
  /** Null: it was not there. */
  found: string | null;
}

export interface NodePlanAnswer {
  inSync: boolean;
  entries: number;
  puts: number;
  removals: number;
  registrationsEnded: number;
  settles: boolean;
  subjects: { subject: string; because: string; fields: DriftedFieldAnswer[] }[];
  moreSubjects: number;
}

export interface NodeDriftAnswer {
  subject: string;
  driftedAt: string;
  fields: DriftedFieldAnswer[];
}

export interface SyncSummaryAnswer {
  applied: number;
  waiting: number;
  failed: number;
  oldestWait: string | null;
  lastApplied: string | null;
  drifted: number;
  lastDrift: string | null;
  pbx: ConditionAnswer[];
}

interface SubjectAnswer {
  kind: string;
  id: string | null;
  name: string | null;
  extension: string | null;
}

export interface WaitingAnswer extends SubjectAnswer {
  since: string;
  attempts: number;
  retryAt: string | null;
  reason: string | null;
  message: string | null;
}

export interface DriftAnswer extends SubjectAnswer {
  driftedAt: string;
  fields: DriftedFieldAnswer[];
}

/** A user as live status, calls and explanations name one. */
interface PersonAnswer {
  id: string;
  name: string;
  extension: string | null;
}

export interface LiveAnswer {
  user: PersonAnswer;
  registrations: {
    line: string;
    address: string;
    userAgent: string;
    expiresAt: string;
    reachable: boolean | null;
  }[];
  calls: {
    id: string;
    line: string;
    direction: string;
    state: string;
    peer: { name: string; number: string };
    since: string;
  }[];
}

export interface RefusedCallAnswer {
  at: string;
  user: PersonAnswer | null;
  dialled: string;
  number: string | null;
  numberClass: string | null;
  rule: string | null;
  reason: string;
  sentence: string | null;
  path: string;
}

export interface AuditAnswer {
  at: string;
  actor: { kind: string; name: string };
  ip: string | null;
  action: string;
  objectType: string;
  objectId: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

interface DecidedAnswer {
  reason: string;
  sentence: string | null;
  /** E.164, or a short code. */
  number: string | null;
  numberClass: string | null;
  zone: string | null;
  /** The rank of the rule that decided, from 1. */
  rule: number | null;
  trials: { rank: number; matched: boolean; rule: RuleAnswer }[];
}

export interface ExplanationAnswer extends DecidedAnswer {
  /** `user`, `outside`, `emergency`, `unassigned` or `refused`. */
  route: string;
  user: PersonAnswer | null;
  profile: { name: string } | null;
  callerId: { from: string; numbers: string[]; withheld: boolean } | null;
}

export interface RuleDecisionAnswer extends DecidedAnswer {
  /** `allow`, `deny` or `emergency`. */
  verdict: string;
}

export interface ProfileAnswer {
  id: string;
  name: string;
  /** Which built-in one it is. */
  builtin: string | null;
  rules: RuleAnswer[];
  isDefault: boolean;
  users: number;
  revision: number;
}

export interface RuleAnswer {
  action: string;
  match: { kind: string; prefix?: string; classes?: string | string[]; where?: WhereAnswer };
}

type WhereAnswer = string | { countries?: string[]; zones?: string[] };
