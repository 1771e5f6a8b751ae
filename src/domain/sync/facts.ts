/**
 * What the database says about everything that has entries on one PBX node: the whole input of the
 * desired state. Shapes only; `src/db/facts.ts` reads them, `src/reconcile/desired.ts` turns them into entries.
 */

import type { CallLimits, NumberFormat } from '../pbx/records.ts';

export interface TenantFacts {
  id: string;
  country: string;
  language: string;
  /** E.164 with plus. */
  defaultNumber: string | null;
  /** In the order in which they are tried. */
  trunkIds: string[];
  limits: CallLimits;
}

export interface LineFacts {
  id: string;
  kind: 'softphone' | 'webphone' | 'desk';
  /** Sealed; opened only to compute the digest that the PBX gets. */
  secret: Uint8Array;
}

export interface ForwardFacts {
  always: string | null;
  busy: string | null;
  noAnswer: string | null;
  unregistered: string | null;
  noAnswerSeconds: number;
}

export interface UserFacts {
  id: string;
  tenantId: string;
  country: string;
  /** Suspended and pending users keep their lines parked and have nothing else on the PBX. */
  active: boolean;
  extension: string | null;
  sipAlias: string;
  /** What phones inside show: the caller ID name, or first and last name. */
  displayName: string;
  /** The profile in force: the user's own, else the tenant's default. */
  profileId: string | null;
  /** E.164 with plus. */
  outboundNumber: string | null;
  callerIdGroupId: string | null;
  withholdNumber: boolean;
  recordCalls: boolean;
  allowOutbound: boolean;
  allowTransfer: boolean;
  allowJoinOutside: boolean;
  limits: CallLimits;
  /** CIDR; empty: phones are accepted from everywhere. */
  allowedNetworks: string[];
  forward: ForwardFacts | null;
  fenced: boolean;
  lines: LineFacts[];
}

export interface NumberFacts {
  id: string;
  tenantId: string;
  e164: string;
  userId: string | null;
}

export interface RuleFacts {
  verdict: 'allow' | 'deny';
  target: unknown;
}

export interface ProfileFacts {
  id: string;
  tenantId: string;
  country: string;
  builtin: string | null;
  revision: number;
  rules: RuleFacts[];
}

export interface CallerIdGroupFacts {
  id: string;
  tenantId: string;
  numbers: string[];
}

export interface TrunkFacts {
  id: string;
  tenantId: string;
  host: string;
  port: number;
  transport: 'udp' | 'tcp' | 'tls';
  username: string | null;
  secret: Uint8Array | null;
  numberFormat: NumberFormat;
  passCaller: boolean;
  sendPai: boolean;
}

export interface SpareLineFacts {
  id: string;
  kind: 'sip' | 'webrtc';
  settled: boolean;
}

export interface NodeFacts {
  tenants: TenantFacts[];
  users: UserFacts[];
  numbers: NumberFacts[];
  profiles: ProfileFacts[];
  callerIdGroups: CallerIdGroupFacts[];
  trunks: TrunkFacts[];
  spareLines: SpareLineFacts[];
}
