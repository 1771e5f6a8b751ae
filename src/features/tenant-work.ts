import type { TenantRef } from '../api/route.ts';
import { type AuditRecord, type Caller, recordAudit } from '../db/audit.ts';
import type { Database, TransactionLimits, Tx } from '../db/client.ts';
import { type Actor, holds } from '../domain/actor.ts';
import { DomainError } from '../domain/errors.ts';
import { PERMISSIONS, type Permission } from '../domain/permissions.ts';

/**
 * What a service works with: an open transaction that speaks for one tenant, and who asked. Services open no
 * transaction themselves, so that a request, an import's chunk and a test can each hold many steps in one.
 */
export interface TenantWork {
  readonly tx: Tx;
  readonly tenantId: string;
  readonly caller: Caller;
  /** Whether the caller holds a permission: for steps that need more than their route. */
  readonly may: (permission: Permission) => boolean;
}

/** What of a request's context names the tenant and the caller. */
export type Asker = { tenant: TenantRef; actor: Actor; requestId: string; ip: string };

/** Runs the work in a transaction of the request's tenant. It may run more than once: see `Database`. */
export function inTenant<T>(
  db: Database,
  { tenant, actor, requestId, ip }: Asker,
  work: (work: TenantWork) => Promise<T>,
  limits?: TransactionLimits,
): Promise<T> {
  const caller: Caller = { actor, requestId, ip };
  const may = (permission: Permission) => holds(actor, permission);
  return db.asTenant(tenant.id, (tx) => work({ tx, tenantId: tenant.id, caller, may }), limits);
}

/** Throws `forbidden` unless the caller holds the permission. */
export function need(work: TenantWork, permission: Permission): void {
  if (work.may(permission)) return;
  throw new DomainError(
    'forbidden',
    `This needs the permission ${permission} as well (${PERMISSIONS[permission].allows}). Leave that part out, or ask an administrator for it.`,
    { detail: { permission } },
  );
}

export function record(work: TenantWork, entry: AuditRecord): Promise<void> {
  return recordAudit(work.tx, work.tenantId, work.caller, entry);
}
