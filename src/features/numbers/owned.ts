import { DomainError } from '../../domain/errors.ts';
import type { TenantWork } from '../tenant-work.ts';
import { requireE164 } from './e164.ts';

/**
 * The id of one of the tenant's numbers, written in any form. Throws `number-not-owned` for the field when the
 * tenant does not own it; the foreign keys hold the same rule once more.
 */
export async function ownedNumberId(
  { tx, tenantId }: TenantWork,
  text: string,
  country: string,
  path: string,
): Promise<string> {
  const e164 = requireE164(text, country, path);
  const row = await tx.phoneNumber.findFirst({ where: { tenantId, e164 }, select: { id: true } });
  if (row) return row.id;
  throw new DomainError(
    'number-not-owned',
    `The tenant does not own ${e164}. Take one of its numbers, or add this one first.`,
    { fields: [{ path, message: "Send one of the tenant's numbers: GET …/numbers." }] },
  );
}
