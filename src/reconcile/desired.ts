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

/** What the desired state needs beside the facts; given once, so that the projection stays a pure function. */
export interface ProjectionInputs {
  /** Opens a sealed secret; `belongsTo` as it was sealed. */
  open: (sealed: Uint8Array, belongsTo: string) => string;
  /** The secret of a spare line: known to nobody, but the same at every comparison. */
  spareSecret: (lineId: string) => string;
  /** A dial profile's rows and the pointer that makes them current. */
  profileEntries: (profile: ProfileFacts) => Entries;
  /** The numbering plan, ways of dialling, emergency and short codes: the same on every node. */
  planEntries: Entries;
}

export interface Projection {
  /** Entries of the subjects that these facts speak of. */
  of(facts: NodeFacts): Map<Subject, Entries>;
  /** The same, and what stands on every node. */
  ofNode(facts: NodeFacts): Map<Subject, Entries>;
}

export function projection(inputs: ProjectionInputs): Projection {
  const digestOf = rememberingDigests(inputs.open);
  const of = (facts: NodeFacts) => {
    const entries = new Map<Subject, Entries>();
    for (const tenant of facts.tenants) entries.set(subjectOf('tenant', tenant.id), tenantEntries(tenant));
    for (const user of facts.users) entries.set(subjectOf('user', user.id), userEntries(user, digestOf));
    for (const number of facts.numbers) entries.set(subjectOf('number', number.id), numberEntries(number));
    for (const profile of facts.profiles)
      entries.set(subjectOf('profile', profile.id), inputs.profileEntries(profile));
    for (const group of facts.callerIdGroups)
      entries.set(subjectOf('callerid-group', group.id), callerIdGroupEntries(group));
    for (const trunk of facts.trunks)
      entries.set(subjectOf('trunk', trunk.id), entriesOfTrunk(trunk, inputs.open));
    if (facts.spareLines.length > 0) entries.set('stock', stockEntries(facts.spareLines, inputs.spareSecret));
    return entries;
  };
  return { of, ofNode: (facts) => of(facts).set('plan', inputs.planEntries) };
}

/**
 * A digest is computed once for each sealed secret: opening 10,000 of them takes longer than reading all of
 * them from the database. A rotated secret has other sealed bytes and so is opened anew.
 */
function rememberingDigests(open: ProjectionInputs['open']): (line: LineFacts) => string {
  const known = new Map<string, { nonce: string; digest: string }>();
  return (line) => {
    const nonce = Buffer.from(line.secret.buffer, line.secret.byteOffset, 33).toString('latin1');
    const remembered = known.get(line.id);
    if (remembered?.nonce === nonce) return remembered.digest;
    const digest = secretDigest(line.id, open(line.secret, secretOwner.line(line.id)));
    known.set(line.id, { nonce, digest });
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

function stockEntries(lines: SpareLineFacts[], secretOf: (id: string) => string): Entries {
  const entries = new Map<string, string>();
  for (const { id, kind } of lines)
    for (const [path, value] of spareLineEntries({
      lineId: id,
      kind,
      digest: secretDigest(id, secretOf(id)),
    }))
      entries.set(path, value);
  return entries;
}
