import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Histogram, type Registry } from 'prom-client';

/**
 * Durations by method, route and status. The route is the pattern (`/api/v1/tenants/:tenant/users`), never the
 * address: addresses would make a series for each user. What no route answers counts as "none".
 */
export function httpMetrics(registry: Registry): RequestHandler {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request until its answer was handed to the network.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    registers: [registry],
  });
  return (req, res, next) => {
    const end = durations.startTimer();
    res.once('close', () => {
      const method = KNOWN_METHODS.has(req.method) ? req.method : 'other';
      end({ method, route: String(res.locals.route ?? 'none'), status: res.statusCode });
    });
    next();
  };
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Memory, event loop and garbage collection. Once for each registry. */
export function processMetrics(registry: Registry): void {
  if (registry.getSingleMetric('process_cpu_seconds_total') === undefined)
    collectDefaultMetrics({ register: registry });
}

export function metricsPage(registry: Registry): RequestHandler {
  return async (_req, res) => {
    res.setHeader('Content-Type', registry.contentType);
    res.setHeader('Cache-Control', 'no-store');
    res.end(await registry.metrics());
  };
}
