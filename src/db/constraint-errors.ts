import { DomainError, type ErrorCode } from '../domain/errors.ts';

/** What a violated constraint means to the person who asked, by the constraint's name in prisma/migrations. */
type Meaning = { code: ErrorCode; field?: string; message: string };

const duplicate = (field: string, what: string): Meaning => ({
  code: 'conflict-duplicate',
  field,
  message: `${what} is already in use. Choose another one.`,
});

const unknownReference = (field: string, what: string): Meaning => ({
  code: 'validation-failed',
  field,
  message: `There is no such ${what} in this tenant. List what there is and take an id from there.`,
});

const inUse = (what: string, users: string): Meaning => ({
  code: 'in-use',
  message: `This ${what} is still used by ${users}. Change those first.`,
});

const MEANINGS: Readonly<Record<string, Meaning>> = {
  tenants_slug_key: duplicate('/slug', 'This slug'),
  tenants_sip_domain_key: duplicate('/sipDomain', 'This SIP domain'),
  pbx_nodes_name_key: duplicate('/name', 'This name'),
  dial_profiles_name: duplicate('/name', 'A dial profile with this name'),
  caller_id_groups_name: duplicate('/name', 'A caller ID group with this name'),
  caller_id_group_numbers_group_id_number_id_key: duplicate('/numbers', 'One of the numbers'),
  teams_name: duplicate('/name', 'A team with this name'),
  trunks_name: duplicate('/name', 'A trunk with this name'),
  roles_name: duplicate('/name', 'A role with this name'),
  attribute_definitions_key: duplicate('/key', 'This key'),
  tags_name: duplicate('/name', 'A tag with this name'),
  skills_name: duplicate('/name', 'A skill with this name'),
  users_username: duplicate('/username', 'This username'),
  users_email: duplicate('/email', 'This email address'),
  users_sip_alias: duplicate('/sipAlias', 'This SIP account name'),
  numbers_e164_key: {
    code: 'number-taken',
    field: '/e164',
    message: 'This number is already entered in this installation. Check it for a typing error.',
  },
  extensions_pkey: {
    code: 'extension-taken',
    field: '/extension',
    message: 'This extension belongs to another user. Take a free one: GET …/extensions/next-free.',
  },
  extensions_one_per_user: {
    code: 'conflict-duplicate',
    field: '/extension',
    message: 'This user has an extension already. Unassign it first.',
  },
  extensions_in_range: {
    code: 'extension-out-of-range',
    field: '/extension',
    message: "This extension is outside the tenant's ranges. Choose one inside, or widen a range.",
  },
  extension_ranges_overlap: {
    code: 'conflict-duplicate',
    field: '/extensionRanges',
    message: 'Two ranges overlap. Give each extension to one range only.',
  },
  users_keep_organisation_administrator: {
    code: 'user-is-organisation-administrator',
    message:
      'An organisation administrator cannot be deleted. Give the role to someone else and take it from this user first.',
  },
  lines_live_api_key: {
    code: 'unauthenticated',
    message: 'This API key was revoked in the meantime. Use another one.',
  },
  users_tenant_id_profile_id_fkey: unknownReference('/profileId', 'dial profile'),
  users_tenant_id_outbound_number_id_fkey: {
    code: 'number-not-owned',
    field: '/outboundNumber',
    message: 'This number is not one of the tenant. Show one that the tenant owns, or add the number first.',
  },
  numbers_user_fkey: unknownReference('/userId', 'user'),
  api_keys_tenant_id_user_id_fkey: unknownReference('/userId', 'user'),
  teams_tenant_id_caller_id_group_id_fkey: unknownReference('/callerIdGroupId', 'caller ID group'),
  caller_id_group_numbers_tenant_id_number_id_fkey: {
    code: 'number-not-owned',
    field: '/numbers',
    message: 'One of the numbers is not one of the tenant. Take numbers that the tenant owns.',
  },
  team_members_tenant_id_user_id_fkey: unknownReference('/userId', 'user'),
  user_attributes_tenant_id_definition_id_fkey: unknownReference('/attributes', 'attribute'),
  user_tags_tenant_id_tag_id_fkey: unknownReference('/tags', 'tag'),
  user_skills_tenant_id_skill_id_fkey: unknownReference('/skills', 'skill'),
  user_roles_tenant_id_role_id_fkey: unknownReference('/roles', 'role'),
  tenants_id_default_profile_id_fkey: unknownReference('/defaultProfileId', 'dial profile'),
  tenants_id_default_number_id_fkey: {
    code: 'number-not-owned',
    field: '/defaultNumber',
    message: 'This number is not one of the tenant. Add it to the tenant first.',
  },
  tenants_node_id_fkey: unknownReference('/nodeId', 'PBX node'),
};

/** The same constraint means something else when it is the referred row that is being removed. */
const MEANINGS_ON_REMOVAL: Readonly<Record<string, Meaning>> = {
  users_tenant_id_profile_id_fkey: inUse('dial profile', 'users'),
  users_tenant_id_outbound_number_id_fkey: inUse('number', 'users who show it'),
  caller_id_group_numbers_tenant_id_number_id_fkey: inUse('number', 'a caller ID group'),
  tenants_id_default_profile_id_fkey: inUse('dial profile', 'the tenant as its default'),
  tenants_id_default_number_id_fkey: inUse('number', 'the tenant as its default'),
  teams_tenant_id_caller_id_group_id_fkey: inUse('caller ID group', 'teams'),
  user_roles_tenant_id_role_id_fkey: inUse('role', 'users'),
  tenants_node_id_fkey: inUse('PBX node', 'tenants'),
  extensions_tenant_id_range_id_range_first_range_last_fkey: inUse('range', 'assigned extensions'),
};

/** As Prisma's Postgres adapter hands a database error on. */
type AdapterCause = { originalCode?: string; originalMessage?: string };

/** Wrapped by Prisma's client around a statement; as it is around COMMIT, where deferred constraints speak. */
function causeOf(error: unknown): AdapterCause | null {
  const { meta, name, cause } = error as {
    meta?: { driverAdapterError?: { cause?: AdapterCause } };
    name?: string;
    cause?: AdapterCause;
  };
  return meta?.driverAdapterError?.cause ?? (name === 'DriverAdapterError' ? (cause ?? null) : null);
}

/** SQLSTATE of a database error, e.g. `40P01`; null for other errors. */
export function sqlState(error: unknown): string | null {
  return causeOf(error)?.originalCode ?? null;
}

/** Two transactions that got in each other's way: nothing was written, and the same again may well succeed. */
export function isWorthRepeating(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01' || (error as { code?: string }).code === 'P2034';
}

const CONNECTION_CODES = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'ECONNREFUSED',
  'ECONNRESET',
]);
const SHUTTING_DOWN = /^(57P0[1-3]|08...|53300)$/;

/**
 * Turns what the database refused into the domain error that it means; anything that it does not know
 * comes back unchanged, and is a mistake of the program.
 */
export function meaningOf(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  const state = sqlState(error);
  if (CONNECTION_CODES.has((error as { code?: string }).code ?? '') || SHUTTING_DOWN.test(state ?? ''))
    return new DomainError('database-unavailable', 'The database does not answer. Try again in a moment.', {
      cause: error,
    });
  const message = causeOf(error)?.originalMessage ?? '';
  const constraint = /constraint "([^"]+)"/.exec(message)?.[1] ?? constraintNamed(error);
  if (!constraint) return error;
  const removal = message.startsWith('update or delete on table');
  const meaning = (removal ? MEANINGS_ON_REMOVAL[constraint] : undefined) ?? MEANINGS[constraint];
  if (!meaning) return error;
  return new DomainError(meaning.code as 'conflict-duplicate', meaning.message, {
    fields: meaning.field ? [{ path: meaning.field, message: meaning.message }] : [],
    cause: error,
  });
}

/** For errors raised by a trigger, which name the constraint in a field of its own. */
function constraintNamed(error: unknown): string | null {
  const cause = causeOf(error) as { constraint?: { index?: string } } | null;
  return cause?.constraint?.index ?? null;
}
