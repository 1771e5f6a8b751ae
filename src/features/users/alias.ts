import type { Tx } from '../../db/client.ts';
import { firstFreeAlias, sipAliasFrom } from '../../domain/users/sip-alias.ts';

/**
 * A SIP account name from the email address that no user of the tenant has. Of those who want the same one, one
 * goes at a time until its transaction ends, so that two people called ada@… get `ada` and `ada-2`
 * and not an error about a field that they never sent.
 */
export async function unusedAlias(tx: Tx, tenantId: string, email: string): Promise<string> {
  const base = sipAliasFrom(email);
  await tx.$queryRaw`
    SELECT pg_advisory_xact_lock(hashtextextended('patchbay alias ' || ${tenantId} || ' ' || ${base}, 0))::text`;
  const taken = await tx.user.findMany({
    where: { tenantId, sipAlias: { startsWith: base.slice(0, 50) } },
    select: { sipAlias: true },
  });
  return firstFreeAlias(base, new Set(taken.map(({ sipAlias }) => sipAlias)));
}
