import { z } from 'zod';
import { patchOf } from '../../api/patch.ts';
import { fields, Limits } from '../fields.ts';
import { Skills, Tags } from '../labels/labels.ts';
import { LineKind } from '../lines/presentation.ts';

const extension = z
  .union([z.literal('next'), fields.extension])
  .nullable()
  .optional()
  .meta({ description: '`next`: the lowest free one; null: none.', example: 'next' });

const Roles = z
  .array(z.string().min(1).max(100))
  .min(1)
  .max(20)
  .meta({ description: 'Keys (`agent`) or ids.', example: ['user'] });

/** What an administrator may enter about a user, with what holds where nothing is sent. */
const Details = z.strictObject({
  username: fields.username,
  firstName: fields.name.nullable().optional(),
  lastName: fields.name
    .nullable()
    .optional()
    .meta({ description: 'First or last name must be there; any script.' }),
  alias: fields.name.nullable().optional(),
  email: fields.email,
  employeeId: fields.name.nullable().optional(),
  status: z.enum(['active', 'suspended']).default('active'),
  timeZone: fields.timeZone.nullable().optional(),
  language: fields.language.nullable().optional(),
  profileId: z.uuid().nullable().optional(),
  outboundNumber: fields.phoneNumber.nullable().optional().meta({
    description: "Shown when calling out: one of the tenant's numbers.",
  }),
  callerIdName: fields.name.nullable().optional(),
  withholdNumber: z.boolean().default(false),
  recordCalls: z.boolean().default(false),
  allowOutbound: z.boolean().default(true),
  allowTransfer: z.boolean().default(true),
  allowJoinOutside: z.boolean().default(false),
  limits: Limits.optional(),
  allowedNetworks: fields.networks.default([]).meta({
    description: "Where the user's API keys and phones are accepted from; empty: from everywhere.",
    example: ['192.0.2.0/24', '2001:db8::/32'],
  }),
  tags: Tags.default([]),
  skills: Skills.default([]),
  attributes: z
    .record(z.string().max(40), z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]))
    .default({})
    .meta({
      description:
        'By key, as the tenant defined them (`…/attributes`); null clears one, others stay as they are.',
      example: { autoDial: true },
    }),
  extension,
  roles: Roles.default(['user']),
});

export const CreateUser = Details.extend({
  sipAlias: fields.sipAlias
    .optional()
    .meta({ description: "The SIP account's name; made from the email address if left out." }),
  phone: z
    .union([z.literal('none'), LineKind])
    .default('none')
    .meta({ description: 'Gives the user a first line of this kind.' }),
});
export type NewUser = z.output<typeof CreateUser>;

export const ChangeUser = patchOf(Details.extend({ sipAlias: fields.sipAlias }));
export type UserChange = z.output<typeof ChangeUser>;
