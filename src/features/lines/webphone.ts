import { DomainError, notFound } from '../../domain/errors.ts';
import type { FeatureDeps } from '../deps.ts';
import type { TenantWork } from '../tenant-work.ts';
import { type CredentialsBody, revealCredentials } from './credentials.ts';
import { createLine, readLine, revokeLine } from './service.ts';

/** A working day; whoever works longer signs in again. */
export const LONGEST_SESSION_SECONDS = 12 * 3600;

/**
 * A line for one webphone session. It ends by itself when its time is up, and before that together with the API
 * key that asked for it, revoked or run out: the table's triggers see to both.
 */
export async function openWebphone(
  work: TenantWork,
  deps: Pick<FeatureDeps, 'seal' | 'unseal'>,
  userId: string,
  seconds: number,
): Promise<CredentialsBody> {
  const { tx, tenantId, caller } = work;
  const user = await tx.user.findFirst({ where: { tenantId, id: userId }, select: { status: true } });
  if (!user) throw notFound('user', userId);
  if (user.status !== 'active')
    throw new DomainError(
      'validation-failed',
      'This user is not active and so has no phones that work. Activate the user first.',
    );
  const line = await createLine(work, deps, userId, {
    kind: 'webphone',
    expiresAt: new Date(Date.now() + seconds * 1000),
    apiKeyId: caller.actor.kind === 'api-key' ? caller.actor.id : undefined,
  });
  return revealCredentials(work, deps, userId, line.id);
}

/** Ends a session at once. Lines that were made to stay are not touched this way. */
export async function closeWebphone(work: TenantWork, userId: string, lineId: string): Promise<void> {
  const line = await readLine(work, userId, lineId);
  if (line.expiresAt === null) throw notFound('webphone session', lineId);
  await revokeLine(work, userId, lineId);
}
