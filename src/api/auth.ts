import type { IncomingHttpHeaders } from 'node:http';
import { type Actor, requirePermission } from '../domain/actor.ts';
import { type ApiKeyToken, parseApiKey } from '../domain/api-key.ts';
import { DomainError, notFound } from '../domain/errors.ts';
import { isPermission } from '../domain/permissions.ts';
import type { Route, TenantRef } from './route.ts';

/** What a request brings to prove who it is. Sessions will be a second member. */
export type Credential = { readonly kind: 'api-key'; readonly token: ApiKeyToken };

/**
 * The port behind which credentials are checked. null: unknown, expired, revoked or wrong, which
 * the caller is never told apart. Implementations compare secrets in constant time.
 */
export type Authenticate = (credential: Credential, from: { ip: string }) => Promise<Actor | null>;

/** By id or slug; null when there is none. */
export type ResolveTenant = (idOrSlug: string) => Promise<TenantRef | null>;

/** Whether the user is of a team that the supervisor supervises. */
export type Reaches = (tenantId: string, supervisor: string, userId: string) => Promise<boolean>;

/** null: the request brings nothing. Throws when it brings something that cannot be a credential. */
export function readCredential(headers: IncomingHttpHeaders): Credential | null {
  const bearer = headers.authorization;
  const apiKey = headers['x-api-key'];
  if (bearer === undefined && apiKey === undefined) return null;
  if (bearer !== undefined && apiKey !== undefined)
    throw new DomainError(
      'malformed-request',
      'Send the key once: as Authorization or as X-API-Key, not both.',
    );
  const text = bearer === undefined ? String(apiKey) : (/^Bearer +(\S+) *$/i.exec(bearer)?.[1] ?? '');
  const token = parseApiKey(text);
  if (token === null) throw notAccepted();
  return { kind: 'api-key', token };
}

export async function identify(
  headers: IncomingHttpHeaders,
  ip: string,
  authenticate: Authenticate,
): Promise<Actor> {
  const credential = readCredential(headers);
  if (credential === null)
    throw new DomainError(
      'unauthenticated',
      'This needs an API key. Send it as "Authorization: Bearer pbk_..." or as "X-API-Key: pbk_...".',
    );
  const actor = await authenticate(credential, { ip });
  if (actor === null) throw notAccepted();
  return actor;
}

/**
 * The tenant of the address. An actor of another tenant gets the very answer of a tenant that does
 * not exist, so that names of customers cannot be tried out.
 */
export async function enterTenant(
  idOrSlug: string,
  actor: Actor | null,
  resolveTenant: ResolveTenant,
): Promise<TenantRef> {
  const tenant = TENANT_NAME.test(idOrSlug) ? await resolveTenant(idOrSlug) : null;
  const mayKnow = actor === null || actor.tenantId === null || actor.tenantId === tenant?.id;
  if (tenant === null || !mayKnow)
    throw new DomainError(
      'not-found',
      'There is no such tenant that this key may see. Check the id or slug in the address.',
    );
  return tenant;
}

/** Ids and slugs; anything else is not worth a query. */
const TENANT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/i;

export function checkPermission(actor: Actor, permission: Route['permission']): void {
  if (permission !== 'public' && permission !== 'signed-in') requirePermission(actor, permission);
}

/** The user whose teams limit this request; null: it is not limited. */
export function supervisorOf(actor: Actor, permission: Route['permission']): string | null {
  const limited = isPermission(permission) && actor.teamsOnly.has(permission);
  return limited ? (actor.userId ?? null) : null;
}

/**
 * A user of the address whom the supervisor does not supervise is answered as one who does not exist. It is asked here
 * for every route, and row-level security then hides the others from whatever the route does.
 */
export async function requireReach(
  tenant: TenantRef,
  supervisor: string,
  userId: string,
  reaches: Reaches,
): Promise<void> {
  const there = UUID.test(userId) && (await reaches(tenant.id, supervisor, userId));
  if (!there) throw notFound('user', userId);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function notAccepted(): DomainError {
  return new DomainError(
    'unauthenticated',
    'This API key is not accepted: it is unknown, expired or revoked, or was not copied completely. Use another or create a new one.',
  );
}
