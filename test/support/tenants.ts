import { randomBytes } from 'node:crypto';
import { isTenantPermission, PERMISSIONS, type Permission } from '../../src/domain/permissions.ts';
import type { ApiAnswer, ApiClient } from './api-client.ts';
import type { TestService } from './service.ts';

/** Every permission that a tenant's key can hold. */
export const TENANT_PERMISSIONS = (Object.keys(PERMISSIONS) as Permission[]).filter(isTenantPermission);

export interface TestTenant {
  id: string;
  slug: string;
  /** With every permission of this tenant and none of the platform; paths are below the tenant's. */
  api: ApiClient;
  /** A client with some permissions only. */
  apiWith(scopes: readonly Permission[]): Promise<ApiClient>;
  /** Creates a user over the API; what is left out is made up. */
  user(fields?: Record<string, unknown>): Promise<TestUser>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into it.
export type TestUser = { id: string; [field: string]: any };

/** A tenant founded over the API, with a name of its own. */
export async function foundTenant(
  service: TestService,
  fields: Record<string, unknown> = {},
): Promise<TestTenant> {
  const slug = `t-${randomBytes(4).toString('hex')}`;
  const created = await service.platform.post('/tenants', { slug, name: slug, country: 'FR', ...fields });
  if (created.status !== 201) throw new Error(`no tenant: ${created.status} ${created.text}`);
  const { id } = created.json;
  const api = below(await service.withKey(id, TENANT_PERMISSIONS), `/tenants/${slug}`);
  let users = 0;
  return {
    id,
    slug,
    api,
    apiWith: async (scopes) => below(await service.withKey(id, scopes), `/tenants/${slug}`),
    async user(more = {}) {
      const n = `${++users}-${randomBytes(2).toString('hex')}`;
      const answer = await api.post('/users', {
        username: `user${n}`,
        firstName: 'User',
        lastName: n,
        email: `user${n}@example.org`,
        ...more,
      });
      if (answer.status !== 201) throw new Error(`no user: ${answer.status} ${answer.text}`);
      return answer.json;
    },
  };
}

/** The same client for paths below a prefix. */
export function below(client: ApiClient, prefix: string): ApiClient {
  return {
    token: client.token,
    call: (method, path, request) => client.call(method, prefix + path, request),
    get: (path) => client.get(prefix + path),
    post: (path, json, headers) => client.post(prefix + path, json, headers),
    put: (path, json, headers) => client.put(prefix + path, json, headers),
    patch: (path, json, headers) => client.patch(prefix + path, json, headers),
    delete: (path, headers) => client.delete(prefix + path, headers),
  };
}

/** All items of a list, page by page as a client goes; more than `mostPages` mean that paging does not end. */
export async function everyItem(api: ApiClient, path: string, mostPages = 20): Promise<TestUser[]> {
  const items: TestUser[] = [];
  let cursor = '';
  for (let page = 0; page < mostPages; page++) {
    const { json } = await api.get(`${path}${path.includes('?') ? '&' : '?'}${cursor}`);
    items.push(...json.items);
    if (json.next === null) return items;
    cursor = `cursor=${json.next}`;
  }
  throw new Error(`${path}: no last page among ${mostPages}`);
}

/** What a refusal comes down to: status, code and the places that are wrong. */
export function refusal({ status, json }: ApiAnswer): [number, string, string[]] {
  return [status, json?.code, (json?.errors ?? []).map((error: { path: string }) => error.path)];
}

/** Audit entries of a tenant (null: the platform's), oldest first. */
export async function auditOf(service: TestService, tenantId: string | null) {
  const { rows } = await service.owner.query(
    `SELECT action, actor, object_type AS "objectType", object_id AS "objectId", before, after, request_id AS "requestId"
     FROM audit WHERE tenant_id IS NOT DISTINCT FROM $1 ORDER BY id`,
    [tenantId],
  );
  return rows;
}
