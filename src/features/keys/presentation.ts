import { z } from 'zod';
import type { Tx } from '../../db/client.ts';
import { instant, Who } from '../shared-schemas.ts';

export const Key = z
  .object({
    id: z.string().meta({ description: 'The part between the underscores of `pbk_<id>_<secret>`.' }),
    name: z.string(),
    scopes: z.array(z.string()),
    userId: z.uuid().nullable().meta({ description: "Whose key it is, if it is a person's." }),
    expiresAt: instant.nullable(),
    revokedAt: instant.nullable(),
    lastUsedAt: instant.nullable().meta({ description: 'To the minute.' }),
    createdBy: Who,
    createdAt: instant,
  })
  .meta({ id: 'ApiKey' });

export const KeyWithToken = Key.extend({
  token: z.string().meta({ description: 'The whole key. It is shown this once and cannot be shown again.' }),
}).meta({ id: 'ApiKeyWithToken' });

type KeyRow = NonNullable<Awaited<ReturnType<Tx['apiKey']['findUnique']>>>;

export function keyBody(row: KeyRow) {
  const time = (date: Date | null) => date?.toISOString() ?? null;
  return {
    id: row.id,
    name: row.name,
    scopes: [...row.scopes],
    userId: row.userId,
    expiresAt: time(row.expiresAt),
    revokedAt: time(row.revokedAt),
    lastUsedAt: time(row.lastUsedAt),
    createdBy: creatorOf(row.createdBy),
    createdAt: row.createdAt.toISOString(),
  };
}

function creatorOf(createdBy: unknown): Who {
  const { kind = '', id = '', name = '' } = createdBy as Partial<Who>;
  return { kind, id, name };
}
