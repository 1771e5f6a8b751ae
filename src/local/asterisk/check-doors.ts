import { connect } from 'node:net';
import type { MachineSettings } from './render.ts';

const HOST = '127.0.0.1';
const PATIENCE_MS = 10_000;

/**
 * Asterisk runs on without AMI, HTTP or SIP when a port is taken. So each is looked at, AMI and ARI with this
 * run's secrets: on the port there may be another Asterisk.
 *
 * @param transports  what `pjsip show transports` printed; a transport that could not listen is not in it
 */
export async function checkDoors(machine: MachineSettings, transports: string): Promise<void> {
  await logInOverAmi(machine);
  await pingAri(machine);
  for (const name of ['transport-udp', 'transport-tcp', ...(machine.tls ? ['transport-tls'] : [])])
    if (!transports.includes(name)) throw new Error(`SIP (${name}) does not listen`);
}

function logInOverAmi({ amiPort, amiSecret }: MachineSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(amiPort, HOST);
    let heard = '';
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`AMI on port ${amiPort} does not answer`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`AMI on port ${amiPort} refused the login`)));
    socket.write(`Action: Login\r\nUsername: patchbay\r\nSecret: ${amiSecret}\r\nEvents: off\r\n\r\n`);
    socket.on('data', (chunk) => {
      heard += chunk;
      if (!heard.includes('\r\n\r\n')) return;
      if (heard.includes('Response: Success')) resolve();
      socket.destroy();
    });
  });
}

async function pingAri({ httpPort, ariSecret }: MachineSettings): Promise<void> {
  const authorization = `Basic ${Buffer.from(`patchbay:${ariSecret}`).toString('base64')}`;
  const ping = await fetch(`http://${HOST}:${httpPort}/ari/asterisk/ping`, {
    headers: { authorization },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!ping.ok) throw new Error(`ARI on port ${httpPort} answered ${ping.status}`);
}
