import type { Route } from '../api/route.ts';
import type { FeatureDeps } from './deps.ts';

/** Every route of the service. A feature that is not listed here does not exist. */
export function allRoutes(_deps: FeatureDeps): Route[] {
  return [];
}
