import { z } from 'zod';
import { pageOf, pageQuery } from '../../api/cursor.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { sentenceOf } from '../explain-dial/reasons.ts';
import { instant, UserRef } from '../shared-schemas.ts';
import { inTenant } from '../tenant-work.ts';
import { listRefusedCalls, type RefusedCallRow } from './service.ts';

const RefusedCall = z
  .object({
    id: z.string(),
    at: instant,
    userId: z.uuid().nullable().meta({ description: 'Null: a call from outside, or of an unknown phone.' }),
    user: UserRef.nullable().meta({ description: 'Null also when the user was deleted since.' }),
    dialled: z.string(),
    number: z.string().nullable().meta({ description: '+E.164, as far as it could be read.' }),
    numberClass: z.string().nullable(),
    rule: z.string().nullable().meta({ description: 'Rank of the rule that refused it.' }),
    reason: z.string(),
    sentence: z.string().nullable().meta({ description: 'The reason in words.' }),
    path: z.string().meta({ description: '`dial`, `transfer`, `forward`, `api` or `inbound`.' }),
  })
  .meta({ id: 'RefusedCall', description: 'A call that the PBX did not let through' });

const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

export function refusedCallRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: '/api/v1/tenants/:tenant/refused-calls',
    summary: 'Calls that the PBX refused, the latest first',
    tag: 'live',
    permission: 'calls:read',
    query: pageQuery({
      user: z.uuid().optional(),
      reason: z.string().max(100).optional().meta({ example: 'profile-denies' }),
      path: z.string().max(20).optional(),
      number: z
        .string()
        .max(40)
        .optional()
        .meta({ description: 'Digits that what was dialled, or the number, begins with.' }),
      from: moment.optional().meta({ description: 'From this moment on.' }),
      to: moment.optional().meta({ description: 'Before this moment.' }),
    }),
    response: { 200: pageOf(RefusedCall) },
    handler: async (ctx) => {
      const { limit, cursor, ...filter } = ctx.query;
      const after = ctx.cursors.after(cursor, z.object({ id: z.string() }));
      const rows = await inTenant(db, ctx, (work) =>
        listRefusedCalls(work, filter, after?.id ?? null, limit + 1),
      );
      const page = ctx.cursors.page(rows, limit, ({ id }) => ({ id: String(id) }));
      return { status: 200, body: { ...page, items: page.items.map(refusedCallBody) } };
    },
  });

  return [list];
}

function refusedCallBody({ id, at, ...row }: RefusedCallRow) {
  return {
    ...row,
    id: String(id),
    at: at.toISOString(),
    numberClass: row.class,
    sentence: sentenceOf(row.reason),
  };
}
