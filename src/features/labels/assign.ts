import type { TenantWork } from '../tenant-work.ts';
import { LABELS, type LabelKind, type SkillLevel } from './labels.ts';

/**
 * Gives a user exactly these tags; those that the tenant does not have yet are made, in whatever case the others were
 * written. Returns whether anything changed.
 */
export async function setTags(work: TenantWork, userId: string, names: readonly string[]): Promise<boolean> {
  const { tx, tenantId } = work;
  await make(work, 'tag', names);
  const removed = await removeOthers(work, 'tag', userId, names);
  const added = await tx.$executeRaw`
    INSERT INTO user_tags (tenant_id, user_id, tag_id)
    SELECT ${tenantId}::uuid, ${userId}::uuid, t.id FROM tags t
    WHERE t.tenant_id = ${tenantId}::uuid AND lower(t.name) IN (SELECT lower(n) FROM unnest(${names}::text[]) n)
    ON CONFLICT DO NOTHING`;
  return removed + added > 0;
}

/** Gives a user exactly these skills, each named once; as `setTags`. */
export async function setSkills(
  work: TenantWork,
  userId: string,
  skills: readonly SkillLevel[],
): Promise<boolean> {
  const { tx, tenantId } = work;
  const names = skills.map(({ name }) => name);
  await make(work, 'skill', names);
  const removed = await removeOthers(work, 'skill', userId, names);
  const changed = await tx.$executeRaw`
    INSERT INTO user_skills AS u (tenant_id, user_id, skill_id, level)
    SELECT ${tenantId}::uuid, ${userId}::uuid, s.id, min(w.level)
    FROM unnest(${names}::text[], ${skills.map(({ level }) => level)}::integer[]) AS w (name, level)
    JOIN skills s ON s.tenant_id = ${tenantId}::uuid AND lower(s.name) = lower(w.name)
    GROUP BY s.id
    ON CONFLICT (user_id, skill_id) DO UPDATE SET level = EXCLUDED.level WHERE u.level <> EXCLUDED.level`;
  return removed + changed > 0;
}

/** In one order for all, so that two who make the same words wait for each other and meet no deadlock. */
async function make({ tx, tenantId }: TenantWork, kind: LabelKind, names: readonly string[]): Promise<void> {
  await tx.$executeRawUnsafe(
    `INSERT INTO ${LABELS[kind].table} (tenant_id, name)
     SELECT $1::uuid, min(n) FROM unnest($2::text[]) n GROUP BY lower(n) ORDER BY lower(n)
     ON CONFLICT (tenant_id, lower(name)) DO NOTHING`,
    tenantId,
    names,
  );
}

function removeOthers(
  { tx, tenantId }: TenantWork,
  kind: LabelKind,
  userId: string,
  names: readonly string[],
): Promise<number> {
  const { table, links, link } = LABELS[kind];
  return tx.$executeRawUnsafe(
    `DELETE FROM ${links} l USING ${table} w
     WHERE l.tenant_id = $1::uuid AND l.user_id = $2::uuid AND w.id = l.${link}
       AND lower(w.name) NOT IN (SELECT lower(n) FROM unnest($3::text[]) n)`,
    tenantId,
    userId,
    names,
  );
}
