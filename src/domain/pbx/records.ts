/**
 * The records of the AstDB family `pb` that the dialplan reads (docs/pbx-state.md): fields separated by
 * `|`, an empty field meaning "none". Text stands for `null` here, so that a decoded record can be compared
 * with what was written.
 */

/** Limits against fraud; null is no limit. */
export type CallLimits = {
  /** Calls abroad at the same time. */
  abroadAtOnce: number | null;
  /** Calls abroad begun in one clock hour. */
  abroadPerHour: number | null;
  /** Minutes abroad in one day (UTC). */
  abroadMinutesPerDay: number | null;
  /** The longest outside call, in seconds. */
  longestCallSeconds: number | null;
};

export type TenantRecord = {
  /** ISO 3166, upper case. */
  country: string;
  /** E.164 with plus; what is shown outside for users without a number of their own. */
  defaultNumber: string | null;
  /** Ids, in the order in which they are tried. */
  trunks: readonly string[];
  /** BCP 47. */
  language: string | null;
  limits: CallLimits;
};

export type UserFlags = {
  outsideCalls: boolean;
  transfers: boolean;
  /** May leave two outside parties talking to each other. */
  joinsOutsideParties: boolean;
  recorded: boolean;
  withholdsNumber: boolean;
};

export type UserRecord = {
  tenant: string;
  extension: string | null;
  profile: string | null;
  /** E.164 with plus. */
  shownNumber: string | null;
  callerIdGroup: string | null;
  flags: UserFlags;
  limits: CallLimits;
};

/** Where calls go instead: an extension or a number as the user would dial it; null is "nowhere else". */
export type ForwardingRecord = {
  always: string | null;
  busy: string | null;
  noAnswer: string | null;
  notRegistered: string | null;
  /** How long it rings until it counts as "no answer". */
  noAnswerSeconds: number | null;
};

export type NumberRecord = { tenant: string; user: string | null };

export type NumberFormat = 'e164+' | 'e164' | 'national';

export type TrunkRecord = {
  tenant: string;
  format: NumberFormat;
  /** A forwarded call shows the original caller's number instead of the forwarding user's. */
  passesForwardedCaller: boolean;
  /** Send P-Asserted-Identity, and trust the carrier with withheld numbers. */
  sendsAssertedIdentity: boolean;
};

const USER_FLAGS: readonly [string, keyof UserFlags][] = [
  ['o', 'outsideCalls'],
  ['t', 'transfers'],
  ['j', 'joinsOutsideParties'],
  ['r', 'recorded'],
  ['w', 'withholdsNumber'],
];

export function encodeTenant({ country, defaultNumber, trunks, language, limits }: TenantRecord): string {
  return join([country, defaultNumber, trunks.join(','), language, encodeLimits(limits)]);
}

export function decodeTenant(text: string): TenantRecord {
  const [country, defaultNumber, trunks, language, limits] = text.split('|');
  return {
    country: country ?? '',
    defaultNumber: some(defaultNumber),
    trunks: list(trunks, ','),
    language: some(language),
    limits: decodeLimits(limits),
  };
}

export function encodeUser(user: UserRecord): string {
  const { tenant, extension, profile, shownNumber, callerIdGroup, flags, limits } = user;
  const letters = USER_FLAGS.map(([letter, name]) => (flags[name] ? letter : '')).join('');
  return join([tenant, extension, profile, shownNumber, callerIdGroup, letters, encodeLimits(limits)]);
}

export function decodeUser(text: string): UserRecord {
  const [tenant, extension, profile, shownNumber, callerIdGroup, letters = '', limits] = text.split('|');
  return {
    tenant: tenant ?? '',
    extension: some(extension),
    profile: some(profile),
    shownNumber: some(shownNumber),
    callerIdGroup: some(callerIdGroup),
    flags: Object.fromEntries(
      USER_FLAGS.map(([letter, name]) => [name, letters.includes(letter)]),
    ) as UserFlags,
    limits: decodeLimits(limits),
  };
}

export function encodeForwarding(forwarding: ForwardingRecord): string {
  const { always, busy, noAnswer, notRegistered, noAnswerSeconds } = forwarding;
  return join([always, busy, noAnswer, notRegistered, noAnswerSeconds]);
}

export function decodeForwarding(text: string): ForwardingRecord {
  const [always, busy, noAnswer, notRegistered, seconds] = text.split('|');
  return {
    always: some(always),
    busy: some(busy),
    noAnswer: some(noAnswer),
    notRegistered: some(notRegistered),
    noAnswerSeconds: count(seconds),
  };
}

export function encodeNumber({ tenant, user }: NumberRecord): string {
  return join([tenant, user]);
}

export function decodeNumber(text: string): NumberRecord {
  const [tenant, user] = text.split('|');
  return { tenant: tenant ?? '', user: some(user) };
}

export function encodeTrunk(trunk: TrunkRecord): string {
  const flags = (trunk.passesForwardedCaller ? 'c' : '') + (trunk.sendsAssertedIdentity ? 'p' : '');
  return join([trunk.tenant, trunk.format, flags]);
}

export function decodeTrunk(text: string): TrunkRecord {
  const [tenant, format, flags = ''] = text.split('|');
  return {
    tenant: tenant ?? '',
    format: format === 'e164' || format === 'national' ? format : 'e164+',
    passesForwardedCaller: flags.includes('c'),
    sendsAssertedIdentity: flags.includes('p'),
  };
}

/** The numbers of a caller ID group, in the order in which they take turns. E.164 with plus. */
export function encodeCallerIdGroup(numbers: readonly string[]): string {
  return join(numbers);
}

export function decodeCallerIdGroup(text: string): string[] {
  return list(text, '|');
}

function encodeLimits(limits: CallLimits): string {
  const { abroadAtOnce, abroadPerHour, abroadMinutesPerDay, longestCallSeconds } = limits;
  const values = [abroadAtOnce, abroadPerHour, abroadMinutesPerDay, longestCallSeconds];
  return values.every((value) => value === null) ? '' : values.map((value) => value ?? '').join(',');
}

function decodeLimits(text = ''): CallLimits {
  const [atOnce, perHour, minutes, longest] = text.split(',');
  return {
    abroadAtOnce: count(atOnce),
    abroadPerHour: count(perHour),
    abroadMinutesPerDay: count(minutes),
    longestCallSeconds: count(longest),
  };
}

/**
 * @throws TypeError when a field holds the separator or a control character: each is an id, a number or a
 * code that was checked where it came in, so this is a mistake of the program and not of a person.
 */
function join(fields: readonly (string | number | null)[]): string {
  const texts = fields.map((field) => String(field ?? ''));
  const bad = texts.find((text) => /[|\x00-\x1f\x7f]/.test(text));
  if (bad !== undefined)
    throw new TypeError(`a field of a PBX record holds | or a control character: ${bad}`);
  return texts.join('|');
}

function some(text: string | undefined): string | null {
  return text ? text : null;
}

function count(text: string | undefined): number | null {
  return text && /^\d+$/.test(text) ? Number(text) : null;
}

function list(text: string | undefined, separator: string): string[] {
  return (text ?? '').split(separator).filter((item) => item !== '');
}
