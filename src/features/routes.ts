import type { Route } from '../api/route.ts';
import { attributeRoutes } from './attributes/contract.ts';
import { auditRoutes } from './audit/contract.ts';
import { callerIdGroupRoutes } from './caller-id-groups/contract.ts';
import { deletionRoutes } from './deletion/contract.ts';
import type { FeatureDeps } from './deps.ts';
import { dialProfileRoutes } from './dial-profiles/contract.ts';
import { explainDialRoutes } from './explain-dial/contract.ts';
import { extensionRoutes } from './extensions/contract.ts';
import { forwardingRoutes } from './forwarding/contract.ts';
import { keyRoutes } from './keys/contract.ts';
import { labelRoutes } from './labels/contract.ts';
import { lineRoutes } from './lines/contract.ts';
import { liveRoutes } from './live/contract.ts';
import { nodeOperationRoutes } from './node-operations/contract.ts';
import { nodeRoutes } from './nodes/contract.ts';
import { numberRoutes } from './numbers/contract.ts';
import { refusedCallRoutes } from './refused-calls/contract.ts';
import { roleRoutes } from './roles/contract.ts';
import { syncRoutes } from './sync/contract.ts';
import { teamRoutes } from './teams/contract.ts';
import { tenantRoutes } from './tenants/contract.ts';
import { trunkRoutes } from './trunks/contract.ts';
import { userRoutes } from './users/contract.ts';

/** Every route of the service. A feature that is not listed here does not exist. */
export function allRoutes(deps: FeatureDeps): Route[] {
  return [
    ...attributeRoutes(deps),
    ...auditRoutes(deps),
    ...callerIdGroupRoutes(deps),
    ...deletionRoutes(deps),
    ...dialProfileRoutes(deps),
    ...explainDialRoutes(deps),
    ...extensionRoutes(deps),
    ...forwardingRoutes(deps),
    ...keyRoutes(deps),
    ...labelRoutes(deps),
    ...lineRoutes(deps),
    ...liveRoutes(deps),
    ...nodeOperationRoutes(deps),
    ...nodeRoutes(deps),
    ...numberRoutes(deps),
    ...refusedCallRoutes(deps),
    ...roleRoutes(deps),
    ...syncRoutes(deps),
    ...teamRoutes(deps),
    ...tenantRoutes(deps),
    ...trunkRoutes(deps),
    ...userRoutes(deps),
  ];
}
