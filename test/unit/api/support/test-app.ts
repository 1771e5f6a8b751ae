import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type AppOptions, createApp } from '../../../../src/api/app.ts';
import type { Problem } from '../../../../src/api/problem.ts';
import type { Route } from '../../../../src/api/route.ts';
import type { Permission } from '../../../../src/domain/permissions.ts';
import { ACME, memoryIdempotency, memoryKeys, resolveTenant } from './memory-ports.ts';
import { noteRoutes, type Row } from './notes.ts';

export const NOTES = '/api/v1/tenants/acme/notes';
export const ALL: Permission[] = ['users:read', 'users:write', 'users:delete'];

// biome-ignore lint/suspicious/noExplicitAny: each test knows the answer that it looks into
export type Answer = { status: number; headers: Headers; text: string; json: any; problem: Problem };

/** The kernel with the notes feature on a real port, and what a test needs to look at. */
export async function startTestApp(more: Route[] = [], options: Partial<AppOptions> = {}) {
  const rows: Row[] = [];
  const tried = { creates: 0, gate: null as Promise<void> | null };
  const keys = memoryKeys();
  const idempotency = memoryIdempotency();
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const metrics = new Registry();
  const app = createApp({
    routes: [...noteRoutes(rows, tried), ...more],
    authenticate: keys.authenticate,
    resolveTenant,
    reaches: async () => true,
    idempotencyStore: idempotency,
    secret: new Uint8Array(32).fill(7),
    version: '0.0.0',
    logger: pino({ level: 'debug' }, sink),
    metrics,
    healthChecks: [],
    ...options,
  });
  const server = createServer(app.handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const key = keys.issue(ACME.id, ALL);

  async function call(
    method: string,
    path: string,
    init: RequestInit & { json?: unknown; key?: string | null } = {},
  ): Promise<Answer> {
    const headers = new Headers(init.headers);
    const credential = init.key === undefined ? key : init.key;
    if (credential !== null && !headers.has('authorization'))
      headers.set('authorization', `Bearer ${credential}`);
    let body = init.body;
    if (init.json !== undefined) {
      body = JSON.stringify(init.json);
      if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    }
    const response = await fetch(url + path, { ...init, method, headers, body });
    const text = await response.text();
    const json =
      /json/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json, problem: json };
  }

  return {
    app,
    url,
    port: (server.address() as AddressInfo).port,
    key,
    keys,
    rows,
    tried,
    idempotency,
    metrics,
    call,
    logs: () => lines.join(''),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      metrics.clear();
    },
  };
}
