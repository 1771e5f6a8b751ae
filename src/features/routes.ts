import type { Route } from '../api/route.ts';
import { deletionRoutes } from './deletion/contract.ts';
import type { FeatureDeps } from './deps.ts';

/** Every route of the service. A feature that is not listed here does not exist. */
export function allRoutes(deps: FeatureDeps): Route[] {
  return [...deletionRoutes(deps)];
}
