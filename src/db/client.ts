import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { isWorthRepeating, meaningOf } from './constraint-errors.ts';

/** What a piece of work inside a transaction talks to. It cannot open another transaction. */
export type Tx = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;

export interface TransactionLimits {
  /** Milliseconds until the transaction is rolled back. */
  timeout?: number;
  /** Only the users of teams that this user supervises, and what is theirs, are seen; row-level security does it. */
  supervisor?: string | null;
}

/**
 * The doors to the database. Each opens one transaction that speaks for one tenant, or for the platform;
 * row-level security shows it that tenant's rows and no others, whatever the queries inside say.
 */
export interface Database {
  /** A transaction that sees and writes one tenant's rows. */
  asTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>, limits?: TransactionLimits): Promise<T>;
  /** A transaction that manages tenants, nodes and platform keys, and sees no tenant's people. */
  asPlatform<T>(work: (tx: Tx) => Promise<T>, limits?: TransactionLimits): Promise<T>;
  /** A transaction that speaks for nobody: signing in, idempotency keys. */
  asNobody<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Milliseconds a request waits for a connection before it is told that the database is busy. */
const MAX_WAIT = 5_000;

const ATTEMPTS = 4;

/** Opens the database as the role that serves requests (see `prepareLogins`). */
export function openDatabase(appUrl: string, poolSize = 10): Database {
  const prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: appUrl, max: poolSize, application_name: 'patchbay' }),
  });

  const inTransaction = <T>(
    setting: 'patchbay.tenant' | 'patchbay.platform',
    value: string,
    work: (tx: Tx) => Promise<T>,
    limits: TransactionLimits = {},
  ) =>
    repeating(() =>
      prisma.$transaction(
        async (tx) => {
          await setLocally(tx, setting, value);
          if (limits.supervisor) await setLocally(tx, 'patchbay.supervisor', limits.supervisor);
          return work(tx);
        },
        { maxWait: MAX_WAIT, timeout: limits.timeout ?? 15_000 },
      ),
    );

  return {
    asTenant: (tenantId, work, limits) => inTransaction('patchbay.tenant', tenantId, work, limits),
    asPlatform: (work, limits) => inTransaction('patchbay.platform', 'on', work, limits),
    asNobody: (work) =>
      repeating(() => prisma.$transaction((tx) => work(tx), { maxWait: MAX_WAIT, timeout: 5_000 })),
    close: () => prisma.$disconnect(),
  };
}

/** Local to the transaction: the next user of this connection starts without any tenant. */
async function setLocally(
  tx: Tx,
  setting: 'patchbay.tenant' | 'patchbay.platform' | 'patchbay.supervisor',
  value: string,
): Promise<void> {
  await tx.$queryRaw`SELECT set_config(${setting}, ${value}, true)`;
}

/**
 * Lets a transaction of the platform speak for one tenant as well: for founding a tenant with what belongs into
 * it, and for removing one.
 */
export function alsoAsTenant(platformTx: Tx, tenantId: string): Promise<void> {
  return setLocally(platformTx, 'patchbay.tenant', tenantId);
}

/**
 * Runs a part of the work without the limit to supervised teams: for facts about the whole tenant (is another
 * administrator left? whose extension is this?) that would be wrong when half of the users are invisible.
 */
export async function seeingWholeTenant<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const rows = await tx.$queryRaw<{ supervisor: string }[]>`
    SELECT coalesce(current_setting('patchbay.supervisor', true), '') AS supervisor`;
  const supervisor = rows[0]!.supervisor;
  if (supervisor === '') return work();
  await setLocally(tx, 'patchbay.supervisor', '');
  const result = await work();
  // Not after a failure: the transaction is lost then, and takes no further statement.
  await setLocally(tx, 'patchbay.supervisor', supervisor);
  return result;
}

/**
 * Repeats work that met a deadlock or a serialisation failure, for nothing of it was written; what the database
 * refuses for good becomes the domain error that it means. So work inside a transaction does nothing but that:
 * it may run more than once.
 */
async function repeating<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt < ATTEMPTS && isWorthRepeating(error)) continue;
      throw meaningOf(error);
    }
  }
}
