import { z } from 'zod';
import type { Tx } from '../../db/client.ts';
import { type ExtensionRange, extensionText } from '../../domain/extensions/ranges.ts';
import { Limits, limitsBody } from '../fields.ts';
import { instant } from '../shared-schemas.ts';

const Range = z.object({ first: z.string(), last: z.string() });

export const TenantSummary = z
  .object({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    country: z.string().meta({ description: 'ISO 3166', example: 'FR' }),
    timeZone: z.string(),
    language: z.string(),
    extensionLength: z.int(),
    sipDomain: z.string(),
    nodeId: z.uuid(),
    sipPasswordPolicy: z.enum(['strong', 'digits']),
    limits: Limits,
    defaultProfileId: z.uuid().nullable(),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'TenantSummary', description: 'What the platform sees of a tenant' });

export const Tenant = TenantSummary.extend({
  extensionRanges: z.array(Range),
  defaultNumber: z.string().nullable().meta({ description: 'Shown outside for users without one; E.164.' }),
  activeUsers: z.int(),
}).meta({ id: 'Tenant' });

export type TenantRow = NonNullable<Awaited<ReturnType<Tx['tenant']['findUnique']>>>;

export function tenantSummary(row: TenantRow) {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    country: row.country,
    timeZone: row.timeZone,
    language: row.language,
    extensionLength: row.extensionLength,
    sipDomain: row.sipDomain,
    nodeId: row.nodeId,
    sipPasswordPolicy: row.sipPasswordPolicy as 'strong' | 'digits',
    limits: limitsBody(row),
    defaultProfileId: row.defaultProfileId,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

export function rangesBody(ranges: readonly ExtensionRange[], length: number) {
  return ranges.map(({ first, last }) => ({
    first: extensionText(first, length),
    last: extensionText(last, length),
  }));
}
