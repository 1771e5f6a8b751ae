import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { KeptReply } from './idempotency.ts';
import { etagOf, hasAlready } from './preconditions.ts';
import { parseQuery } from './query.ts';
import { type AnyReply, Media, type Route } from './route.ts';

/**
 * For answers that hold live state (counts, what has reached the PBX) beside what their version stands for: a
 * browser that kept one would show it again on 304.
 */
export const NOT_KEPT = { 'Cache-Control': 'no-store' } as const;

/**
 * Puts a handler's answer through the response schema, which keeps only what it names. A body that
 * does not fit is our fault, not the caller's: a plain Error, hence a 500, naming places and no values.
 */
export function serialise(route: Route, reply: AnyReply): KeptReply {
  const schema = route.response[reply.status as keyof Route['response']];
  const name = `${route.method.toUpperCase()} ${route.path}`;
  if (schema === undefined) throw new Error(`${name} answered ${reply.status}, which it does not declare`);
  if (schema instanceof Media) throw new Error(`${name} answers with a stream, which cannot be kept`);
  const headers: Record<string, string> = { ...reply.headers };
  if (reply.location !== undefined) headers.Location = reply.location;
  if (route.etag && reply.version !== undefined) headers.ETag = etagOf(reply.version);
  if (schema === null) return { status: reply.status, headers, json: undefined };
  const result = schema.safeParse(reply.body);
  if (result.success) return { status: reply.status, headers, json: result.data };
  const places = result.error.issues.map((issue) => `${issue.path.join('/')} (${issue.code})`).join(', ');
  throw new Error(`${name}: the answer does not fit its schema at ${places.slice(0, 500)}`);
}

export function sendJson(route: Route, req: Request, res: Response, kept: KeptReply): void {
  // Answers hold people's data. With an ETag they may be kept by the one who asked, and are
  // checked each time; without, they are not kept at all.
  res.setHeader('Cache-Control', kept.headers.ETag === undefined ? 'no-store' : 'private, no-cache');
  for (const [name, value] of Object.entries(kept.headers)) res.setHeader(name, value);
  const next = nextPage(route, req, kept.json);
  if (next !== null) res.setHeader('Link', `<${next}>; rel="next"`);
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  const version = /^"(\d+)"$/.exec(kept.headers.ETag ?? '')?.[1];
  if (isRead && kept.status === 200 && version !== undefined && hasAlready(req.headers, Number(version))) {
    res.status(304).end();
    return;
  }
  res.status(kept.status);
  if (kept.json === undefined) {
    res.end();
    return;
  }
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  const text = JSON.stringify(kept.json);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** Bytes that are no JSON: pictures, files. Never kept by anybody on the way. */
export async function sendMedia(
  req: Request,
  res: Response,
  reply: AnyReply,
  mediaType: string,
): Promise<void> {
  res.status(reply.status);
  res.setHeader('Content-Type', mediaType);
  res.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
  const body = reply.body as string | Uint8Array | Readable;
  if (!(body instanceof Readable)) {
    res.end(body);
  } else if (req.method === 'HEAD') {
    body.destroy();
    res.end();
  } else {
    await pipeline(body, res);
  }
}

/** The address of the next page, relative, with the same filters (RFC 8288). */
function nextPage(route: Route, req: Request, json: unknown): string | null {
  if (!('cursor' in route.query.shape) || typeof json !== 'object' || json === null) return null;
  const next = 'next' in json ? json.next : null;
  if (typeof next !== 'string') return null;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parseQuery(req.originalUrl)))
    for (const one of [value].flat()) if (name !== 'cursor') query.append(name, one);
  query.set('cursor', next);
  return `${req.path}?${query}`;
}
