import { z } from 'zod';
import type { Tx } from '../../db/client.ts';
import { instant } from '../shared-schemas.ts';

const Condition = z.object({
  type: z.string().meta({ description: '`connected`, `in-sync`, `settled` or `stocked`.' }),
  status: z.enum(['true', 'false', 'unknown']),
  reason: z.string(),
  message: z.string(),
  changedAt: instant,
});

export const Node = z
  .object({
    id: z.uuid(),
    name: z.string(),
    sipHost: z.string(),
    sipPort: z.int(),
    amiHost: z.string(),
    amiPort: z.int(),
    amiUser: z.string(),
    ariUrl: z.string(),
    ariUser: z.string(),
    spareSip: z.int(),
    spareWebrtc: z.int(),
    tenants: z.int().meta({ description: 'How many live here.' }),
    conditions: z.array(Condition).meta({ description: 'As the node was last seen; none yet: never seen.' }),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'PbxNode', description: 'An Asterisk. Its secrets go in and never come out.' });

type NodeRow = NonNullable<Awaited<ReturnType<Tx['pbxNode']['findUnique']>>>;
type ConditionRow = NonNullable<Awaited<ReturnType<Tx['nodeCondition']['findFirst']>>>;

/** What an administrator enters, without the secrets. */
export function nodeSettings(row: NodeRow) {
  const { id, name, sipHost, sipPort, amiHost, amiPort, amiUser, ariUrl, ariUser, spareSip, spareWebrtc } =
    row;
  return { id, name, sipHost, sipPort, amiHost, amiPort, amiUser, ariUrl, ariUser, spareSip, spareWebrtc };
}

export function nodeBody(row: NodeRow & { _count: { tenants: number } }, conditions: ConditionRow[]) {
  return {
    ...nodeSettings(row),
    tenants: row._count.tenants,
    conditions: conditions.map(({ type, status, reason, message, changedAt }) => ({
      type,
      status: status as 'true' | 'false' | 'unknown',
      reason,
      message,
      changedAt: changedAt.toISOString(),
    })),
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
