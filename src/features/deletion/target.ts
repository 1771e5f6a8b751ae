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
  const user = await tx.user.findUnique({
    where: { id: userId },
    select: {
      version: true,
      lines: { select: { id: true } },
      retiredLines: { select: { id: true } },
      roles: { where: { role: { builtin: 'organisation-administrator' } }, select: { roleId: true } },
    },
  });
  if (!user) throw notFound('user', userId);
  if (version !== null && user.version !== version) throw staleVersion('user', user.version);
  if (user.roles.length > 0) throw organisationAdministrator();
  const { nodeId } = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { nodeId: true } });
  const lines = user.lines.map((line) => line.id);
  const everyLine = new Set([...lines, ...user.retiredLines.map((line) => line.id)]);
  return { userId, tenantId, nodeId, lines, everyLine };
}

/** The database refuses it too; asked beforehand so that nobody's calls are fenced off in vain. */
function organisationAdministrator(): DomainError {
  return new DomainError(
    'user-is-organisation-administrator',
    'An organisation administrator cannot be deleted. Give the role to someone else and take it from this user first.',
  );
}
