import { randomUUID } from 'node:crypto';
import type { Tx } from '../../db/client.ts';
import { lockVersion } from '../../db/versioned.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { secretOwner } from '../../domain/secrets/owner.ts';
import { differing } from '../changes.ts';
import type { FeatureDeps } from '../deps.ts';
import { wrongField } from '../fields.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import type { NewTrunk, TrunkChange } from './contract.ts';

type Deps = Pick<FeatureDeps, 'seal'>;

const findTrunk = (tx: Tx, tenantId: string, id: string) => tx.trunk.findFirst({ where: { tenantId, id } });
type TrunkRow = NonNullable<Awaited<ReturnType<typeof findTrunk>>>;

/** The password goes in and never comes out. */
function trunkBody(row: TrunkRow) {
  return {
    id: row.id,
    name: row.name,
    host: row.host,
    port: row.port,
    transport: row.transport as 'udp' | 'tcp' | 'tls',
    username: row.username,
    hasPassword: row.secret !== null,
    numberFormat: row.numberFormat as 'e164+' | 'e164' | 'national',
    passCaller: row.passCaller,
    sendPai: row.sendPai,
    position: row.position,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

export type TrunkBody = ReturnType<typeof trunkBody>;

export async function readTrunk({ tx, tenantId }: TenantWork, id: string): Promise<TrunkBody> {
  const row = await findTrunk(tx, tenantId, id);
  if (!row) throw notFound('trunk', id);
  return trunkBody(row);
}

/** In the order in which they are tried. */
export async function listTrunks({ tx, tenantId }: TenantWork): Promise<TrunkBody[]> {
  const rows = await tx.trunk.findMany({
    where: { tenantId },
    orderBy: [{ position: 'asc' }, { id: 'asc' }],
  });
  return rows.map(trunkBody);
}

/** Their ids stand in one value on the PBX, in which 25 fit. */
const MOST_TRUNKS = 20;

export async function createTrunk(
  work: TenantWork,
  { seal }: Deps,
  { password, ...columns }: NewTrunk,
): Promise<TrunkBody> {
  const { tx, tenantId } = work;
  await lockVersion(tx, 'tenants', tenantId, null);
  if ((await tx.trunk.count({ where: { tenantId } })) >= MOST_TRUNKS)
    throw new DomainError(
      'validation-failed',
      `A tenant has at most ${MOST_TRUNKS} trunks. Remove one first.`,
    );
  const id = randomUUID();
  const secret = password ? seal(password, secretOwner.trunk(id)) : null;
  checkLogin(columns.username ?? null, secret);
  const after = trunkBody(await tx.trunk.create({ data: { ...columns, id, tenantId, secret } }));
  await record(work, { action: 'trunk.create', objectType: 'trunk', objectId: id, after });
  return after;
}

export async function updateTrunk(
  work: TenantWork,
  { seal }: Deps,
  id: string,
  { password, ...columns }: TrunkChange,
  ifMatch: number | null,
): Promise<TrunkBody> {
  const { tx } = work;
  await lockVersion(tx, 'trunks', id, ifMatch);
  const row = await tx.trunk.findUniqueOrThrow({ where: { id } });
  const data = {
    ...differing(row, columns),
    // A sealed secret never equals another, so one that is sent counts as a new one.
    ...(password && { secret: seal(password, secretOwner.trunk(id)) }),
    ...(password === null && row.secret !== null && { secret: null }),
  };
  if (Object.keys(data).length === 0) return trunkBody(row);
  const changed = await tx.trunk.update({ where: { id }, data });
  checkLogin(changed.username, changed.secret);
  const after = trunkBody(changed);
  await record(work, {
    action: 'trunk.update',
    objectType: 'trunk',
    objectId: id,
    before: trunkBody(row),
    after: { ...after, ...('secret' in data && { password: 'changed' }) },
  });
  return after;
}

/** A call that goes out through it ends as it would have; the next one goes another way or is refused. */
export async function deleteTrunk(work: TenantWork, id: string, ifMatch: number | null): Promise<void> {
  await lockVersion(work.tx, 'trunks', id, ifMatch);
  const row = await work.tx.trunk.delete({ where: { id } });
  await record(work, {
    action: 'trunk.delete',
    objectType: 'trunk',
    objectId: id,
    before: trunkBody(row),
  });
}

/** Half a login would be written to the PBX as none, and the carrier would refuse every call. */
function checkLogin(username: string | null, secret: Uint8Array | null): void {
  if (username !== null && secret === null)
    throw wrongField('/password', 'A user name needs a password. Send both, or neither.');
  if (username === null && secret !== null)
    throw wrongField('/username', 'A password needs a user name. Send both, or neither.');
}
