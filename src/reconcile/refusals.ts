import type { RefusedCall } from '../db/sync-lead.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What the dialplan's `UserEvent(PbRefused, …)` reports; null when it names no tenant. */
export function refusedCallOf(fields: Readonly<Record<string, string>>): RefusedCall | null {
  const { Tenant: tenantId, User: userId } = fields;
  if (!tenantId || !UUID.test(tenantId)) return null;
  return {
    tenantId,
    userId: userId && UUID.test(userId) ? userId : null,
    dialled: cut(fields.Dialled) ?? '',
    number: cut(fields.Number),
    class: cut(fields.Class),
    rule: cut(fields.Rule),
    reason: cut(fields.Reason) ?? 'unknown',
    path: cut(fields.Path) ?? 'dial',
  };
}

/** What a caller dialled can be anything; a row of the log is not the place for all of it. */
function cut(text: string | undefined): string | null {
  return text ? text.slice(0, 100) : null;
}
