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
