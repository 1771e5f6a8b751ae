import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { API_KEY_IN_TEXT } from '../domain/api-key.ts';

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** Should somebody log an object with such members after all, their values are not written. */
const NEVER_WRITTEN = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'headers',
  'body',
  '*.authorization',
  '*.cookie',
  '*["set-cookie"]',
  '*["x-api-key"]',
  '*.password',
  '*.secret',
  '*.token',
  '*.apiKey',
  '*.headers',
  '*.body',
];

/** A logger that takes keys out of addresses and errors, and never writes what is named like a secret. */
export function guardedLogger(logger: Logger): Logger {
  return logger.child({}, { redact: NEVER_WRITTEN, serializers: { err: describeError } });
}

/**
 * One line for each request, made from a list of what is written rather than of what is left out:
 * headers, bodies and query values never are. Takes over a sane `X-Request-Id`, so that a request
 * can be followed through the proxies before us; makes one otherwise.
 */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId(req, res) {
      const sent = req.headers['x-request-id'];
      const id = typeof sent === 'string' && SANE_REQUEST_ID.test(sent) ? sent : randomUUID();
      res.setHeader('X-Request-Id', id);
      return id;
    },
    quietReqLogger: true,
    quietResLogger: true,
    customAttributeKeys: { reqId: 'requestId', responseTime: 'ms' },
    customProps: (req, res) => {
      // The line is written once, at the end; props are asked for at the start too.
      if (!res.writableEnded && !res.destroyed) return {};
      const locals = 'locals' in res ? (res.locals as Record<string, unknown>) : {};
      return {
        method: req.method,
        path: scrubbed(pathOf(req.url ?? '')),
        status: res.statusCode,
        route: locals.route,
        actorId: locals.actorId,
        tenantId: locals.tenantId,
        problem: locals.problem,
      };
    },
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    // The error itself has its own line (app.ts); here it would come twice.
    customErrorObject: (_req, _res, _err, line) => ({ ...line, err: undefined }),
    customLogLevel(req, res, err) {
      if (err || res.statusCode >= 500) return 'error';
      return isProbe(req.url ?? '') ? 'debug' : 'info';
    },
  });
}

function isProbe(url: string): boolean {
  return ['/healthz', '/readyz', '/metrics'].includes(pathOf(url));
}

function pathOf(url: string): string {
  return url.split('?', 1)[0]!.slice(0, 300);
}

export function scrubbed(text: string): string {
  return text.replace(API_KEY_IN_TEXT, 'pbk_$1_removed');
}

type DescribedError = { type: string; code?: string; message: string; at: string[]; cause?: DescribedError };

/** Kind, code, a shortened message and where: no other members, which may be whole queries or requests. */
export function describeError(thrown: unknown, depth = 0): DescribedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: 'not an Error', at: [] };
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: thrown.name,
    code: 'code' in thrown ? String(thrown.code) : undefined,
    message: scrubbed(thrown.message.slice(0, 500)),
    at: frames.slice(0, 8).map((line) => scrubbed(line.trim())),
    cause: thrown.cause === undefined || depth === 3 ? undefined : describeError(thrown.cause, depth + 1),
  };
}
