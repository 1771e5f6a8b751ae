/** As people.ts: the parts that are shown or needed. */

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
export interface PersonAnswer {
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
