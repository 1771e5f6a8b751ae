import { z } from 'zod';
import { defineRoute, type Route } from '../../api/route.ts';
import { type Decision, DIAL_PATHS, decide } from '../../domain/dialling/decide.ts';
import { countries } from '../../domain/dialling/ways.ts';
import type { FeatureDeps } from '../deps.ts';
import { checkRules, Rule, Rules } from '../dial-profiles/rules.ts';
import { Limits } from '../fields.ts';
import { UserRef } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { sentenceOf } from './reasons.ts';
import { type Explained, explainDial } from './service.ts';

const dialled = z.string().max(80).meta({
  description: 'As it is dialled: in any form, an extension, or the name of a SIP account.',
  example: '01 55 50 10 01',
});
const path = z.enum(DIAL_PATHS).default('dial').meta({
  description: 'How: by dialling, transferring, forwarding, or click-to-call.',
});

/** What the number is and which rule speaks of it. */
const Decided = z.object({
  reason: z.string().meta({ description: 'A code, as in refused calls.' }),
  sentence: z.string().nullable().meta({ description: 'The reason in words.' }),
  number: z.string().nullable().meta({ description: '+E.164, or a short code; null when it means nothing.' }),
  numberClass: z.string().nullable(),
  zone: z.string().nullable().meta({ description: 'A country, or a part of a calling code.' }),
  country: z.string().nullable(),
  national: z.boolean(),
  rule: z.int().nullable().meta({ description: 'The rank of the rule that decided, from 1.' }),
  trials: z
    .array(z.object({ rank: z.int(), matched: z.boolean(), rule: Rule }))
    .meta({ description: 'Every rule in order, and whether it matches.' }),
});

const Explanation = Decided.extend({
  route: z.enum(['user', 'outside', 'emergency', 'unassigned', 'refused']).meta({
    description:
      '`user`: a colleague, without leaving the PBX. `unassigned`: a number of the tenant that nobody has.',
  }),
  user: UserRef.nullable().meta({ description: 'Whom it reaches inside.' }),
  profile: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  callerId: z
    .object({ from: z.enum(['team', 'user', 'tenant']), numbers: z.array(z.string()), withheld: z.boolean() })
    .nullable()
    .meta({ description: 'What is shown outside; of several numbers of a team each in its turn.' }),
  limits: z.object({ user: Limits, tenant: Limits }).meta({
    description: 'Limits on calls abroad. Whether one is reached now, only the PBX knows.',
  }),
}).meta({ id: 'DialExplanation' });

const RuleDecision = Decided.extend({ verdict: z.enum(['allow', 'deny', 'emergency']) }).meta({
  id: 'DialDecision',
});

const Country = z
  .string()
  .refine((text) => countries().includes(text), 'Send a country code of ISO 3166 in capitals, like FR.')
  .meta({ example: 'FR' });

export function explainDialRoutes({ db }: FeatureDeps): Route[] {
  const ofUser = defineRoute({
    method: 'post',
    path: '/api/v1/tenants/:tenant/users/:user/explain-dial',
    summary: 'May this user dial this number, and why?',
    description: 'Nothing is dialled. The answer is the one that the PBX gives.',
    tag: 'dial profiles',
    permission: 'profiles:read',
    ownUser: true,
    params: z.object({ user: z.uuid() }),
    body: z.strictObject({ number: dialled, path }),
    response: { 200: Explanation },
    handler: async (ctx) => {
      const { number, path } = ctx.body;
      const found = await inTenant(db, ctx, (work) => explainDial(work, ctx.params.user, number, path));
      return { status: 200, body: explanation(found) };
    },
  });

  const ofRules = defineRoute({
    method: 'post',
    path: '/api/v1/tenants/:tenant/explain-dial',
    summary: 'What would these rules say about this number?',
    description: 'For a dial profile that is being edited and not saved. Nothing is stored.',
    tag: 'dial profiles',
    permission: 'profiles:read',
    body: z.strictObject({
      rules: Rules,
      number: dialled,
      path,
      country: Country.optional().meta({ description: "Where it is dialled; the tenant's when left out." }),
    }),
    response: { 200: RuleDecision },
    handler: async (ctx) => {
      const { rules, number, path, country } = ctx.body;
      const profile = checkRules(rules, '/rules');
      const from = country ?? (await inTenant(db, ctx, tenantCountry));
      const decision = decide({ country: from, profile, dialled: number, path });
      return { status: 200, body: { ...decided(decision, decision.reason), verdict: decision.verdict } };
    },
  });

  return [ofUser, ofRules];
}

async function tenantCountry({
  tx,
  tenantId,
}: Parameters<Parameters<typeof inTenant>[2]>[0]): Promise<string> {
  return (await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } })).country;
}

function explanation({ passage, profile, callerId, limits }: Explained) {
  const { route, user, decision, reason } = passage;
  return { ...decided(decision, reason), route, user, profile, callerId, limits };
}

function decided(decision: Decision | null, reason: string) {
  return {
    reason,
    sentence: sentenceOf(reason),
    number: decision?.number || null,
    numberClass: decision?.numberClass ?? null,
    zone: decision?.zone ?? null,
    country: decision?.country ?? null,
    national: decision?.national ?? false,
    rule: decision?.rule ?? null,
    trials: (decision?.trials ?? []).map(({ rank, matched, rule }) => ({
      rank,
      matched,
      rule: rule as z.input<typeof Rule>,
    })),
  };
}
