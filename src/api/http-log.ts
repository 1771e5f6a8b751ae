import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { API_KEY_IN_TEXT } from '../domain/api-key.ts';

declare global {
  namespace Express {
    interface Request {
      id: string;
      log: Logger;
    }
  }
}

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
const PROBES = ['/healthz', '/readyz', '/metrics'];

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
].flatMap((name) => [name, `*.${name}`]);

/** A logger that takes keys out of errors and never writes what is named like a secret. */
export function guardedLogger(logger: Logger): Logger {
  return logger.child(
    {},
    { redact: NEVER_WRITTEN, serializers: { err: (thrown) => describeError(thrown, []) } },
  );
}

/**
 * One line for each request, made from a list of what is written rather than of what is left out:
 * headers, bodies and query values never are. (pino-http was tried: it writes by default what has
 * to be taken out again, and at a 500 the whole response.)
 *
 * Takes over a sane `X-Request-Id`, so that a request can be followed through the proxies before
 * us; makes one otherwise. `req.log` carries it.
 */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const started = performance.now();
    const sent = req.headers['x-request-id'];
    req.id = typeof sent === 'string' && SANE_REQUEST_ID.test(sent) ? sent : randomUUID();
    res.setHeader('X-Request-Id', req.id);
    req.log = logger.child(
      { requestId: req.id },
      { serializers: { err: (thrown) => describeError(thrown, secretsIn(req.body)) } },
    );
    const { url, method } = req;
    res.once('close', () => {
      const path = url.split('?', 1)[0]!;
      const level = res.statusCode >= 500 ? 'error' : PROBES.includes(path) ? 'debug' : 'info';
      const { route, actorId, tenantId, problem } = res.locals;
      const line = {
        method,
        path: scrubbed(path.slice(0, 300)),
        status: res.statusCode,
        route,
        actorId,
        tenantId,
        problem,
      };
      const ms = Math.round((performance.now() - started) * 10) / 10;
      req.log[level]({ ...line, ms, aborted: res.writableFinished ? undefined : true }, 'request');
    });
    next();
  };
}

function scrubbed(text: string): string {
  return text.replace(API_KEY_IN_TEXT, 'pbk_$1_removed');
}

type DescribedError = { type: string; code?: string; message: string; at: string[]; cause?: DescribedError };

/**
 * Kind, code, a shortened message and where it happened: no other members, which may be whole
 * queries or requests. `secrets` are cut out of the messages: drivers like to quote what they were given.
 */
function describeError(thrown: unknown, secrets: readonly string[], depth = 0): DescribedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: 'not an Error', at: [] };
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const message = secrets.reduce((text, secret) => text.replaceAll(secret, '[removed]'), thrown.message);
  return {
    type: thrown.name,
    code: 'code' in thrown ? String(thrown.code) : undefined,
    message: scrubbed(message).slice(0, 500),
    at: frames.slice(0, 8).map((line) => scrubbed(line.trim())),
    cause:
      thrown.cause === undefined || depth === 3 ? undefined : describeError(thrown.cause, secrets, depth + 1),
  };
}

const NAMED_LIKE_A_SECRET = /passw|secret|token|pin|key|code/i;

/** The texts in a request's body that stand under names of secrets. */
function secretsIn(body: unknown, depth = 0): string[] {
  if (typeof body !== 'object' || body === null || depth > 4) return [];
  return Object.entries(body).flatMap(([name, value]) => {
    if (typeof value !== 'string') return secretsIn(value, depth + 1);
    return value.length >= 4 && NAMED_LIKE_A_SECRET.test(name) ? [value] : [];
  });
}
