import type { Tx } from '../../db/client.ts';

/**
 * Of all who give or take extensions of a tenant one goes at a time, until its transaction ends: otherwise two
 * requests for "next free" would find the same one, and the second be refused for what it never chose.
 */
export async function lockExtensions(tx: Tx, tenantId: string): Promise<void> {
  await tx.$queryRaw`
    SELECT pg_advisory_xact_lock(hashtextextended('patchbay extensions ' || ${tenantId}, 0))::text`;
}
