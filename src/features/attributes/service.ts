import { lockVersion } from '../../db/versioned.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import {
  type AttributeDefinition,
  type AttributeType,
  DIALER_ATTRIBUTES,
} from '../../domain/users/attributes.ts';
import { differing } from '../changes.ts';
import { wrongField } from '../fields.ts';
import { record, type TenantWork } from '../tenant-work.ts';

/** As many as a page of a user still shows. */
const MOST_DEFINITIONS = 100;

export type DefinitionBody = AttributeDefinition & { id: string; users: number; version: number };
export type DefinitionChange = Partial<Pick<AttributeDefinition, 'label' | 'choices' | 'required'>>;

export async function listDefinitions(
  { tx, tenantId }: TenantWork,
  only?: string,
): Promise<DefinitionBody[]> {
  const rows = await tx.attributeDefinition.findMany({
    where: { tenantId, id: only },
    include: { _count: { select: { values: true } } },
    orderBy: { key: 'asc' },
  });
  return rows.map(({ id, key, label, type, choices, required, version, _count }) => {
    return { id, key, label, type: type as AttributeType, choices, required, users: _count.values, version };
  });
}

export async function readDefinition(work: TenantWork, id: string): Promise<DefinitionBody> {
  const [definition] = await listDefinitions(work, id);
  if (!definition) throw notFound('attribute', id);
  return definition;
}

/** Throws `conflict-duplicate` for a key that is taken. */
export async function createDefinition(
  work: TenantWork,
  input: AttributeDefinition,
): Promise<DefinitionBody> {
  const { tx, tenantId } = work;
  requireChoices(input);
  if ((await tx.attributeDefinition.count({ where: { tenantId } })) >= MOST_DEFINITIONS)
    throw wrongField(
      '',
      `A tenant has at most ${MOST_DEFINITIONS} attributes. Delete one that nobody needs.`,
    );
  const { id } = await tx.attributeDefinition.create({ data: { ...input, tenantId } });
  const after = await readDefinition(work, id);
  await record(work, { action: 'attribute.create', objectType: 'attribute', objectId: id, after });
  return after;
}

/** Adds what dialers and routers ask for; keys that the tenant has already stay as they are. */
export async function addDialerDefinitions(work: TenantWork): Promise<DefinitionBody[]> {
  const have = new Set((await listDefinitions(work)).map(({ key }) => key));
  for (const definition of DIALER_ATTRIBUTES)
    if (!have.has(definition.key)) await createDefinition(work, { ...definition });
  return listDefinitions(work);
}

/** Throws `in-use` when a choice would go that users have. */
export async function updateDefinition(
  work: TenantWork,
  id: string,
  change: DefinitionChange,
  ifMatch: number | null,
): Promise<DefinitionBody> {
  const { tx } = work;
  await lockVersion(tx, 'attribute_definitions', id, ifMatch);
  const before = await readDefinition(work, id);
  requireChoices({ ...before, ...change });
  const data = differing<DefinitionChange>(before, change);
  if (!data) return before;
  if (data.choices && data.choices.length > 0) await requireUnusedOthers(work, id, data.choices);
  await tx.attributeDefinition.update({ where: { id }, data });
  const after = await readDefinition(work, id);
  await record(work, { action: 'attribute.update', objectType: 'attribute', objectId: id, before, after });
  return after;
}

/** With its values. Throws `in-use` with how many users have one, unless that is what is wanted (`force`). */
export async function deleteDefinition(
  work: TenantWork,
  id: string,
  force: boolean,
  ifMatch: number | null,
): Promise<void> {
  const { tx, tenantId } = work;
  await lockVersion(tx, 'attribute_definitions', id, ifMatch);
  const before = await readDefinition(work, id);
  if (before.users > 0 && !force)
    throw inUse(before.users, 'Repeat with ?force=true to delete their values.');
  await tx.$executeRaw`
    UPDATE users SET updated_at = now() WHERE tenant_id = ${tenantId}::uuid
      AND id IN (SELECT user_id FROM user_attributes WHERE definition_id = ${id}::uuid)`;
  await tx.attributeDefinition.delete({ where: { id } });
  await record(work, { action: 'attribute.delete', objectType: 'attribute', objectId: id, before });
}

async function requireUnusedOthers({ tx }: TenantWork, id: string, choices: string[]): Promise<void> {
  const rows = await tx.$queryRaw<{ users: number }[]>`
    SELECT count(*)::integer AS users FROM user_attributes
    WHERE definition_id = ${id}::uuid AND NOT to_jsonb(${choices}::text[]) @> value`;
  const { users } = rows[0]!;
  if (users > 0) throw inUse(users, 'Change those first, or leave the choice.');
}

function inUse(users: number, remedy: string): DomainError<'in-use'> {
  return new DomainError('in-use', `Users have a value of this: ${users}. ${remedy}`, { detail: { users } });
}

function requireChoices({ type, choices }: Pick<AttributeDefinition, 'type' | 'choices'>): void {
  if (type === 'choice' && choices.length === 0) throw wrongField('/choices', 'Send what may be chosen.');
  if (type !== 'choice' && type !== 'list' && choices.length > 0)
    throw wrongField('/choices', 'Only a choice and a list have choices. Leave this out.');
}
