import { USER_REF, type UserRef, userRef } from '../shared-schemas.ts';
import type { TenantWork } from '../tenant-work.ts';

export interface RefusedCallFilter {
  user?: string;
  reason?: string;
  path?: string;
  /** A beginning of what was dialled or of the number. */
  number?: string;
  from?: Date;
  to?: Date;
}

/** What the dialplan reported (PbRefused in asterisk-config/extensions/refusals.conf), the latest first. */
export async function listRefusedCalls(
  { tx, tenantId }: TenantWork,
  { user, reason, path, number, from, to }: RefusedCallFilter,
  after: string | null,
  take: number,
) {
  const rows = await tx.refusedCall.findMany({
    where: {
      tenantId,
      ...(after !== null && { id: { lt: BigInt(after) } }),
      ...(user !== undefined && { userId: user }),
      ...(reason !== undefined && { reason }),
      ...(path !== undefined && { path }),
      ...(number !== undefined && {
        OR: [{ dialled: { startsWith: number } }, { number: { startsWith: number } }],
      }),
      ...((from !== undefined || to !== undefined) && { at: { gte: from, lt: to } }),
    },
    orderBy: { id: 'desc' },
    take,
  });
  const ids = [...new Set(rows.flatMap(({ userId }) => userId ?? []))];
  const users = await tx.user.findMany({ where: { tenantId, id: { in: ids } }, select: USER_REF });
  const byId = new Map<string, UserRef>(users.map((row) => [row.id, userRef(row)]));
  return rows.map((row) => ({ ...row, user: byId.get(row.userId ?? '') ?? null }));
}

export type RefusedCallRow = Awaited<ReturnType<typeof listRefusedCalls>>[number];
