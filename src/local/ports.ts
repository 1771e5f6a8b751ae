import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below the range from which systems number outgoing connections (from 32768 on Linux) and above the one
 * Asterisk takes for media: a port found free here is not taken by chance before it is used.
 */
const LOWEST = 20_001;
const HIGHEST = 32_767;

/** A port of `host` on which nothing listens, neither over TCP nor over UDP. */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST} on ${host}`);
}

/** `preferred` when it is free, any other free one otherwise. */
export async function freePortNear(preferred: number, host: string): Promise<number> {
  return (await isPortFree(preferred, host)) ? preferred : freePort(host);
}

export async function isPortFree(port: number, host: string): Promise<boolean> {
  return (await canListen(port, host)) && (await canBind(port, host));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
