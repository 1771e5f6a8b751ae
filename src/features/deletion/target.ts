import type { Tx } from '../../db/client.ts';
import { DomainError, notFound, staleVersion } from '../../domain/errors.ts';

/** What must be known about a user before a deletion can be decided. */
export interface Target {
  userId: string;
  tenantId: string;
  nodeId: string;
  /** SIP user names of the lines that the user has. */
  lines: string[];
  /** Those, and the ones that were revoked in the last days. */
  everyLine: ReadonlySet<string>;
}

/** Throws what stands in the way of any deletion: `not-found`, `stale-version`, `user-is-organisation-administrator`. */
export async function readTarget(
  tx: Tx,
  tenantId: string,
  userId: string,
  version: number | null = null,
): Promise<Target> {
  const rows = await tx.$queryRaw<Row[]>`
    SELECT u.version, t.node_id AS "nodeId",
      array(SELECT l.id FROM lines l WHERE l.user_id = u.id) AS lines,
      array(SELECT r.id FROM retired_lines r WHERE r.user_id = u.id) AS retired,
      EXISTS (SELECT 1 FROM user_roles ur JOIN roles r ON r.id = ur.role_id
              WHERE ur.user_id = u.id AND r.builtin = 'organisation-administrator') AS governs
    FROM users u JOIN tenants t ON t.id = u.tenant_id
    WHERE u.tenant_id = ${tenantId}::uuid AND u.id = ${userId}::uuid`;
  const user = rows[0];
  if (!user) throw notFound('user', userId);
  if (version !== null && user.version !== version) throw staleVersion('user', user.version);
  if (user.governs) throw organisationAdministrator();
  const { nodeId, lines, retired } = user;
  return { userId, tenantId, nodeId, lines, everyLine: new Set([...lines, ...retired]) };
}

interface Row {
  version: number;
  nodeId: string;
  lines: string[];
  retired: string[];
  /** Has the role of an organisation administrator. */
  governs: boolean;
}

/** The database refuses it too; asked beforehand so that nobody's calls are fenced off in vain. */
function organisationAdministrator(): DomainError {
  return new DomainError(
    'user-is-organisation-administrator',
    'An organisation administrator cannot be deleted. Give the role to someone else and take it from this user first.',
  );
}
