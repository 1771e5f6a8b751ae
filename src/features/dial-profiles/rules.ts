import { z } from 'zod';
import { RULED_CLASSES } from '../../domain/dialling/number-class.ts';
import type { DialProfile } from '../../domain/dialling/profile.ts';
import { MOST_RULES, type ProfileProblem, problemsOf } from '../../domain/dialling/profile-problems.ts';
import { ZONE_NAMES } from '../../domain/dialling/zones.ts';
import { DomainError } from '../../domain/errors.ts';

const NumberClass = z.enum(RULED_CLASSES).meta({ id: 'NumberClass' });

const Where = z
  .union([
    z.enum(['national', 'international', 'anywhere']),
    z.strictObject({
      countries: z
        .array(z.string().max(2))
        .max(300)
        .meta({ example: ['FR', 'BE'] }),
    }),
    z.strictObject({ zones: z.array(z.enum(ZONE_NAMES)).max(50) }),
  ])
  .meta({
    description:
      "`national` is the tenant's country with the numbers that it shares with others of its calling code; or countries (ISO 3166), or zones.",
  });

/** As stored in `dial_rules.target` and read by `profileOf` of src/reconcile. */
const Match = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('class'),
    classes: z.union([z.literal('any'), z.array(NumberClass).max(RULED_CLASSES.length)]),
    where: Where,
  }),
  z.strictObject({
    kind: z.literal('prefix'),
    prefix: z.string().max(16).meta({
      description: '`+` and digits: a number or its beginning. Digits alone: a short code of the country.',
      example: '+4420',
    }),
  }),
]);

export const Rule = z
  .strictObject({ action: z.enum(['allow', 'deny']), match: Match })
  .meta({ id: 'DialRule' });

export const Rules = z.array(Rule).max(MOST_RULES).meta({
  description: 'In order: the first that matches decides, and what none matches is refused.',
});
export type Rules = z.output<typeof Rules>;

/** Throws `validation-failed` with a place for each thing that makes no sense in rules that are well formed. */
export function checkRules(rules: Rules, at: string): DialProfile {
  const profile: DialProfile = { rules };
  const problems = problemsOf(profile);
  if (problems.length === 0) return profile;
  throw new DomainError('validation-failed', 'Some rules make no sense.', {
    fields: problems.map(({ rank, field, message }) => ({ path: at + placeOf(rank, field), message })),
  });
}

function placeOf(rank: number, field: ProfileProblem['field']): string {
  if (rank === 0) return '';
  const rule = `/${rank - 1}`;
  return field === 'action' || field === 'match' ? `${rule}/${field}` : `${rule}/match/${field}`;
}
