import { DomainError } from './errors.ts';
import { PERMISSIONS, type Permission } from './permissions.ts';

/**
 * Who is asking, once it has been proved. Audit entries name the actor; permissions are looked up
 * in `scopes`. One more `kind` will join when people sign in with sessions.
 */
export type Actor = {
  readonly kind: 'api-key';
  readonly id: string;
  readonly name: string;
  /** The tenant that the actor belongs to; null: the platform, which may act inside every tenant. */
  readonly tenantId: string | null;
  readonly scopes: ReadonlySet<Permission>;
  /** Those of the scopes that count only for the users of teams which this user supervises. */
  readonly teamsOnly: ReadonlySet<Permission>;
  /** The user whose key it is, when it is a user's. */
  readonly userId?: string;
};

/** A tenant's key that was given a platform permission by mistake still does not have it. */
export function holds(actor: Actor, permission: Permission): boolean {
  return (
    actor.scopes.has(permission) && (actor.tenantId === null || PERMISSIONS[permission].level === 'tenant')
  );
}

/** Holds it for everyone in the tenant, not for supervised teams alone: what is needed to pass it on to others. */
export function holdsEverywhere(actor: Actor, permission: Permission): boolean {
  return holds(actor, permission) && !actor.teamsOnly.has(permission);
}

/**
 * Throws `forbidden` unless the actor holds the permission. Routes declare theirs; this is for the
 * choices inside one (hanging up while deleting, say), which need a permission of their own.
 */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (holds(actor, permission)) return;
  throw new DomainError(
    'forbidden',
    `This needs the permission ${permission} (${PERMISSIONS[permission].allows}), which "${actor.name}" does not hold. Ask an administrator for it.`,
    { detail: { permission } },
  );
}
