import type { UserRef } from '../shared-schemas.ts';
import type { TenantWork } from '../tenant-work.ts';

/** A user with the lines they have; `everyLine` holds those of the last days too: a call outlives its line. */
export interface Owner {
  user: UserRef;
  lines: string[];
  everyLine: ReadonlySet<string>;
}

/** The owners of these lines, by user id. Lines of other tenants, and such as are nobody's, have none here. */
export async function ownersOf(
  { tx, tenantId }: TenantWork,
  lines: readonly string[],
  page: { after: string | null; take: number },
): Promise<Owner[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT DISTINCT user_id AS id FROM (
      SELECT id, user_id FROM lines WHERE tenant_id = ${tenantId}::uuid
      UNION ALL SELECT id, user_id FROM retired_lines WHERE tenant_id = ${tenantId}::uuid) every
    WHERE id = ANY (${lines}::text[]) AND (${page.after}::uuid IS NULL OR user_id > ${page.after}::uuid)
    ORDER BY 1 LIMIT ${page.take}::integer`;
  return readOwners(
    { tx, tenantId },
    rows.map(({ id }) => id),
  );
}

/** These users, by id; those who are not the tenant's are left out. */
export async function readOwners(
  { tx, tenantId }: Pick<TenantWork, 'tx' | 'tenantId'>,
  userIds: readonly string[],
): Promise<Owner[]> {
  const rows = await tx.$queryRaw<(UserRef & { lines: string[]; retired: string[] })[]>`
    SELECT u.id, coalesce(u.caller_id_name, concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, ''))) AS name,
      (SELECT e.number FROM extensions e WHERE e.user_id = u.id) AS extension,
      array(SELECT l.id FROM lines l WHERE l.user_id = u.id ORDER BY l.created_at, l.id) AS lines,
      array(SELECT r.id FROM retired_lines r WHERE r.user_id = u.id) AS retired
    FROM users u WHERE u.tenant_id = ${tenantId}::uuid AND u.id = ANY (${userIds}::uuid[]) ORDER BY u.id`;
  return rows.map(({ lines, retired, ...user }) => ({
    user,
    lines,
    everyLine: new Set([...lines, ...retired]),
  }));
}
