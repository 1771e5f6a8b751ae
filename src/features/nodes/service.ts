import { type Caller, recordAudit } from '../../db/audit.ts';
import type { Tx } from '../../db/client.ts';
import { lockVersion } from '../../db/versioned.ts';
import { notFound } from '../../domain/errors.ts';
import { secretOwner } from '../../domain/secrets/owner.ts';
import { differing } from '../changes.ts';
import type { FeatureDeps } from '../deps.ts';
import type { NewNode, NodeChange } from './contract.ts';
import { nodeBody, nodeSettings } from './presentation.ts';

type Deps = Pick<FeatureDeps, 'seal'>;
export type NodeBody = ReturnType<typeof nodeBody>;

const WITH_COUNT = { include: { _count: { select: { tenants: true } } } } as const;

/** In a transaction of the platform, as everything here. */
export async function listNodes(tx: Tx): Promise<NodeBody[]> {
  const rows = await tx.pbxNode.findMany({ ...WITH_COUNT, orderBy: { name: 'asc' } });
  const conditions = await tx.nodeCondition.findMany({ orderBy: { type: 'asc' } });
  return rows.map((row) =>
    nodeBody(
      row,
      conditions.filter((condition) => condition.nodeId === row.id),
    ),
  );
}

export async function readNode(tx: Tx, id: string): Promise<NodeBody> {
  const row = await tx.pbxNode.findUnique({ where: { id }, ...WITH_COUNT });
  if (!row) throw notFound('PBX node', id);
  return nodeBody(row, await tx.nodeCondition.findMany({ where: { nodeId: id }, orderBy: { type: 'asc' } }));
}

export async function createNode(
  tx: Tx,
  { seal }: Deps,
  caller: Caller,
  { amiSecret, ariSecret, ...columns }: NewNode,
): Promise<NodeBody> {
  const row = await tx.pbxNode.create({
    data: {
      ...columns,
      amiSecret: seal(amiSecret, secretOwner.ami(columns.name)),
      ariSecret: seal(ariSecret, secretOwner.ari(columns.name)),
    },
  });
  await recordAudit(tx, null, caller, {
    action: 'node.create',
    objectType: 'node',
    objectId: row.id,
    after: nodeSettings(row),
  });
  return readNode(tx, row.id);
}

export async function updateNode(
  tx: Tx,
  { seal }: Deps,
  caller: Caller,
  id: string,
  { amiSecret, ariSecret, ...columns }: NodeChange,
  ifMatch: number | null,
): Promise<NodeBody> {
  await lockVersion(tx, 'pbx_nodes', id, ifMatch);
  const row = await tx.pbxNode.findUniqueOrThrow({ where: { id } });
  const data = {
    ...differing(row, columns),
    // A sealed secret never equals another, so one that is sent counts as a new one.
    ...(amiSecret !== undefined && { amiSecret: seal(amiSecret, secretOwner.ami(row.name)) }),
    ...(ariSecret !== undefined && { ariSecret: seal(ariSecret, secretOwner.ari(row.name)) }),
  };
  if (Object.keys(data).length === 0) return readNode(tx, id);
  const changed = await tx.pbxNode.update({ where: { id }, data });
  await recordAudit(tx, null, caller, {
    action: 'node.update',
    objectType: 'node',
    objectId: id,
    before: nodeSettings(row),
    after: {
      ...nodeSettings(changed),
      ...(amiSecret !== undefined && { amiSecret: 'changed' }),
      ...(ariSecret !== undefined && { ariSecret: 'changed' }),
    },
  });
  return readNode(tx, id);
}

/** Throws `in-use` while a tenant lives there. */
export async function deleteNode(tx: Tx, caller: Caller, id: string, ifMatch: number | null): Promise<void> {
  await lockVersion(tx, 'pbx_nodes', id, ifMatch);
  const row = await tx.pbxNode.delete({ where: { id } });
  await recordAudit(tx, null, caller, {
    action: 'node.delete',
    objectType: 'node',
    objectId: id,
    before: nodeSettings(row),
  });
}
