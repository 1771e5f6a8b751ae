import type { RequestListener } from 'node:http';
import path from 'node:path';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { DomainError } from '../domain/errors.ts';
import { callerAddress, dispatch, type Ports } from './dispatch.ts';
import { docsRoutes } from './docs-page.ts';
import { type HealthCheck, healthz, readyz } from './health.ts';
import { guardedLogger, requestLog } from './http-log.ts';
import { httpMetrics, metricsPage, processMetrics } from './http-metrics.ts';
import { buildOpenApi, type OpenApiDocument } from './openapi.ts';
import { asDomainError, sendProblem } from './problem.ts';
import type { Route } from './route.ts';
import { routeTable } from './route-table.ts';
import { createSeal } from './seal.ts';

export type AppOptions = Pick<Ports, 'authenticate' | 'resolveTenant' | 'reaches' | 'idempotencyStore'> & {
  routes: readonly Route[];
  /** At least 32 random bytes, the same on every replica and across restarts: seals cursors and kept answers. */
  secret: Uint8Array;
  /** Shown in the OpenAPI document. */
  version: string;
  logger: Logger;
  metrics: Registry;
  healthChecks: readonly HealthCheck[];
  /** The built console; left out where there is none. */
  publicDir?: string;
  /** Express's "trust proxy": how many proxies stand before us, or their networks. Default: none. */
  trustProxy?: number | string | false;
};

export type App = {
  handler: RequestListener;
  openApi: OpenApiDocument;
  /** From now on /readyz answers 503, so that no new caller is sent here, and connections close after their answer. */
  drain(): void;
};

export function createApp(options: AppOptions): App {
  const log = guardedLogger(options.logger);
  const openApi = buildOpenApi(options.routes, options.version);
  const ports: Ports = {
    ...options,
    cursorSeal: createSeal(options.secret, 'cursor'),
    idempotencySeal: createSeal(options.secret, 'idempotency'),
  };
  let draining = false;

  const app = express();
  app.disable('x-powered-by').set('etag', false).set('query parser', false);
  app.set('trust proxy', options.trustProxy ?? false);
  app.use(
    requestLog(log),
    httpMetrics(options.metrics),
    securityHeaders(),
    closeConnectionsWhile(() => draining),
  );
  processMetrics(options.metrics);

  app.get('/healthz', healthz);
  app.get(
    '/readyz',
    readyz(options.healthChecks, () => draining, log),
  );
  app.get('/metrics', metricsPage(options.metrics));
  app.use(routeTable(options.routes, (route, req, res) => dispatch(route, ports, req, res)));
  app.use(docsRoutes(openApi));
  if (options.publicDir !== undefined) serveConsole(app, options.publicDir);
  app.use((req) => {
    throw new DomainError(
      'not-found',
      `There is nothing at this address for ${req.method}. See /api/docs for what there is.`,
    );
  });
  app.use(problems);
  return {
    handler: app,
    openApi,
    drain() {
      draining = true;
    },
  };
}

/** While draining, a connection that is still open gets its answer and is then given up. */
function closeConnectionsWhile(draining: () => boolean): RequestHandler {
  return (_req, res, next) => {
    if (draining()) res.setHeader('Connection', 'close');
    next();
  };
}

/** For the API, the page about it, and the console: everything from here, no script inside a page. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // 'self' covers the WebSocket of the webphone on the same origin.
        connectSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        mediaSrc: ["'self'", 'blob:'],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // A subdomain beside ours may well have no TLS: it is not ours to decide.
    strictTransportSecurity: { maxAge: 15_552_000, includeSubDomains: false },
    referrerPolicy: { policy: 'same-origin' },
  });
}

/** Files of the build by name; any other address that a browser opens is a page of the console. */
function serveConsole(app: Express, publicDir: string): void {
  app.use(express.static(publicDir, { index: false, redirect: false, maxAge: '1h' }));
  app.use((req, res, next) => {
    const isPage = (req.method === 'GET' || req.method === 'HEAD') && !/^\/(api|ws)(\/|$)/.test(req.path);
    if (!isPage || !req.accepts('html') || path.extname(req.path) !== '') return next();
    res.sendFile('index.html', { root: publicDir, headers: { 'Cache-Control': 'no-cache' } }, (error) => {
      if (error && !res.headersSent) next(error);
    });
  });
}

const problems: ErrorRequestHandler = (thrown: unknown, req, res, _next) => {
  const error = asDomainError(thrown);
  res.locals.problem = error.code;
  if (error.code === 'internal')
    req.log.error({ err: error.cause ?? error, route: res.locals.route }, 'request failed');
  else if (error.cause !== undefined)
    req.log.warn({ err: error, from: callerAddress(req) }, 'request refused');
  if (res.headersSent) {
    // Too late for words: cutting the connection is the only way to say that the answer is not whole.
    res.destroy();
    return;
  }
  sendProblem(error, req, res);
};
