import { lockVersion } from '../../db/versioned.ts';
import { notFound } from '../../domain/errors.ts';
import { USER_REF } from '../shared-schemas.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { LABELS, type LabelKind } from './labels.ts';

export type LabelBody = { id: string; name: string; users: number; version: number };

/** All of them: a tenant's vocabulary is short enough for one page of choices. With how many users have each. */
export function listLabels(
  { tx, tenantId }: TenantWork,
  kind: LabelKind,
  only: string | null = null,
): Promise<LabelBody[]> {
  const { table, links, link } = LABELS[kind];
  return tx.$queryRawUnsafe<LabelBody[]>(
    `SELECT w.id, w.name, w.version,
       (SELECT count(*)::integer FROM ${links} l WHERE l.tenant_id = w.tenant_id AND l.${link} = w.id) AS users
     FROM ${table} w WHERE w.tenant_id = $1::uuid AND ($2::uuid IS NULL OR w.id = $2::uuid)
     ORDER BY lower(w.name), w.id`,
    tenantId,
    only,
  );
}

export async function readLabel(work: TenantWork, kind: LabelKind, id: string): Promise<LabelBody> {
  const [label] = await listLabels(work, kind, id);
  if (!label) throw notFound(kind, id);
  return label;
}

/** Throws `conflict-duplicate` when there is one of that name. */
export async function renameLabel(
  work: TenantWork,
  kind: LabelKind,
  id: string,
  { name }: { name?: string },
  ifMatch: number | null,
): Promise<LabelBody> {
  const { table } = LABELS[kind];
  await lockVersion(work.tx, table, id, ifMatch);
  const before = await readLabel(work, kind, id);
  if (name === undefined || name === before.name) return before;
  const { tx, tenantId } = work;
  await tx.$executeRawUnsafe(
    `UPDATE ${table} SET name = $3 WHERE tenant_id = $1::uuid AND id = $2::uuid`,
    tenantId,
    id,
    name,
  );
  await touchUsers(work, kind, id);
  const after = await readLabel(work, kind, id);
  await record(work, { action: `${kind}.rename`, objectType: kind, objectId: id, before, after });
  return after;
}

/** Whoever has it loses it. */
export async function deleteLabel(
  work: TenantWork,
  kind: LabelKind,
  id: string,
  ifMatch: number | null,
): Promise<void> {
  const { table } = LABELS[kind];
  await lockVersion(work.tx, table, id, ifMatch);
  const before = await readLabel(work, kind, id);
  await touchUsers(work, kind, id);
  const { tx, tenantId } = work;
  await tx.$executeRawUnsafe(
    `DELETE FROM ${table} WHERE tenant_id = $1::uuid AND id = $2::uuid`,
    tenantId,
    id,
  );
  await record(work, { action: `${kind}.delete`, objectType: kind, objectId: id, before });
}

/** Their bodies name it: who changes one of these users must have read the new name, or the old would come back. */
async function touchUsers({ tx, tenantId }: TenantWork, kind: LabelKind, id: string): Promise<void> {
  const { links, link } = LABELS[kind];
  await tx.$executeRawUnsafe(
    `UPDATE users SET updated_at = now() WHERE tenant_id = $1::uuid
       AND id IN (SELECT l.user_id FROM ${links} l WHERE l.tenant_id = $1::uuid AND l.${link} = $2::uuid)`,
    tenantId,
    id,
  );
}

/** Who has a skill, the best first. */
export function listSkilled(
  { tx, tenantId }: TenantWork,
  id: string,
  after: { level: number; id: string } | null,
  take: number,
) {
  return tx.userSkill.findMany({
    where: {
      tenantId,
      skillId: id,
      ...(after && {
        OR: [{ level: { lt: after.level } }, { level: after.level, userId: { gt: after.id } }],
      }),
    },
    select: { level: true, userId: true, user: { select: USER_REF } },
    orderBy: [{ level: 'desc' }, { userId: 'asc' }],
    take,
  });
}
