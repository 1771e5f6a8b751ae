import { z } from 'zod';
import type { Tx } from '../../db/client.ts';
import { instant } from '../shared-schemas.ts';

export const LineKind = z.enum(['softphone', 'webphone', 'desk']);
export type LineKind = z.output<typeof LineKind>;

export const Line = z
  .object({
    id: z.string().meta({ description: 'Its SIP user name; never used again for another person.' }),
    userId: z.uuid(),
    kind: LineKind,
    label: z.string().nullable(),
    expiresAt: instant.nullable().meta({ description: 'When a webphone line ends by itself.' }),
    rotatedAt: instant.meta({ description: 'When it got its present secret.' }),
    version: z.int(),
    createdAt: instant,
  })
  .meta({ id: 'Line', description: 'What registers: one phone of a user' });

export type LineRow = NonNullable<Awaited<ReturnType<Tx['line']['findUnique']>>>;

/** Without the secret, wherever it goes. */
export function lineBody(row: LineRow) {
  return {
    id: row.id,
    userId: row.userId,
    kind: row.kind as LineKind,
    label: row.label,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    rotatedAt: row.rotatedAt.toISOString(),
    version: row.version,
    createdAt: row.createdAt.toISOString(),
  };
}
