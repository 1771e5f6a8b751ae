import { lockVersion } from '../../db/versioned.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import type { FeatureDeps } from '../deps.ts';
import { type LineKind, lineBody } from '../lines/presentation.ts';
import { createLine } from '../lines/service.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { touchUser } from '../users/service.ts';
import { lockExtensions } from './lock.ts';
import { type ExtensionBody, readExtension } from './service.ts';

/**
 * Gives an extension to another person together with what belongs to the place and not to the person: its phones
 * (the same kinds and labels as new lines with new ids and secrets, so that whatever the one before knows opens
 * nothing), the number shown, the numbers that ring there, and the dial profile. Every registration of the one
 * before ends; the user, the audit log and the calls of the past stay theirs.
 *
 * Returns both users' ids. Throws `conflict-duplicate` when the new holder has an extension already.
 */
export async function reassignExtension(
  work: TenantWork,
  deps: Pick<FeatureDeps, 'seal'>,
  number: string,
  toUserId: string,
): Promise<{ extension: ExtensionBody; from: string; to: string }> {
  const { tx, tenantId } = work;
  const fromUserId = await lockBoth(work, number, toUserId);
  const moved = await takeFrom(work, number, fromUserId);
  await tx.extension.update({
    where: { tenantId_number: { tenantId, number } },
    data: { userId: toUserId, assignedAt: new Date() },
  });
  await tx.user.update({
    where: { id: toUserId },
    data: { profileId: moved.profileId, outboundNumberId: moved.outboundNumberId },
  });
  await tx.phoneNumber.updateMany({
    where: { tenantId, userId: fromUserId },
    data: { userId: toUserId },
  });
  const lines: string[] = [];
  for (const { kind, label } of moved.phones)
    lines.push((await createLine(work, deps, toUserId, { kind: kind as LineKind, label })).id);
  await touchUser(work, toUserId);
  await record(work, {
    action: 'extension.reassign',
    objectType: 'extension',
    objectId: number,
    after: { userId: toUserId, number, lines, takenFrom: fromUserId },
  });
  return { extension: await readExtension(work, number), from: fromUserId, to: toUserId };
}

/** Locks both users, in the order of their ids so that two reassignments cannot wait for each other. */
async function lockBoth({ tx, tenantId }: TenantWork, number: string, toUserId: string): Promise<string> {
  const holder = () => tx.extension.findFirst({ where: { tenantId, number }, select: { userId: true } });
  const from = await holder();
  if (!from) throw notFound('assigned extension', number);
  if (from.userId === toUserId)
    throw new DomainError('conflict-duplicate', 'This user has the extension already.', {
      fields: [{ path: '/userId', message: 'Name the user who is to get it.' }],
    });
  for (const id of [from.userId, toUserId].toSorted()) await lockVersion(tx, 'users', id, null);
  await lockExtensions(tx, tenantId);
  if ((await holder())?.userId !== from.userId) throw notFound('extension of this user', number);
  if (await tx.extension.findFirst({ where: { tenantId, userId: toUserId } }))
    throw new DomainError('conflict-duplicate', 'This user has another extension. Unassign that first.', {
      fields: [{ path: '/userId', message: 'Name a user without an extension.' }],
    });
  return from.userId;
}

/** What moves with the extension. The one before loses it, and every line: sessions in a browser too. */
async function takeFrom({ tx, tenantId, ...work }: TenantWork, number: string, userId: string) {
  const user = await tx.user.findUniqueOrThrow({ where: { id: userId } });
  const lines = await tx.line.findMany({ where: { tenantId, userId }, orderBy: { createdAt: 'asc' } });
  await tx.line.deleteMany({ where: { tenantId, userId } });
  await tx.user.update({ where: { id: userId }, data: { outboundNumberId: null } });
  await record(
    { tx, tenantId, ...work },
    {
      action: 'extension.reassign',
      objectType: 'extension',
      objectId: number,
      before: { userId, number, lines: lines.map(lineBody) },
    },
  );
  const { profileId, outboundNumberId } = user;
  return { profileId, outboundNumberId, phones: lines.filter((line) => line.expiresAt === null) };
}
