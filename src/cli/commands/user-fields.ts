import { type Command, Option } from 'commander';
import type { SyncAnswer, UserAnswer } from '../answers/people.ts';
import { usage } from '../failure.ts';
import { findProfile } from '../find.ts';
import { collected, readJsonObject } from '../options.ts';
import type { Session } from '../session.ts';
import type { Cell } from '../table.ts';
import { localTime } from '../text.ts';

/** What one may say about a user in options, when creating and when changing. */
export interface UserOptions {
  file?: string;
  username?: string;
  firstName?: string;
  lastName?: string;
  alias?: string;
  email?: string;
  employeeId?: string;
  timeZone?: string;
  language?: string;
  extension?: string;
  role?: string[];
  profile?: string;
  number?: string;
  callerIdName?: string;
  sipAlias?: string;
  withholdNumber?: boolean;
  recordCalls?: boolean;
  allowOutbound?: boolean;
  allowTransfer?: boolean;
  allowJoinOutside?: boolean;
}

export function withUserFields(command: Command): Command {
  return command
    .option('--file <file>', "the API's body as JSON, for what has no option; - is what is piped in")
    .option('--username <name>')
    .option('--first-name <name>')
    .option('--last-name <name>')
    .option('--alias <name>')
    .option('--email <address>')
    .option('--employee-id <id>')
    .option('--time-zone <zone>', 'IANA')
    .option('--language <tag>', 'BCP 47')
    .option('--extension <digits>', 'one of the ranges; `next`: the lowest free; `none`')
    .option('--role <role>', 'key or id; may be repeated, and replaces all', collected)
    .option('--profile <profile>', 'dial profile, by name or id; `default`: the one of the tenant')
    .option('--number <number>', "shown outside: one of the tenant's; `default`: the one of the tenant")
    .option('--caller-id-name <name>', 'shown inside')
    .option('--sip-alias <name>', 'name of the SIP account')
    .addOption(yes('withhold-number', 'show no number outside'))
    .addOption(no('withhold-number'))
    .addOption(yes('record-calls', 'record calls'))
    .addOption(no('record-calls'))
    .addOption(yes('allow-outbound', 'may call outside'))
    .addOption(no('allow-outbound'))
    .addOption(yes('allow-transfer', 'may transfer'))
    .addOption(no('allow-transfer'))
    .addOption(yes('allow-join-outside', 'may leave two outside parties talking'))
    .addOption(no('allow-join-outside'));
}

const yes = (name: string, meaning: string) => new Option(`--${name}`, meaning);
const no = (name: string) => new Option(`--no-${name}`, 'and not');

/** The body of the request: the file's, with the options over it. What was not said is not sent. */
export async function userBody(session: Session, options: UserOptions): Promise<Record<string, unknown>> {
  const base = options.file === undefined ? {} : await readJsonObject(session.terminal, options.file);
  const said: Record<string, unknown> = {
    username: options.username,
    firstName: options.firstName,
    lastName: options.lastName,
    alias: options.alias,
    email: options.email,
    employeeId: options.employeeId,
    timeZone: options.timeZone,
    language: options.language,
    extension: options.extension === 'none' ? null : options.extension,
    roles: options.role,
    profileId: await profileId(session, options.profile),
    outboundNumber: options.number === 'default' ? null : options.number,
    callerIdName: options.callerIdName,
    sipAlias: options.sipAlias,
    withholdNumber: options.withholdNumber,
    recordCalls: options.recordCalls,
    allowOutbound: options.allowOutbound,
    allowTransfer: options.allowTransfer,
    allowJoinOutside: options.allowJoinOutside,
  };
  return { ...base, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) };
}

async function profileId(session: Session, name: string | undefined): Promise<string | null | undefined> {
  if (name === undefined) return undefined;
  return name === 'default' ? null : (await findProfile(session, name)).id;
}

/** Fields that may be empty, as `--clear` names them. */
const CLEARABLE: Record<string, string> = {
  'first-name': 'firstName',
  'last-name': 'lastName',
  alias: 'alias',
  'employee-id': 'employeeId',
  'time-zone': 'timeZone',
  language: 'language',
  'caller-id-name': 'callerIdName',
  limits: 'limits',
};

export function withClear(command: Command): Command {
  const names = Object.keys(CLEARABLE).join(', ');
  return command.option('--clear <field>', `empty a field: ${names}; may be repeated`, collected);
}

export function cleared(fields: readonly string[] = []): Record<string, null> {
  return Object.fromEntries(
    fields.map((field) => {
      const name = CLEARABLE[field];
      if (name === undefined)
        throw usage(`--clear takes one of ${Object.keys(CLEARABLE).join(', ')}, not "${field}".`);
      return [name, null];
    }),
  );
}

export function nameOfUser({ firstName, lastName }: UserAnswer): string {
  return [firstName, lastName].filter(Boolean).join(' ');
}

export function userFacts(user: UserAnswer): [string, Cell][] {
  return [
    ['Username', user.username],
    ['Id', user.id],
    ['Name', nameOfUser(user)],
    ['Alias', user.alias],
    ['Email', user.email],
    ['Employee ID', user.employeeId],
    ['Status', user.status],
    ['Extension', user.extension],
    ['Roles', user.roles.map(({ key, name }) => key ?? name).join(', ')],
    ['Dial profile', user.profileId ?? "the tenant's default"],
    ['Number shown', user.outboundNumber ?? "the tenant's default"],
    ['Own numbers', user.numbers.join(', ')],
    ['Caller ID name', user.callerIdName],
    ['Withhold number', user.withholdNumber],
    ['SIP account', user.sipAddress],
    ['Calls outside', user.allowOutbound],
    ['Transfers', user.allowTransfer],
    ['Record calls', user.recordCalls],
    ['Teams', user.teams.map(({ name, capacity }) => `${name} (${capacity})`).join(', ')],
    ['Lines', user.lines.map(({ id, kind, label }) => `${id} ${label ?? kind}`).join(', ')],
    ['On the PBX', syncText(user.sync)],
    ['Version', user.version],
  ];
}

/** `waiting since 2026-11-21 22:23:00: pbx-not-connected` */
export function syncText({ state, since, reason, message }: SyncAnswer): string {
  const why = message ?? reason;
  return `${state} since ${localTime(since)}${why ? `: ${why}` : ''}`;
}
