import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { refuseUpgrade, type WsProxy } from './ws-proxy.ts';

export type ServerOptions = {
  app: { handler: RequestListener; drain(): void };
  host: string;
  /** 0: any free one. */
  port: number;
  logger: Logger;
  /** Takes the WebSockets; without it every upgrade is refused. */
  wsProxy?: WsProxy;
};

export type RunningServer = {
  /** `http://127.0.0.1:8080` */
  url: string;
  port: number;
  /**
   * Takes nothing new, lets what is being worked on end, then cuts what is left after `deadlineMs`.
   * Resolves when every connection is closed; says whether something had to be cut. Can be called again.
   */
  stop(deadlineMs: number): Promise<{ cut: boolean }>;
};

/** Resolves when the port is listened to; rejects with node's error (EADDRINUSE, ...). */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 15_000, keepAliveTimeout: 65_000 });
  const draining = { now: false };
  server.on('request', (req, res) => {
    res.once('close', () => {
      // The connection becomes idle only after this event; while draining it has to go then.
      if (draining.now) setImmediate(() => server.closeIdleConnections());
    });
    options.app.handler(req, res);
  });
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (options.wsProxy && !draining.now) options.wsProxy.upgrade(req, socket, head);
    else refuseUpgrade(socket, draining.now ? '503 Service Unavailable' : '404 Not Found');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  server.removeAllListeners('error').on('error', (err) => options.logger.error({ err }, 'http server'));
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  let stopping: Promise<{ cut: boolean }> | undefined;
  return {
    url: `http://${host}:${port}`,
    port,
    stop(deadlineMs) {
      stopping ??= (async () => {
        draining.now = true;
        options.app.drain();
        return stopInOrder(server, options.wsProxy, deadlineMs);
      })();
      return stopping;
    },
  };
}

async function stopInOrder(
  server: Server,
  wsProxy: WsProxy | undefined,
  deadlineMs: number,
): Promise<{ cut: boolean }> {
  let cut = false;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const webSocketsGone = wsProxy?.close(Math.min(deadlineMs, 2000));
  const deadline = setTimeout(() => {
    cut = true;
    server.closeAllConnections();
  }, deadlineMs);
  await Promise.all([closed, webSocketsGone]);
  clearTimeout(deadline);
  return { cut };
}
