import type { Database, Tx } from './client.ts';

type Claim =
  | { kind: 'claimed'; lease: string }
  | { kind: 'in-progress' }
  | { kind: 'answered'; fingerprint: string; sealedAnswer: string }
  | { kind: 'other-request' };

/** Keeps answers for repeated requests: the port is described in `src/api/idempotency.ts`. */
export function idempotencyStore(db: Database) {
  return {
    claim: (entry: { id: string; fingerprint: string; leaseSeconds: number; keepSeconds: number }) =>
      db.asNobody((tx) => claim(tx, entry)),
    async answer(id: string, lease: string, sealedAnswer: string, transaction?: unknown): Promise<boolean> {
      const keep = (tx: Tx) =>
        tx.idempotencyKey.updateMany({ where: { id, lease, answer: null }, data: { answer: sealedAnswer } });
      const { count } = transaction ? await keep(transaction as Tx) : await db.asNobody(keep);
      return count === 1;
    },
    async release(id: string, lease: string): Promise<void> {
      await db.asNobody((tx) => tx.idempotencyKey.deleteMany({ where: { id, lease, answer: null } }));
    },
    /** Forgets what was kept long enough. */
    async forget(): Promise<void> {
      await db.asNobody((tx) => tx.$executeRaw`DELETE FROM idempotency_keys WHERE keep_until < now()`);
    },
  };
}

async function claim(
  tx: Tx,
  entry: { id: string; fingerprint: string; leaseSeconds: number; keepSeconds: number },
): Promise<Claim> {
  const { id, fingerprint, leaseSeconds, keepSeconds } = entry;
  // One statement decides between two requests at once; the loser reads what the winner wrote.
  const taken = await tx.$queryRaw<{ lease: string }[]>`
    INSERT INTO idempotency_keys AS k (id, fingerprint, lease_until, keep_until)
    VALUES (${id}, ${fingerprint}, now() + make_interval(secs => ${leaseSeconds}::double precision),
            now() + make_interval(secs => ${keepSeconds}::double precision))
    ON CONFLICT (id) DO UPDATE
      SET lease = gen_random_uuid(), lease_until = EXCLUDED.lease_until, keep_until = EXCLUDED.keep_until,
          fingerprint = EXCLUDED.fingerprint, answer = NULL
      WHERE k.keep_until < now()
         OR (k.answer IS NULL AND k.lease_until < now() AND k.fingerprint = EXCLUDED.fingerprint)
    RETURNING k.lease`;
  if (taken[0]) return { kind: 'claimed', lease: taken[0].lease };
  const existing = await tx.idempotencyKey.findUnique({ where: { id } });
  if (!existing) return { kind: 'in-progress' };
  if (existing.fingerprint !== fingerprint) return { kind: 'other-request' };
  if (existing.answer === null) return { kind: 'in-progress' };
  return { kind: 'answered', fingerprint: existing.fingerprint, sealedAnswer: existing.answer };
}
