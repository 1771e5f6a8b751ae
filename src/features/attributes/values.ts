import { DomainError, type FieldError } from '../../domain/errors.ts';
import { secretOwner } from '../../domain/secrets/owner.ts';
import { type AttributeType, type AttributeValue, attributeProblem } from '../../domain/users/attributes.ts';
import type { FeatureDeps } from '../deps.ts';
import type { TenantWork } from '../tenant-work.ts';

/** By key; null clears. */
export type AttributeChanges = Record<string, AttributeValue | null>;

type Definition = { id: string; key: string; type: AttributeType; choices: string[]; required: boolean };

/**
 * Sets the attributes that are sent and leaves the others. Secrets are sealed for this user and attribute. Throws
 * `validation-failed` with every place that is wrong; a new user must have every required one. Returns whether
 * anything changed (a secret that is sent always counts: nobody looks at the old one).
 */
export async function setAttributes(
  work: TenantWork,
  { seal }: Pick<FeatureDeps, 'seal'>,
  userId: string,
  changes: AttributeChanges,
  isNew: boolean,
): Promise<boolean> {
  const definitions = await definitionsOf(work);
  if (isNew)
    for (const { key, required } of definitions)
      if (required && !Object.hasOwn(changes, key)) changes = { ...changes, [key]: null };
  const byKey = new Map(definitions.map((definition) => [definition.key, definition]));
  requireRight(byKey, changes);
  let changed = 0;
  for (const [key, value] of Object.entries(changes)) {
    const definition = byKey.get(key)!;
    if (value === null) changed += await clear(work, userId, definition);
    else if (definition.type === 'secret') {
      const secret = seal(String(value), secretOwner.attribute(userId, definition.id));
      changed += await write(work, userId, definition, null, secret);
    } else changed += await write(work, userId, definition, JSON.stringify(value), null);
  }
  return changed > 0;
}

async function definitionsOf({ tx, tenantId }: TenantWork): Promise<Definition[]> {
  const rows = await tx.attributeDefinition.findMany({ where: { tenantId } });
  return rows.map((row) => ({ ...row, type: row.type as AttributeType }));
}

function requireRight(definitions: ReadonlyMap<string, Definition>, changes: AttributeChanges): void {
  const wrong = Object.entries(changes).flatMap(([key, value]): FieldError[] => {
    const message = problemOf(definitions.get(key), value);
    const place = key.replaceAll('~', '~0').replaceAll('/', '~1');
    return message === null ? [] : [{ path: `/attributes/${place}`, message }];
  });
  if (wrong.length > 0)
    throw new DomainError('validation-failed', 'Attributes of the user are not right.', { fields: wrong });
}

function problemOf(definition: Definition | undefined, value: AttributeValue | null): string | null {
  if (!definition) return 'There is no attribute with this key: GET …/attributes lists them.';
  if (value !== null) return attributeProblem(definition, value);
  return definition.required ? 'Every user needs this attribute. Send a value.' : null;
}

function clear({ tx, tenantId }: TenantWork, userId: string, { id }: Definition): Promise<number> {
  return tx.userAttribute
    .deleteMany({ where: { tenantId, userId, definitionId: id } })
    .then(({ count }) => count);
}

function write(
  { tx, tenantId }: TenantWork,
  userId: string,
  { id }: Definition,
  value: string | null,
  secret: Uint8Array | null,
): Promise<number> {
  return tx.$executeRaw`
    INSERT INTO user_attributes AS a (tenant_id, user_id, definition_id, value, secret)
    VALUES (${tenantId}::uuid, ${userId}::uuid, ${id}::uuid, ${value}::text::jsonb, ${secret}::bytea)
    ON CONFLICT (user_id, definition_id) DO UPDATE SET value = EXCLUDED.value, secret = EXCLUDED.secret
    WHERE a.value IS DISTINCT FROM EXCLUDED.value OR a.secret IS DISTINCT FROM EXCLUDED.secret`;
}
