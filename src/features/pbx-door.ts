import { DomainError } from '../domain/errors.ts';
import { isConnectionTrouble, PbxError } from '../pbx/pbx-error.ts';
import type { Pbx } from '../pbx/port.ts';
import type { FeatureDeps } from './deps.ts';

/** The PBX of a tenant. Throws `pbx-not-connected` while it cannot be asked. */
export async function connectedPbxOf(deps: FeatureDeps, tenantId: string): Promise<Pbx> {
  const { nodeId } = await deps.db.asTenant(tenantId, (tx) =>
    tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { nodeId: true } }),
  );
  return connectedPbx(deps, nodeId);
}

/** The PBX of a node. Throws `pbx-not-connected` while it cannot be asked. */
export function connectedPbx(deps: FeatureDeps, nodeId: string): Pbx {
  const pbx = deps.pbxOf(nodeId);
  if (pbx?.link.state !== 'connected') throw notConnected(pbx?.link.trouble ?? undefined);
  return pbx;
}

/** Work on the PBX; what goes wrong there becomes `pbx-not-connected` or `pbx-failed`. */
export async function onPbx<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PbxError)) throw error;
    if (isConnectionTrouble(error)) throw notConnected(error);
    throw new DomainError('pbx-failed', `The PBX refused or failed: ${error.message}`, {
      detail: { reason: error.code },
      cause: error,
    });
  }
}

function notConnected(cause: PbxError | undefined): DomainError<'pbx-not-connected'> {
  const why = cause ? ` (${cause.code})` : '';
  return new DomainError(
    'pbx-not-connected',
    `The PBX is not connected${why}, and this cannot be done without asking it. Repeat when it is back.`,
    { cause },
  );
}
