import type { TenantRef } from '../api/route.ts';
import { type AuditRecord, type Caller, recordAudit } from '../db/audit.ts';
import type { Database, TransactionLimits, Tx } from '../db/client.ts';
import { type Actor, holds, holdsEverywhere } from '../domain/actor.ts';
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
  /** Whether the caller holds a permission here: for steps that need more than their route. */
  readonly may: (permission: Permission) => boolean;
  /** Whether the caller holds it for the whole tenant: for giving it to others, and for what belongs to no team. */
  readonly mayEverywhere: (permission: Permission) => boolean;
}

/** What of a request's context names the tenant and the caller. */
export type Asker = {
  tenant: TenantRef;
  actor: Actor;
  requestId: string;
  ip: string;
  supervisor: string | null;
};

/** Runs the work in a transaction of the request's tenant. It may run more than once: see `Database`. */
export function inTenant<T>(
  db: Database,
  asker: Asker,
  work: (work: TenantWork) => Promise<T>,
  limits?: TransactionLimits,
): Promise<T> {
  const { tenant, actor, requestId, ip, supervisor } = asker;
  const caller: Caller = { actor, requestId, ip };
  const may = (permission: Permission) => mayHere(asker, permission);
  const mayEverywhere = (permission: Permission) => holdsEverywhere(actor, permission);
  return db.asTenant(tenant.id, (tx) => work({ tx, tenantId: tenant.id, caller, may, mayEverywhere }), {
    ...limits,
    supervisor,
  });
}

/** What is held for supervised teams alone counts only where other users cannot be reached. */
function mayHere(
  { actor, supervisor }: Pick<Asker, 'actor' | 'supervisor'>,
  permission: Permission,
): boolean {
  return supervisor === null ? holdsEverywhere(actor, permission) : holds(actor, permission);
}

/** As `need`, before any transaction. */
export function needHere(asker: Pick<Asker, 'actor' | 'supervisor'>, permission: Permission): void {
  need({ may: (one) => mayHere(asker, one) }, permission);
}

/** Throws `forbidden` when the caller holds the permission for supervised teams alone. */
export function needEverywhere(work: Pick<TenantWork, 'mayEverywhere'>, permission: Permission): void {
  need({ may: work.mayEverywhere }, permission);
}

/** Throws `forbidden` unless the caller holds the permission. */
export function need(work: Pick<TenantWork, 'may'>, permission: Permission): void {
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
