import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * One origin for the browser: its SIP WebSocket comes to us (`/ws`) and is passed on to Asterisk's
 * `/ws`, so that the webphone needs no second certificate and no second port. What is inside is
 * never looked at or logged: it holds digest answers.
 */
export type WsProxyOptions = {
  /** The browser's side: `/ws`. */
  path: string;
  /** Asterisk's side, `ws://127.0.0.1:8088/ws`. */
  target: string;
  logger: Logger;
  /** Origins besides our own that may open one, `https://intranet.example.org`. */
  allowedOrigins?: readonly string[];
  /** Longest message in bytes, each way. SIP in a WebSocket is a few kilobytes. */
  maxMessageBytes?: number;
  maxConnections?: number;
  /** Milliseconds until Asterisk must have taken the connection. */
  connectTimeoutMs?: number;
  /** Milliseconds between pings; a side that has not answered by the next is gone. */
  pingEveryMs?: number;
};

export type WsProxy = {
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  connections(): number;
  /** Says goodbye (1001) to all, then cuts who has not gone after `deadlineMs`. Nothing new is taken. */
  close(deadlineMs: number): Promise<void>;
};

/** Above this much unsent data for one side, the other side is not read. */
const HIGH_WATER = 256 * 1024;

export function createWsProxy(options: WsProxyOptions): WsProxy {
  const limits = {
    maxPayload: options.maxMessageBytes ?? 64 * 1024,
    maxConnections: options.maxConnections ?? 5000,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    pingEveryMs: options.pingEveryMs ?? 15_000,
  };
  const acceptor = new WebSocketServer({
    noServer: true,
    maxPayload: limits.maxPayload,
    perMessageDeflate: false,
    handleProtocols: () => 'sip',
  });
  /** Every connection from its first byte on, also while Asterisk is being asked. */
  const open = new Map<Duplex, { sides: WebSocket[] }>();
  let closing = false;

  function refusal(req: IncomingMessage): string | null {
    if (closing) return '503 Service Unavailable';
    if ((req.url ?? '').split('?', 1)[0] !== options.path) return '404 Not Found';
    if (!offersSip(req)) return '400 Bad Request';
    if (!originAllowed(req, options.allowedOrigins ?? [])) return '403 Forbidden';
    return open.size >= limits.maxConnections ? '503 Service Unavailable' : null;
  }

  function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = refusal(req);
    if (refused !== null) {
      refuseUpgrade(socket, refused);
      return;
    }
    const entry = { sides: [] as WebSocket[] };
    open.set(socket, entry);
    // Asterisk first: a browser that is taken and then dropped could not tell that the PBX is away.
    const pbx = new WebSocket(options.target, ['sip'], {
      handshakeTimeout: limits.connectTimeoutMs,
      maxPayload: limits.maxPayload,
      perMessageDeflate: false,
      followRedirects: false,
    });
    entry.sides.push(pbx);
    socket.once('close', () => {
      open.delete(socket);
      pbx.terminate();
    });
    // It may speak before the browser has been taken: what it says must wait.
    pbx.once('open', () => {
      pbx.pause();
      acceptor.handleUpgrade(req, socket, head, (browser) => {
        entry.sides.push(browser);
        join(browser, pbx, limits.pingEveryMs);
        pbx.resume();
      });
    });
    pbx.on('error', (err) => {
      options.logger.warn({ err }, 'SIP WebSocket: the PBX side failed');
      if (entry.sides.length === 1) refuseUpgrade(socket, '502 Bad Gateway');
    });
  }

  async function close(deadlineMs: number): Promise<void> {
    closing = true;
    for (const [socket, { sides }] of open) {
      const browser = sides[1];
      if (browser) browser.close(1001, 'service restart');
      else refuseUpgrade(socket, '503 Service Unavailable');
    }
    const gone = [...open.keys()].map(
      (socket) => new Promise<void>((done) => socket.once('close', () => done())),
    );
    const deadline = setTimeout(() => {
      for (const socket of open.keys()) socket.destroy();
    }, deadlineMs);
    await Promise.all(gone);
    clearTimeout(deadline);
  }

  return { upgrade, connections: () => open.size, close };
}

/** RFC 7118, section 4: the subprotocol is `sip`. */
function offersSip(req: IncomingMessage): boolean {
  const offered = req.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim().toLowerCase() === 'sip');
}

/** Browsers always say where a WebSocket comes from; other programs need not. */
function originAllowed(req: IncomingMessage, allowed: readonly string[]): boolean {
  const origin = req.headers.origin;
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === req.headers.host;
}

/** An HTTP answer instead of a WebSocket. `status`: `404 Not Found`. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}

function join(browser: WebSocket, pbx: WebSocket, pingEveryMs: number): void {
  pass(browser, pbx);
  pass(pbx, browser);
  const alive = new Set([browser, pbx]);
  for (const side of [browser, pbx]) side.on('pong', () => alive.add(side));
  const pings = setInterval(() => {
    for (const side of [browser, pbx]) {
      if (!alive.delete(side)) side.terminate();
      else if (side.readyState === WebSocket.OPEN) side.ping();
    }
  }, pingEveryMs);
  browser.once('close', () => clearInterval(pings));
}

function pass(from: WebSocket, to: WebSocket): void {
  from.on('message', (data, isBinary) => {
    if (to.readyState !== WebSocket.OPEN) return;
    // A slow reader must not make us hold what the other side sends: stop reading until it is written.
    to.send(data, { binary: isBinary }, () => {
      if (from.isPaused && to.bufferedAmount < HIGH_WATER) from.resume();
    });
    if (to.bufferedAmount >= HIGH_WATER) from.pause();
  });
  from.on('close', (code, reason) => {
    if (to.readyState === WebSocket.OPEN) to.close(...passableClose(code, reason));
    else if (to.readyState !== WebSocket.CLOSED) to.terminate();
  });
  // The close that follows tells the other side; a message that is too long, say, is the sender's affair.
  from.on('error', () => undefined);
}

/** 1005, 1006 and 1015 say "no code came" and may not be sent (RFC 6455, section 7.4.1). */
function passableClose(code: number, reason: Buffer): [number, string] {
  if (code === 1005) return [1000, ''];
  return code === 1006 || code === 1015 ? [1001, 'the other side is gone'] : [code, reason.toString()];
}
