import type { Authenticate, ResolveTenant } from '../../../../src/api/auth.ts';
import type { IdempotencyStore } from '../../../../src/api/idempotency.ts';
import type { TenantRef } from '../../../../src/api/route.ts';
import type { Actor } from '../../../../src/domain/actor.ts';
import {
  apiKeySecretMatches,
  formatApiKey,
  generateApiKey,
  hashApiKeySecret,
} from '../../../../src/domain/api-key.ts';
import type { Permission } from '../../../../src/domain/permissions.ts';

export const ACME: TenantRef = { id: '11111111-1111-4111-8111-111111111111', slug: 'acme' };
export const OTHER: TenantRef = { id: '22222222-2222-4222-8222-222222222222', slug: 'other' };

export const resolveTenant: ResolveTenant = async (name) =>
  [ACME, OTHER].find((tenant) => tenant.id === name || tenant.slug === name) ?? null;

/** Keys as a database would hold them: id, hash, actor. */
export function memoryKeys(): { authenticate: Authenticate; issue: typeof issue; seenFrom: string[] } {
  const keys = new Map<string, { hash: Uint8Array; actor: Actor }>();
  const seenFrom: string[] = [];
  function issue(tenantId: string | null, scopes: Permission[], userId?: string): string {
    const token = generateApiKey();
    const actor: Actor = {
      kind: 'api-key',
      id: token.id,
      name: 'test key',
      tenantId,
      scopes: new Set(scopes),
      teamsOnly: new Set(),
      userId,
    };
    keys.set(token.id, { hash: hashApiKeySecret(token.secret), actor });
    return formatApiKey(token);
  }
  return {
    issue,
    seenFrom,
    authenticate: async ({ token }, { ip }) => {
      seenFrom.push(ip);
      const row = keys.get(token.id);
      return row && apiKeySecretMatches(token.secret, row.hash) ? row.actor : null;
    },
  };
}

type Entry = { fingerprint: string; lease: string; sealedAnswer: string | null };

/** Keeps everything for ever: leases never run out unless a test says so. */
export function memoryIdempotency(): IdempotencyStore & {
  entries: Map<string, Entry>;
  expireLeases(): void;
} {
  const entries = new Map<string, Entry>();
  const expired = new Set<string>();
  let leases = 0;
  return {
    entries,
    expireLeases() {
      for (const entry of entries.values()) expired.add(entry.lease);
    },
    async claim({ id, fingerprint }) {
      const entry = entries.get(id);
      if (entry && entry.fingerprint !== fingerprint) return { kind: 'other-request' };
      if (entry && entry.sealedAnswer !== null)
        return { kind: 'answered', fingerprint: entry.fingerprint, sealedAnswer: entry.sealedAnswer };
      if (entry && !expired.has(entry.lease)) return { kind: 'in-progress' };
      const lease = String(++leases);
      entries.set(id, { fingerprint, lease, sealedAnswer: null });
      return { kind: 'claimed', lease };
    },
    async answer(id, lease, sealedAnswer) {
      const entry = entries.get(id);
      if (entry?.lease !== lease) return false;
      entry.sealedAnswer = sealedAnswer;
      return true;
    },
    async release(id, lease) {
      const entry = entries.get(id);
      if (entry?.lease === lease && entry.sealedAnswer === null) entries.delete(id);
    },
  };
}
