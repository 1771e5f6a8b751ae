import { isIP } from 'node:net';
import type { Actor } from '../domain/actor.ts';
import { type ApiKeyToken, hashApiKeySecret } from '../domain/api-key.ts';
import { isPermission } from '../domain/permissions.ts';
import type { Database } from './client.ts';

type KeyHolder = {
  id: string;
  tenant_id: string | null;
  user_id: string | null;
  name: string;
  scopes: string[];
  teams_only: string[];
};

/**
 * Who holds this API key; null for one that is unknown, wrong, expired or revoked, or comes from outside the networks
 * of its user. `ip` is the caller's address, without an IPv6 zone. The comparison happens in the database, between
 * SHA-256 digests of 256 random bits: timing tells nothing about the secret. A user's key holds what it was given
 * and its user holds now.
 */
export async function authenticateApiKey(
  db: Database,
  token: ApiKeyToken,
  ip: string,
): Promise<Actor | null> {
  const rows = await db.asNobody(
    (tx) => tx.$queryRaw<KeyHolder[]>`
      SELECT * FROM authenticate_api_key(${token.id}, ${Buffer.from(hashApiKeySecret(token.secret))},
        ${isIP(ip) === 0 ? null : ip}::text::inet)`,
  );
  const key = rows[0];
  if (!key) return null;
  return {
    kind: 'api-key',
    id: key.id,
    name: key.name,
    tenantId: key.tenant_id,
    scopes: new Set(key.scopes.filter(isPermission)),
    teamsOnly: new Set(key.teams_only.filter(isPermission)),
    userId: key.user_id ?? undefined,
  };
}

/** Whether a supervisor sees this user; asked of the policies that limit everything else as well. */
export async function reachesUser(
  db: Database,
  tenantId: string,
  supervisor: string,
  userId: string,
): Promise<boolean> {
  const count = await db.asTenant(tenantId, (tx) => tx.user.count({ where: { tenantId, id: userId } }), {
    supervisor,
  });
  return count > 0;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A tenant by id or slug. */
export async function findTenant(
  db: Database,
  idOrSlug: string,
): Promise<{ id: string; slug: string } | null> {
  const name = idOrSlug.toLowerCase();
  return db.asPlatform((tx) =>
    tx.tenant.findFirst({
      where: UUID.test(name) ? { OR: [{ id: name }, { slug: name }] } : { slug: name },
      select: { id: true, slug: true },
    }),
  );
}
