import type { Request, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import {
  type Authenticate,
  checkPermission,
  enterTenant,
  identify,
  type Reaches,
  type ResolveTenant,
  requireReach,
  supervisorOf,
} from './auth.ts';
import { readJson } from './body.ts';
import type { Remember, RequestContext } from './context.ts';
import { createCursors } from './cursor.ts';
import { withinDeadline } from './deadline.ts';
import { type IdempotencyStore, type IdempotentRequest, once, readIdempotencyKey } from './idempotency.ts';
import { readIfMatch, readWait } from './preconditions.ts';
import { parseQuery } from './query.ts';
import { sendJson, sendMedia, serialise } from './reply.ts';
import { type AnyReply, Media, type Route, type TenantRef } from './route.ts';
import type { Seal } from './seal.ts';
import { refuseUnstorable } from './text-guard.ts';
import { validated } from './validation.ts';

export type Ports = {
  authenticate: Authenticate;
  resolveTenant: ResolveTenant;
  idempotencyStore: IdempotencyStore;
  reaches: Reaches;
  cursorSeal: Seal;
  idempotencySeal: Seal;
};

type Inputs = { params: unknown; query: Record<string, unknown>; body: unknown };
type Caller = { actor: Actor | null; tenant: TenantRef | undefined; supervisor: string | null };

/**
 * One request through one route: who, where, may they, what do they send; then the handler; then
 * the answer. Throws what `problem.ts` turns into an answer.
 */
export async function dispatch(route: Route, ports: Ports, req: Request, res: Response): Promise<void> {
  const caller = await admit(route, ports, req, res);
  const ifMatch = readIfMatch(req.headers, route.ifMatch);
  const idempotencyKey = route.idempotent ? readIdempotencyKey(req.headers['idempotency-key']) : null;
  const inputs = await readInputs(route, req, res);
  const waitSeconds = route.wait ? readWait(req.headers) : 0;
  const deadlineSeconds = route.deadlineSeconds + waitSeconds;
  const work: Work = (signal, remember) => {
    const context: RequestContext & Inputs & Caller = {
      ...caller,
      ...inputs,
      requestId: req.id,
      ip: callerAddress(req),
      ifMatch,
      waitSeconds,
      signal,
      log: req.log,
      cursors: createCursors(ports.cursorSeal, listName(route, caller, inputs)),
      remember,
    };
    return route.handler(context as never);
  };
  const inTime = <T>(run: (signal: AbortSignal) => Promise<T>) =>
    withinDeadline(res, deadlineSeconds, run, (err) => {
      req.log.warn({ err }, 'work that outlived its deadline failed');
    });
  if (idempotencyKey === null) {
    await answer(route, req, res, await inTime((signal) => work(signal, null)));
    return;
  }
  const request = {
    key: idempotencyKey,
    actorId: caller.actor?.id ?? 'public',
    content: [route.method, route.path, caller.tenant?.id ?? null, inputs],
    leaseSeconds: deadlineSeconds + 30,
  };
  const { kept, replayed } = await inTime((signal) => workOnce(route, ports, request, work, signal));
  if (replayed) res.setHeader('Idempotency-Replayed', 'true');
  sendJson(route, req, res, kept);
}

type Work = (signal: AbortSignal, remember: Remember | null) => Promise<AnyReply>;

function workOnce(route: Route, ports: Ports, request: IdempotentRequest, work: Work, signal: AbortSignal) {
  const { idempotencyStore, idempotencySeal } = ports;
  const serialised = (reply: AnyReply) => serialise(route, reply);
  return once(request, idempotencyStore, idempotencySeal, serialised, (remember) => work(signal, remember));
}

async function answer(route: Route, req: Request, res: Response, reply: AnyReply): Promise<void> {
  const schema = route.response[reply.status as keyof Route['response']];
  if (schema instanceof Media) await sendMedia(req, res, reply, schema.mediaType);
  else sendJson(route, req, res, serialise(route, reply));
}

async function admit(route: Route, ports: Ports, req: Request, res: Response): Promise<Caller> {
  const actor =
    route.permission === 'public'
      ? null
      : await identify(req.headers, callerAddress(req), ports.authenticate);
  res.locals.actorId = actor?.id;
  const named = req.params.tenant;
  const tenant = typeof named === 'string' ? await enterTenant(named, actor, ports.resolveTenant) : undefined;
  res.locals.tenantId = tenant?.id;
  if (actor === null || isOwn(route, actor, req)) return { actor, tenant, supervisor: null };
  checkPermission(actor, route.permission);
  const supervisor = supervisorOf(actor, route.permission);
  const user = req.params.user;
  if (tenant && supervisor !== null && typeof user === 'string')
    await requireReach(tenant, supervisor, user, ports.reaches);
  return { actor, tenant, supervisor };
}

/** The tenant has been entered by now, so a user's id is enough: users and their keys share a tenant. */
function isOwn(route: Route, actor: Actor, req: Request): boolean {
  return route.ownUser && actor.userId !== undefined && actor.userId === req.params.user;
}

async function readInputs(route: Route, req: Request, res: Response): Promise<Inputs> {
  const { tenant: _tenant, ...ownParams } = req.params;
  refuseUnstorable(ownParams, 'path');
  const params = route.params === null ? undefined : validated(route.params, ownParams, 'path');
  const sentQuery = parseQuery(req.originalUrl);
  refuseUnstorable(sentQuery, 'query');
  const query = validated(route.query, sentQuery, 'query');
  if (route.body === null) return { params, query, body: undefined };
  const sentBody = await readJson(req, res, route.maxBodyBytes);
  refuseUnstorable(sentBody, 'body');
  return { params, query, body: validated(route.body, sentBody, 'body') };
}

/** What a cursor is bound to: everything that chooses and orders the rows. */
function listName(route: Route, caller: Caller, inputs: Inputs): string {
  const { cursor: _cursor, limit: _limit, ...filters } = inputs.query;
  return JSON.stringify([route.path, caller.tenant?.id ?? null, inputs.params ?? null, filters]);
}

export function callerAddress(req: Request): string {
  return (req.ip ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}
