import { recordAudit } from '../../db/audit.ts';
import type { Database, Tx } from '../../db/client.ts';
import { formatApiKey, generateApiKey, hashApiKeySecret } from '../../domain/api-key.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { PERMISSIONS, type Permission } from '../../domain/permissions.ts';
import { wrongField } from '../fields.ts';
import { HARDWARE_PHONE } from '../roles/service.ts';
import type { TenantWork } from '../tenant-work.ts';
import { keyBody } from './presentation.ts';

/** As a tenant's work; `tenantId` null for the platform's own keys. */
export type KeyWork = Omit<TenantWork, 'tenantId'> & { readonly tenantId: string | null };

export type NewKey = {
  name: string;
  scopes: readonly Permission[];
  /** ISO 8601. */
  expiresAt?: string;
  userId?: string;
};

export type KeyBody = ReturnType<typeof keyBody>;

/** The token is told once: only its digest is kept. */
export async function createKey(work: KeyWork, input: NewKey): Promise<KeyBody & { token: string }> {
  checkScopes(work, input.scopes);
  if (input.expiresAt !== undefined && Date.parse(input.expiresAt) <= Date.now())
    throw wrongField('/expiresAt', 'This time has passed. Send one in the future, or leave it out.');
  const { tx, tenantId, caller } = work;
  if (input.userId !== undefined) await requireSignIn(work, input.userId);
  const token = generateApiKey();
  const { kind, id, name } = caller.actor;
  const row = await tx.apiKey.create({
    data: {
      id: token.id,
      tenantId,
      userId: input.userId,
      name: input.name,
      secretHash: new Uint8Array(hashApiKeySecret(token.secret)),
      scopes: [...new Set(input.scopes)],
      expiresAt: input.expiresAt,
      createdBy: { kind, id, name },
    },
  });
  const body = keyBody(row);
  await recordAudit(tx, tenantId, caller, {
    action: 'key.create',
    objectType: 'key',
    objectId: row.id,
    after: body,
  });
  return { ...body, token: formatApiKey(token) };
}

/** A phone that belongs to a place has no sign-in. Should it become one later, its keys are refused from then on. */
async function requireSignIn({ tx }: KeyWork, userId: string): Promise<void> {
  const isPhone = await tx.userRole.count({ where: { userId, role: { builtin: HARDWARE_PHONE } } });
  if (isPhone > 0)
    throw wrongField(
      '/userId',
      'A hardware phone has no sign-in and no API key. Name a person, or leave it out.',
    );
}

/** Nobody grants what they do not hold, nor to a whole tenant what they hold for their teams. */
function checkScopes(work: KeyWork, scopes: readonly Permission[]): void {
  const missing = scopes.findIndex((scope) => !work.mayEverywhere(scope));
  const permission = scopes[missing];
  if (permission === undefined) return;
  throw new DomainError(
    'forbidden',
    `A key can only hold what its creator holds, and ${permission} (${PERMISSIONS[permission].allows}) is not held. Leave it out, or ask someone who holds it.`,
    { detail: { permission }, fields: [{ path: `/scopes/${missing}`, message: 'Leave this out.' }] },
  );
}

export type KeyFilter = { userId?: string; revoked?: boolean };

/** By name, `take` of them after the one given. */
export async function listKeys(
  { tx, tenantId }: Pick<KeyWork, 'tx' | 'tenantId'>,
  { userId, revoked }: KeyFilter,
  after: { name: string; id: string } | null,
  take: number,
): Promise<KeyBody[]> {
  const rows = await tx.apiKey.findMany({
    where: {
      tenantId,
      ...(userId !== undefined && { userId }),
      ...(revoked !== undefined && { revokedAt: revoked ? { not: null } : null }),
      ...(after && { OR: [{ name: { gt: after.name } }, { name: after.name, id: { gt: after.id } }] }),
    },
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
    take,
  });
  return rows.map(keyBody);
}

export async function readKey(
  { tx, tenantId }: Pick<KeyWork, 'tx' | 'tenantId'>,
  id: string,
): Promise<KeyBody> {
  const row = await tx.apiKey.findFirst({ where: { tenantId, id } });
  if (!row) throw notFound('API key', id);
  return keyBody(row);
}

/** From now on it is refused; the webphone lines made with it end (a trigger of the table). Again: nothing more. */
export async function revokeKey(work: KeyWork, id: string): Promise<void> {
  const { tx, tenantId, caller } = work;
  const before = await readKey(work, id);
  const { count } = await tx.apiKey.updateMany({
    where: { tenantId, id, revokedAt: null },
    data: { revokedAt: new Date() },
  });
  if (count === 0) return;
  await recordAudit(tx, tenantId, caller, {
    action: 'key.revoke',
    objectType: 'key',
    objectId: id,
    before,
    after: await readKey(work, id),
  });
}

/**
 * The way in after installation: a key with every permission, made when the platform has none that works. Returns
 * its token, to be shown once; null when there is a key already.
 */
export function ensureFirstPlatformKey(db: Database): Promise<string | null> {
  return db.asPlatform(async (tx) => {
    // Two replicas that start together make one key.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext('patchbay first key'))::text`;
    const usable = await countUsablePlatformKeys(tx);
    if (usable > 0) return null;
    const actor = { kind: 'system', id: 'patchbay', name: 'Patchbay' } as const;
    const caller = { actor, requestId: null, ip: null };
    const { token } = await createKey(
      { tx, tenantId: null, caller, may: () => true, mayEverywhere: () => true },
      { name: 'First key', scopes: Object.keys(PERMISSIONS) as Permission[] },
    );
    return token;
  });
}

function countUsablePlatformKeys(tx: Tx): Promise<number> {
  return tx.apiKey.count({
    where: {
      tenantId: null,
      revokedAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }],
    },
  });
}
