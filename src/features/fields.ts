import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { emailProblem } from '../domain/users/email.ts';
import { canonicalLanguage, languageProblem, timeZoneProblem } from '../domain/users/locale.ts';
import {
  MOST_NETWORKS,
  networkProblem,
  networksProblem,
  normaliseNetworks,
} from '../domain/users/networks.ts';
import { sipAliasProblem } from '../domain/users/sip-alias.ts';
import { nameProblem, usernameProblem } from '../domain/users/text.ts';

/** A text that a rule of the domain judges; the rule's sentence is what the sender is told. */
function judged(problem: (text: string) => string | null) {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}

/** Fields that several resources share. */
export const fields = {
  name: judged(nameProblem),
  username: judged(usernameProblem),
  email: judged(emailProblem),
  sipAlias: judged(sipAliasProblem),
  timeZone: judged(timeZoneProblem).meta({ description: 'IANA', example: 'Europe/Paris' }),
  language: judged(languageProblem)
    .overwrite((text) => (languageProblem(text) === null ? canonicalLanguage(text) : text))
    .meta({ description: 'BCP 47', example: 'fr' }),
  /** As people write it; normalised by the service, which knows the country. */
  phoneNumber: z.string().min(1).max(40).meta({
    description: "E.164, or as dialled in the tenant's country; answered as E.164.",
    example: '+33155501001',
  }),
  extension: z
    .string()
    .regex(/^[0-9]{2,6}$/, 'Send 2 to 6 digits.')
    .meta({ example: '1001' }),
  networks: z
    .array(judged(networkProblem))
    .max(MOST_NETWORKS, `Send at most ${MOST_NETWORKS} networks.`)
    .overwrite((list) => (list.some(networkProblem) ? list : normaliseNetworks(list)))
    .superRefine((list, context) => {
      const message = networksProblem(list);
      if (message !== null) context.addIssue({ code: 'custom', message });
    }),
} as const;

/** Refuses one field of the body with a sentence. */
export function wrongField(path: string, message: string): DomainError<'validation-failed'> {
  return new DomainError('validation-failed', message, { fields: [{ path, message }] });
}

const count = (least: number, description: string) =>
  z.int().min(least).max(1_000_000).nullable().optional().meta({ description });

/** Limits against fraud; a limit that is null does not exist. The user's and the tenant's both hold. */
export const Limits = z
  .strictObject({
    abroadAtOnce: count(0, 'Calls abroad at the same time.'),
    abroadPerHour: count(0, 'Calls abroad begun in one hour.'),
    abroadMinutesPerDay: count(0, 'Minutes abroad in one day.'),
    longestCallSeconds: count(1, 'Longest outside call.'),
  })
  .meta({ id: 'CallLimits' });

type LimitColumns = {
  maxCallsAbroad: number | null;
  maxAbroadPerHour: number | null;
  maxAbroadMinutes: number | null;
  maxCallSeconds: number | null;
};

export function limitsBody(row: LimitColumns) {
  return {
    abroadAtOnce: row.maxCallsAbroad,
    abroadPerHour: row.maxAbroadPerHour,
    abroadMinutesPerDay: row.maxAbroadMinutes,
    longestCallSeconds: row.maxCallSeconds,
  };
}

/** Columns for the limits that were sent: a limit that was left out is untouched, null clears all. */
export function limitColumns(limits: z.output<typeof Limits> | null | undefined): Partial<LimitColumns> {
  if (limits === undefined) return {};
  const sent: Partial<LimitColumns> = {
    maxCallsAbroad: limits === null ? null : limits.abroadAtOnce,
    maxAbroadPerHour: limits === null ? null : limits.abroadPerHour,
    maxAbroadMinutes: limits === null ? null : limits.abroadMinutesPerDay,
    maxCallSeconds: limits === null ? null : limits.longestCallSeconds,
  };
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
}
