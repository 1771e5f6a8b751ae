import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { type BuiltInProfile, builtInProfile } from '../../src/domain/dialling/built-in-profiles.ts';
import { compileProfile } from '../../src/domain/dialling/compile-profile.ts';
import { profileEntries } from '../../src/domain/dialling/pbx-entries.ts';
import { lineEntries, secretDigest } from '../../src/domain/pbx/lines.ts';
import {
  type CallLimits,
  encodeCallerIdGroup,
  encodeForwarding,
  encodeNumber,
  encodeTenant,
  encodeTrunk,
  encodeUser,
  type ForwardingRecord,
  type NumberFormat,
  type UserFlags,
} from '../../src/domain/pbx/records.ts';
import { trunkEntries } from '../../src/domain/pbx/trunks.ts';
import { generateLineId } from '../../src/domain/secrets/generate.ts';
import type { Dialplan } from './dialplan-fixture.ts';
import { type Carrier, carrier } from './phones/carrier.ts';
import type { IncomingCall } from './phones/incoming-call.ts';
import type { UaPhone } from './phones/ua-phone.ts';
import type {} from './provided.ts';

export const NO_LIMITS: CallLimits = {
  abroadAtOnce: null,
  abroadPerHour: null,
  abroadMinutesPerDay: null,
  longestCallSeconds: null,
};

const NOWHERE_ELSE: ForwardingRecord = {
  always: null,
  busy: null,
  noAnswer: null,
  notRegistered: null,
  noAnswerSeconds: null,
};

/** One that `UaPhone` plays, so that it can call in, transfer and answer as a test wants. */
export type TestCarrier = Carrier<IncomingCall, UaPhone>;

type UserWishes = {
  name?: string;
  extension?: string | null;
  alias?: string;
  profile?: BuiltInProfile | null;
  number?: string | null;
  group?: string[];
  flags?: Partial<UserFlags>;
  limits?: Partial<CallLimits>;
  forwarding?: Partial<ForwardingRecord>;
  /** Default one phone, registered. */
  phones?: number;
};

let lastCarrier = 0;

export class Tenant {
  readonly id: string;
  readonly country: string;
  defaultNumber: string | null = null;
  limits: CallLimits = NO_LIMITS;
  trunks: string[] = [];
  readonly #dialplan: Dialplan;
  readonly #profiles = new Map<BuiltInProfile, string>();

  constructor(dialplan: Dialplan, id: string, country: string) {
    this.#dialplan = dialplan;
    this.id = id;
    this.country = country;
  }

  async save(): Promise<void> {
    const { country, defaultNumber, trunks, limits } = this;
    const record = encodeTenant({ country, defaultNumber, trunks, language: 'en', limits });
    await this.#dialplan.write([[`pb/tenant/${this.id}`, record]]);
  }

  /** A trunk with a carrier behind it, at an address of its own by which the PBX knows it. */
  async trunk(
    wishes: { format?: NumberFormat; passesForwardedCaller?: boolean; sendsAssertedIdentity?: boolean } = {},
  ): Promise<TestCarrier> {
    const id = randomUUID();
    const { sip } = inject('asterisk');
    const localIp = `127.0.7.${++lastCarrier}`;
    const opened = await carrier({ server: sip, localIp, name: `carrier${lastCarrier}` });
    const { format = 'e164+', passesForwardedCaller = false, sendsAssertedIdentity = false } = wishes;
    const { host, port } = opened.address;
    await this.#dialplan.write(
      trunkEntries({ id, host, port, transport: 'udp', sendsAssertedIdentity }).set(
        `pb/trunk/${id}`,
        encodeTrunk({ tenant: this.id, format, passesForwardedCaller, sendsAssertedIdentity }),
      ),
    );
    this.trunks.push(id);
    await this.save();
    return opened;
  }

  /** The id of this tenant's copy of a built-in profile. */
  async profile(name: BuiltInProfile): Promise<string> {
    const id = this.#profiles.get(name) ?? randomUUID();
    if (this.#profiles.has(name)) return id;
    this.#profiles.set(name, id);
    await this.#dialplan.write(profileEntries(id, 1, compileProfile(builtInProfile(name), this.country)));
    return id;
  }

  owns(number: string, user: User | null = null): Promise<void> {
    const record = encodeNumber({ tenant: this.id, user: user?.id ?? null });
    return this.#dialplan.write([[`pb/did/${number.slice(1)}`, record]]);
  }

  async user(wishes: UserWishes = {}): Promise<User> {
    const {
      extension = null,
      name = extension ?? 'Nobody',
      number = null,
      alias,
      group,
      phones = 1,
    } = wishes;
    const user = new User(this.#dialplan, this, name, extension);
    user.profile = wishes.profile ? await this.profile(wishes.profile) : null;
    user.number = number;
    user.limits = { ...NO_LIMITS, ...wishes.limits };
    user.flags = { ...user.flags, ...wishes.flags };
    if (group) {
      user.group = randomUUID();
      await this.#dialplan.write([[`pb/cid/${user.group}`, encodeCallerIdGroup(group)]]);
    }
    if (number) await this.owns(number, user);
    if (alias) await this.#dialplan.write([[`pb/alias/${this.id}/${alias}`, user.id]]);
    if (wishes.forwarding) await user.forward(wishes.forwarding);
    const lines = Array.from({ length: Math.max(phones, 1) }, () => generateLineId());
    await user.save(lines);
    for (const line of lines.slice(0, phones))
      user.phones.push(await this.#dialplan.openPhone(line, user.secret, name));
    return user;
  }
}

export class User {
  readonly id = randomUUID();
  readonly name: string;
  readonly extension: string | null;
  readonly tenant: Tenant;
  readonly secret = randomUUID();
  readonly phones: UaPhone[] = [];
  /** Its id. */
  profile: string | null = null;
  number: string | null = null;
  group: string | null = null;
  lines: string[] = [];
  limits: CallLimits = NO_LIMITS;
  flags: UserFlags = {
    outsideCalls: true,
    transfers: true,
    joinsOutsideParties: false,
    recorded: false,
    withholdsNumber: false,
  };
  readonly #dialplan: Dialplan;

  constructor(dialplan: Dialplan, tenant: Tenant, name: string, extension: string | null) {
    this.#dialplan = dialplan;
    this.tenant = tenant;
    this.name = name;
    this.extension = extension;
  }

  get phone(): UaPhone {
    const [first] = this.phones;
    if (!first) throw new Error(`${this.name} has no registered phone`);
    return first;
  }

  /** Writes everything about the user as it is now. */
  async save(lines = this.lines): Promise<void> {
    this.lines = lines;
    const entries = new Map<string, string>();
    for (const lineId of lines) {
      const line = lineEntries({
        lineId,
        kind: 'sip',
        digest: secretDigest(lineId, this.secret),
        displayName: this.name,
        extension: this.extension,
        mayTransfer: this.flags.transfers,
        allowedNetworks: [],
      });
      for (const [path, value] of line) entries.set(path, value);
      entries.set(`pb/line/${lineId}`, this.id);
    }
    entries.set(`pb/ring/${this.id}`, lines.map((line) => `PJSIP/${line}`).join('&'));
    entries.set(`pb/name/${this.id}`, this.name);
    entries.set(`pb/user/${this.id}`, this.#record());
    if (this.extension) entries.set(`pb/ext/${this.tenant.id}/${this.extension}`, this.id);
    await this.#dialplan.write(entries);
  }

  forward(to: Partial<ForwardingRecord>): Promise<void> {
    const record = encodeForwarding({ ...NOWHERE_ELSE, ...to });
    return this.#dialplan.write([[`pb/fwd/${this.id}`, record]]);
  }

  #record(): string {
    const { tenant, extension, profile, number, group, flags, limits } = this;
    return encodeUser({
      tenant: tenant.id,
      extension,
      profile,
      shownNumber: number,
      callerIdGroup: group,
      flags,
      limits,
    });
  }
}
