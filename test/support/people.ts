import { randomBytes } from 'node:crypto';
import type { Database } from '../../src/db/client.ts';
import { takeLineIds } from '../../src/db/spare-lines.ts';
import { secretOwner } from '../../src/domain/secrets/owner.ts';
import type { TestService } from './service.ts';

/** Rows for tests below the API: the reconciler's, the benchmarks'. */
export async function enterTenant(
  service: TestService,
  fields: { country?: string; slug?: string } = {},
): Promise<{ id: string; slug: string }> {
  const slug = fields.slug ?? `t-${randomBytes(4).toString('hex')}`;
  const { db } = service.patchbay.deps;
  const tenant = await db.asPlatform((tx) =>
    tx.tenant.create({
      data: {
        slug,
        name: slug,
        country: fields.country ?? 'FR',
        sipDomain: `${slug}.example`,
        nodeId: service.nodeId,
      },
    }),
  );
  await db.asTenant(tenant.id, (tx) =>
    tx.extensionRange.create({ data: { tenantId: tenant.id, first: 1000, last: 1999 } }),
  );
  return { id: tenant.id, slug };
}

export interface EnteredUser {
  id: string;
  lineId: string;
  secret: string;
  extension: string;
}

/** A user with an extension and a softphone, in one transaction as a service would do it. */
export async function enterUser(
  service: TestService,
  tenantId: string,
  extension: string,
  firstName = `User ${extension}`,
): Promise<EnteredUser> {
  const { db, seal } = service.patchbay.deps;
  const secret = randomBytes(12).toString('hex');
  return db.asTenant(tenantId, async (tx) => {
    const user = await tx.user.create({
      data: {
        tenantId,
        username: `user${extension}`,
        firstName,
        email: `user${extension}@example.com`,
        sipAlias: `user${extension}`,
      },
    });
    const range = await tx.extensionRange.findFirstOrThrow();
    await tx.extension.create({
      data: {
        tenantId,
        number: extension,
        userId: user.id,
        rangeId: range.id,
        rangeFirst: range.first,
        rangeLast: range.last,
      },
    });
    const [lineId] = await takeLineIds(tx, service.nodeId, 'sip', 1);
    await tx.line.create({
      data: {
        id: lineId!,
        tenantId,
        userId: user.id,
        kind: 'softphone',
        secret: seal(secret, secretOwner.line(lineId!)),
      },
    });
    return { id: user.id, lineId: lineId!, secret, extension };
  });
}

/** Resolves when nothing waits for the PBX. */
export async function whenInSync(service: TestService, deadlineMs = 20_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const { rows } = await service.owner.query('SELECT subject, reason, message FROM sync_pending');
    if (rows.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(`not in sync after ${deadlineMs} ms: ${JSON.stringify(rows.slice(0, 5))}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export type { Database };
