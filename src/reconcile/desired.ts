import { sharedEntries } from '../domain/dialling/pbx-entries.ts';
import { lineEntries, secretDigest, spareLineEntries } from '../domain/pbx/lines.ts';
import {
  encodeCallerIdGroup,
  encodeForwarding,
  encodeNumber,
  encodeTenant,
  encodeTrunk,
  encodeUser,
} from '../domain/pbx/records.ts';
import { trunkEntries } from '../domain/pbx/trunks.ts';
import { secretOwner } from '../domain/secrets/owner.ts';
import type {
  CallerIdGroupFacts,
  LineFacts,
  NodeFacts,
  NumberFacts,
  ProfileFacts,
  SpareLineFacts,
  TenantFacts,
  TrunkFacts,
  UserFacts,
} from '../domain/sync/facts.ts';
import { type Subject, subjectOf } from '../domain/sync/subject.ts';
import type { Entries } from './plan.ts';
import { entriesOfProfile } from './profile-entries.ts';

/** What the desired state needs beside the facts; given once, so that the projection stays a pure function. */
export interface ProjectionInputs {
  /** Opens a sealed secret; `belongsTo` as it was sealed. */
  open: (sealed: Uint8Array, belongsTo: string) => string;
  /** The secret of a spare line: known to nobody, but the same at every comparison. */
  spareSecret: (lineId: string) => string;
}

/** The facts of one subject. A spare line is one too, until it is given to a user. */
export type SubjectFacts =
  | { kind: 'tenant'; facts: TenantFacts }
  | { kind: 'user'; facts: UserFacts }
  | { kind: 'number'; facts: NumberFacts }
  | { kind: 'profile'; facts: ProfileFacts }
  | { kind: 'callerid-group'; facts: CallerIdGroupFacts }
  | { kind: 'trunk'; facts: TrunkFacts }
  | { kind: 'spare'; facts: SpareLineFacts }
  | { kind: 'plan' };

/** From facts to entries: a pure function, the same for a single change, a comparison and a rebuild. */
export type Projection = (subject: SubjectFacts) => Entries;

/** The facts of a node, subject by subject; what stands on every node comes first. */
export function* subjectsIn(
  facts: NodeFacts,
  options: { withPlan: boolean },
): Iterable<[Subject, SubjectFacts]> {
  if (options.withPlan) yield ['plan', { kind: 'plan' }];
  for (const each of facts.profiles) yield [subjectOf('profile', each.id), { kind: 'profile', facts: each }];
  for (const each of facts.callerIdGroups)
    yield [subjectOf('callerid-group', each.id), { kind: 'callerid-group', facts: each }];
  for (const each of facts.trunks) yield [subjectOf('trunk', each.id), { kind: 'trunk', facts: each }];
  for (const each of facts.tenants) yield [subjectOf('tenant', each.id), { kind: 'tenant', facts: each }];
  for (const each of facts.spareLines) yield [subjectOf('spare', each.id), { kind: 'spare', facts: each }];
  for (const each of facts.users) yield [subjectOf('user', each.id), { kind: 'user', facts: each }];
  for (const each of facts.numbers) yield [subjectOf('number', each.id), { kind: 'number', facts: each }];
}

export function projection(inputs: ProjectionInputs): Projection {
  const digestOf = rememberingDigests(inputs.open);
  return (subject) => {
    switch (subject.kind) {
      case 'plan':
        return sharedEntries();
      case 'tenant':
        return tenantEntries(subject.facts);
      case 'user':
        return userEntries(subject.facts, digestOf);
      case 'number':
        return numberEntries(subject.facts);
      case 'profile':
        return entriesOfProfile(subject.facts);
      case 'callerid-group':
        return callerIdGroupEntries(subject.facts);
      case 'trunk':
        return entriesOfTrunk(subject.facts, inputs.open);
      case 'spare':
        return spareEntries(subject.facts, inputs.spareSecret);
    }
  };
}

/**
 * A digest is computed once for each sealed secret: opening 10,000 of them takes longer than reading all of
 * them from the database. A rotated secret has other sealed bytes and so is opened anew.
 */
function rememberingDigests(open: ProjectionInputs['open']): (line: LineFacts) => string {
  const known = new Map<string, { sealed: Uint8Array; digest: string }>();
  return (line) => {
    const remembered = known.get(line.id);
    if (remembered && Buffer.compare(remembered.sealed, line.secret) === 0) return remembered.digest;
    const digest = secretDigest(line.id, open(line.secret, secretOwner.line(line.id)));
    known.set(line.id, { sealed: line.secret, digest });
    return digest;
  };
}

function tenantEntries(tenant: TenantFacts): Entries {
  const { country, defaultNumber, trunkIds, language, limits } = tenant;
  return new Map([
    [`pb/tenant/${tenant.id}`, encodeTenant({ country, defaultNumber, trunks: trunkIds, language, limits })],
  ]);
}

function userEntries(user: UserFacts, digestOf: (line: LineFacts) => string): Entries {
  const entries = new Map<string, string>();
  const add = (more: Entries) => {
    for (const [path, value] of more) entries.set(path, value);
  };
  if (!user.active) {
    // Parked, not removed: the address records stay tracked, and giving the lines back needs no settle.
    for (const line of user.lines)
      add(spareLineEntries({ lineId: line.id, kind: kindOf(line), digest: parkedDigest(digestOf(line)) }));
    return entries;
  }
  for (const line of user.lines) {
    add(
      lineEntries({
        lineId: line.id,
        kind: kindOf(line),
        digest: digestOf(line),
        displayName: user.displayName,
        extension: user.extension,
        mayTransfer: user.allowTransfer,
        allowedNetworks: user.allowedNetworks,
      }),
    );
    entries.set(`pb/line/${line.id}`, user.id);
  }
  entries.set(`pb/user/${user.id}`, userRecord(user));
  entries.set(`pb/name/${user.id}`, user.displayName);
  entries.set(`pb/alias/${user.tenantId}/${user.sipAlias}`, user.id);
  if (user.lines.length > 0)
    entries.set(`pb/ring/${user.id}`, user.lines.map((line) => `PJSIP/${line.id}`).join('&'));
  if (user.extension) entries.set(`pb/ext/${user.tenantId}/${user.extension}`, user.id);
  if (user.fenced) entries.set(`pb/fence/${user.id}`, '1');
  const forwarding = forwardRecord(user);
  if (forwarding) entries.set(`pb/fwd/${user.id}`, forwarding);
  return entries;
}

function userRecord(user: UserFacts): string {
  return encodeUser({
    tenant: user.tenantId,
    extension: user.extension,
    profile: user.profileId,
    shownNumber: user.outboundNumber,
    callerIdGroup: user.callerIdGroupId,
    flags: {
      outsideCalls: user.allowOutbound,
      transfers: user.allowTransfer,
      joinsOutsideParties: user.allowJoinOutside,
      recorded: user.recordCalls,
      withholdsNumber: user.withholdNumber,
    },
    limits: user.limits,
  });
}

function forwardRecord({ forward }: UserFacts): string | null {
  if (!forward) return null;
  const { always, busy, noAnswer, unregistered, noAnswerSeconds } = forward;
  if (!always && !busy && !noAnswer && !unregistered) return null;
  return encodeForwarding({ always, busy, noAnswer, notRegistered: unregistered, noAnswerSeconds });
}

/** A parked line's digest: not the user's, so that a phone that knows the secret is refused; nobody's else. */
function parkedDigest(digest: string): string {
  return secretDigest('parked', digest);
}

function kindOf(line: LineFacts): 'sip' | 'webrtc' {
  return line.kind === 'webphone' ? 'webrtc' : 'sip';
}

function numberEntries(number: NumberFacts): Entries {
  return new Map([
    [`pb/did/${number.e164.slice(1)}`, encodeNumber({ tenant: number.tenantId, user: number.userId })],
  ]);
}

function callerIdGroupEntries(group: CallerIdGroupFacts): Entries {
  return new Map(
    group.numbers.length > 0 ? [[`pb/cid/${group.id}`, encodeCallerIdGroup(group.numbers)]] : [],
  );
}

function entriesOfTrunk(trunk: TrunkFacts, open: ProjectionInputs['open']): Entries {
  const { id, host, port, transport, username, secret, sendPai } = trunk;
  const entries = new Map<string, string>(
    trunkEntries({
      id,
      host,
      port,
      transport,
      login: username && secret ? { username, password: open(secret, secretOwner.trunk(id)) } : undefined,
      sendsAssertedIdentity: sendPai,
    }),
  );
  entries.set(
    `pb/trunk/${id}`,
    encodeTrunk({
      tenant: trunk.tenantId,
      format: trunk.numberFormat,
      passesForwardedCaller: trunk.passCaller,
      sendsAssertedIdentity: sendPai,
    }),
  );
  return entries;
}

function spareEntries({ id, kind }: SpareLineFacts, secretOf: (id: string) => string): Entries {
  return spareLineEntries({ lineId: id, kind, digest: secretDigest(id, secretOf(id)) });
}
