import { z } from 'zod';
import { instant } from '../shared-schemas.ts';

/** What a subject of synchronisation stands for. */
export const Subject = z
  .object({
    subject: z.string().meta({ example: 'user:6f1c…' }),
    kind: z
      .string()
      .meta({ description: '`user`, `number`, `profile`, `callerid-group`, `trunk`, `tenant`, …' }),
    id: z.string().nullable(),
    name: z.string().nullable().meta({ description: 'Null: it is gone here, and goes on the PBX.' }),
    extension: z.string().nullable(),
  })
  .meta({ id: 'SyncSubject' });

export const DriftedField = z
  .object({
    path: z.string().meta({ description: 'The entry on the PBX (docs/pbx-state.md).' }),
    field: z.string(),
    expected: z.string().nullable().meta({ description: 'Null: it should not be there.' }),
    found: z.string().nullable().meta({ description: 'Null: it was not there.' }),
  })
  .meta({ id: 'DriftedField' });

export const Condition = z
  .object({
    type: z.string().meta({ description: '`connected`, `in-sync`, `settled` or `stocked`.' }),
    status: z.enum(['true', 'false', 'unknown']),
    reason: z.string(),
    message: z.string(),
    changedAt: instant,
  })
  .meta({ id: 'NodeCondition' });

export type ConditionBody = z.input<typeof Condition>;

export function conditionBody(row: {
  type: string;
  status: string;
  reason: string;
  message: string;
  changedAt: Date;
}): ConditionBody {
  const { type, reason, message, changedAt } = row;
  return {
    type,
    status: row.status as ConditionBody['status'],
    reason,
    message,
    changedAt: changedAt.toISOString(),
  };
}
