import { lockVersion } from '../../db/versioned.ts';
import { notFound } from '../../domain/errors.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { touchUser } from '../users/service.ts';
import { lockExtensions } from './lock.ts';
import { assignExtension, type ExtensionBody, readExtension, unassignExtension } from './service.ts';

/** Assigns by the extension's own address; again to the same user is no change. */
export async function assign(work: TenantWork, number: string, userId: string): Promise<ExtensionBody> {
  const { tx, tenantId } = work;
  await lockVersion(tx, 'users', userId, null);
  const current = await tx.extension.findFirst({ where: { tenantId, userId }, select: { number: true } });
  if (current?.number === number) return readExtension(work, number);
  await assignExtension(work, userId, number);
  await touchUser(work, userId);
  await record(work, {
    action: 'extension.assign',
    objectType: 'extension',
    objectId: number,
    after: { userId, number },
  });
  return readExtension(work, number);
}

/** Returns whose it was. Throws `not-found` when it is free already. */
export async function unassign(work: TenantWork, number: string): Promise<string> {
  const { tx, tenantId } = work;
  const holder = () => tx.extension.findFirst({ where: { tenantId, number }, select: { userId: true } });
  const row = await holder();
  if (!row) throw notFound('assigned extension', number);
  // The user first, as everywhere, or two changes could each hold what the other waits for.
  await lockVersion(tx, 'users', row.userId, null);
  await lockExtensions(tx, tenantId);
  if ((await holder())?.userId !== row.userId) throw notFound('assigned extension', number);
  await unassignExtension(work, row.userId);
  await touchUser(work, row.userId);
  await record(work, {
    action: 'extension.unassign',
    objectType: 'extension',
    objectId: number,
    before: { userId: row.userId, number },
  });
  return row.userId;
}
