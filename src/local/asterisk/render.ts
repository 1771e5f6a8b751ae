import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { LocalError } from '../errors.ts';
import type { AsteriskProgram } from './program.ts';

/** What varies from machine to machine; everything else stands in asterisk-config/. */
export type MachineSettings = {
  /** IPv4 address on which phones reach SIP; 127.0.0.1 keeps it on this machine. */
  sipAddress: string;
  sipPort: number;
  amiPort: number;
  httpPort: number;
  amiSecret: string;
  ariSecret: string;
  /** SIP over TLS, when there is a certificate. Paths to PEM files. */
  tls?: { port: number; certificate: string; privateKey: string };
};

const ACCOUNT = 'patchbay';

/** sockaddr_un holds 108 bytes with the final NUL; a longer path fails inside Asterisk without a word. */
const LONGEST_SOCKET_PATH = 107;

export type RunLayout = { mainConfig: string; controlSocket: string; logDir: string; recordFile: string };

/**
 * Writes the folder an Asterisk runs in: links to the static configuration, so that an edited file needs a
 * reload and not a restart; the few files that are this machine's own in `etc/local`; and empty folders for
 * what Asterisk writes. AstDB and generated keys of an earlier run are left as they are.
 */
export function renderRunDir(
  runDir: string,
  configDir: string,
  program: AsteriskProgram,
  settings: MachineSettings,
): RunLayout {
  const at = (...names: string[]) => path.join(runDir, ...names);
  for (const dir of ['db', 'keys/keys', 'log', 'run', 'spool', 'cache', 'agi-bin'])
    mkdirSync(at(dir), { recursive: true, mode: 0o700 });
  rmSync(at('etc'), { recursive: true, force: true });
  mkdirSync(at('etc/local'), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(configDir))
    if (name !== 'asterisk.conf' && name !== 'local')
      symlinkSync(path.join(configDir, name), at('etc', name));
  const files = { ...localFiles(settings), '../asterisk.conf': mainConfig(runDir, configDir, program) };
  for (const [name, text] of Object.entries(files))
    writeFileSync(at('etc/local', name), text, { mode: 0o600 });
  const controlSocket = at('run/asterisk.ctl');
  if (Buffer.byteLength(controlSocket) > LONGEST_SOCKET_PATH)
    throw new LocalError(
      'asterisk_not_started',
      `the path of Asterisk's control socket is longer than ${LONGEST_SOCKET_PATH} bytes: ${controlSocket}`,
      'set PATCHBAY_DATA_DIR to a folder with a shorter path',
    );
  return {
    mainConfig: at('etc/asterisk.conf'),
    controlSocket,
    logDir: at('log'),
    recordFile: at('process.json'),
  };
}

function mainConfig(runDir: string, configDir: string, program: AsteriskProgram): string {
  const own = { astetcdir: 'etc', astdbdir: 'db', astkeydir: 'keys', astvarlibdir: 'db', astlogdir: 'log' };
  const more = { astrundir: 'run', astspooldir: 'spool', astcachedir: 'cache', astagidir: 'agi-bin' };
  const lines = Object.entries({ ...own, ...more }).map(
    ([key, dir]) => `${key} => ${path.join(runDir, dir)}`,
  );
  return [
    '[directories]',
    ...lines,
    `astdatadir => ${program.dataDir}`,
    `astmoddir => ${program.moduleDir}`,
    `astsbindir => ${program.sbinDir}`,
    `#include "${path.join(configDir, 'asterisk.conf')}"`,
    '',
  ].join('\n');
}

/** The files of `etc/local`, which the static ones include. asterisk-config/README.md documents them. */
function localFiles(settings: MachineSettings): Record<string, string> {
  const sections = (...blocks: string[][]) => `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
  return {
    'manager.conf': sections(
      ['[general](+)', 'bindaddr = 127.0.0.1', `port = ${settings.amiPort}`],
      [`[${ACCOUNT}](patchbay-account)`, `secret = ${settings.amiSecret}`],
    ),
    'ari.conf': sections([`[${ACCOUNT}](patchbay-account)`, `password = ${settings.ariSecret}`]),
    'http.conf': sections(['[general](+)', 'bindaddr = 127.0.0.1', `bindport = ${settings.httpPort}`]),
    'transports.conf': sections(...transports(settings)),
    'rtp.conf': sections(...media(settings)),
  };
}

function transports({ sipAddress, sipPort, tls }: MachineSettings): string[][] {
  const transport = (name: string, protocol: string, bind: string, ...more: string[]) => [
    `[transport-${name}]`,
    'type = transport',
    `protocol = ${protocol}`,
    `bind = ${bind}`,
    ...more,
  ];
  const all = [
    transport('udp', 'udp', `${sipAddress}:${sipPort}`),
    transport('tcp', 'tcp', `${sipAddress}:${sipPort}`),
    // Served by the HTTP server; its address and port are decided there.
    transport('ws', 'ws', '127.0.0.1'),
  ];
  if (tls)
    all.push(
      transport(
        'tls',
        'tls',
        `${sipAddress}:${tls.port}`,
        `cert_file = ${tls.certificate}`,
        `priv_key_file = ${tls.privateKey}`,
        'method = tlsv1_2',
      ),
    );
  return all;
}

/**
 * On loopback a browser and Asterisk find each other only with help: Asterisk never offers 127/8 as an ICE
 * candidate, so every other address is refused and the machine's own are shown as 127.0.0.1.
 */
function media({ sipAddress }: MachineSettings): string[][] {
  const ports = ['[general](+)', 'rtpstart = 10000', 'rtpend = 20000'];
  if (!sipAddress.startsWith('127.')) return [ports];
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => entry.family === 'IPv4' && !entry.internal)
    .map((entry) => `${entry.address} => 127.0.0.1`);
  return [
    [...ports, 'ice_deny = 0.0.0.0/0.0.0.0', 'ice_deny = ::/0', 'ice_permit = 127.0.0.0/255.0.0.0'],
    ['[ice_host_candidates]', ...addresses],
  ];
}
