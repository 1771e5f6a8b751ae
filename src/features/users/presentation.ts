import { z } from 'zod';
import { Limits, limitsBody } from '../fields.ts';
import { LineKind } from '../lines/presentation.ts';
import { instant } from '../shared-schemas.ts';
import type { UserRow } from './rows.ts';

const Sync = z
  .object({
    state: z.enum(['applied', 'waiting', 'failed']),
    since: instant,
    reason: z.string().nullable().meta({ description: 'Why it waits or failed, as a code.' }),
    message: z.string().nullable(),
  })
  .meta({ id: 'SyncState', description: 'Whether the PBX has what stands here' });

export const User = z
  .object({
    id: z.uuid(),
    username: z.string(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    alias: z.string().nullable(),
    email: z.string(),
    employeeId: z.string().nullable(),
    status: z.enum(['pending', 'active', 'suspended']),
    timeZone: z.string().nullable().meta({ description: "Null: the tenant's." }),
    language: z.string().nullable().meta({ description: "Null: the tenant's." }),
    extension: z.string().nullable(),
    roles: z.array(z.object({ id: z.uuid(), key: z.string().nullable(), name: z.string() })),
    profileId: z.uuid().nullable().meta({ description: "Dial profile; null: the tenant's default." }),
    outboundNumber: z.string().nullable().meta({ description: 'Shown when calling out; E.164.' }),
    callerIdName: z.string().nullable().meta({ description: 'Shown inside; null: first and last name.' }),
    withholdNumber: z.boolean(),
    numbers: z.array(z.string()).meta({ description: 'Numbers whose calls reach this user; E.164.' }),
    sipAlias: z.string(),
    sipAddress: z.string().meta({ example: 'sip:ada@acme.patchbay.local' }),
    recordCalls: z.boolean(),
    allowOutbound: z.boolean(),
    allowTransfer: z.boolean(),
    allowJoinOutside: z
      .boolean()
      .meta({ description: 'May leave two outside parties talking to each other.' }),
    limits: Limits,
    allowedNetworks: z
      .array(z.string())
      .meta({ description: 'Where API keys and phones are accepted from; empty: from everywhere.' }),
    tags: z.array(z.string()),
    skills: z.array(z.object({ name: z.string(), level: z.int() })),
    attributes: z.record(z.string(), z.unknown()).meta({
      description: 'What the tenant keeps besides, by key; secrets are left out.',
    }),
    secretAttributes: z.array(z.string()).meta({ description: 'Keys of the secrets that are set.' }),
    teams: z.array(z.object({ id: z.uuid(), name: z.string(), capacity: z.enum(['agent', 'supervisor']) })),
    lines: z.array(z.object({ id: z.string(), kind: LineKind, label: z.string().nullable() })),
    sync: Sync,
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'User' });

/** Everything an administrator enters about a user: what is compared and written into the audit log. */
export function userRecord(row: UserRow) {
  return {
    id: row.id,
    username: row.username,
    firstName: row.firstName,
    lastName: row.lastName,
    alias: row.alias,
    email: row.email,
    employeeId: row.employeeId,
    status: row.status,
    timeZone: row.timeZone,
    language: row.language,
    extension: row.extension,
    roles: row.roles,
    profileId: row.profileId,
    outboundNumber: row.outboundNumber,
    callerIdName: row.callerIdName,
    withholdNumber: row.withholdNumber,
    numbers: row.numbers,
    sipAlias: row.sipAlias,
    sipAddress: `sip:${row.sipAlias}@${row.sipDomain}`,
    recordCalls: row.recordCalls,
    allowOutbound: row.allowOutbound,
    allowTransfer: row.allowTransfer,
    allowJoinOutside: row.allowJoinOutside,
    limits: limitsBody(row),
    allowedNetworks: row.allowedNetworks,
    tags: row.tags,
    skills: row.skills,
    attributes: row.attributes,
    secretAttributes: row.secretAttributes,
    teams: row.teams,
    lines: row.lines,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

export function userBody(row: UserRow) {
  return { ...userRecord(row), sync: syncBody(row) };
}

export type UserBody = ReturnType<typeof userBody>;

/** Waiting without a word of the reconciler yet: the node's own trouble is the reason, if it has any. */
function syncBody(row: UserRow): z.input<typeof Sync> {
  const { pendingSince, pendingReason, pendingMessage, nodeReason, nodeMessage } = row;
  if (pendingSince === null) {
    const since = row.appliedAt ?? row.updatedAt;
    return { state: 'applied', since: since.toISOString(), reason: null, message: null };
  }
  const since = pendingSince.toISOString();
  if (pendingReason !== null)
    return { state: 'failed', since, reason: pendingReason, message: pendingMessage };
  return { state: 'waiting', since, reason: nodeReason, message: nodeMessage };
}
