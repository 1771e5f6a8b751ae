import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { LocalError } from '../errors.ts';
import { freePort } from '../ports.ts';
import { endStaleProcess, recordProcess } from '../process-record.ts';
import { keepShort, type SupervisedProcess, supervise } from '../supervise.ts';
import { until } from '../until.ts';
import { type AsteriskProgram, asteriskProgram } from './program.ts';
import { type MachineSettings, type RunLayout, renderRunDir } from './render.ts';

const HOST = '127.0.0.1';

/** 50,000 lines take 217 s to load (measured); what takes longer is not coming. */
const BOOT_DEADLINE_MS = 300_000;

export type AsteriskSettings = {
  /** IPv4 address for SIP; default 127.0.0.1. AMI and HTTP stay on loopback. */
  sipAddress?: string;
  /** 0 or nothing: any free port. */
  sipPort?: number;
  amiPort?: number;
  httpPort?: number;
  tls?: MachineSettings['tls'];
};

export type LocalAsterisk = {
  /** Of the process that runs now; another one after `restart`. */
  readonly pid: number;
  readonly runDir: string;
  readonly ami: { host: string; port: number; username: string; secret: string };
  readonly ari: { url: string; username: string; secret: string };
  /** UDP and TCP. */
  readonly sip: { host: string; port: number; tlsPort: number | null };
  /** SIP over WebSocket. */
  readonly webSocketUrl: string;
  /** messages.log: notices, warnings and errors. */
  readonly logFile: string;
  /** Runs a line of Asterisk's command line and returns what it prints. */
  command(line: string): Promise<string>;
  /** Resolves with the exit code when the process that runs now is gone. */
  ended(): Promise<number>;
  /** Ends it if it runs, and starts it again: same ports, same secrets, same AstDB. */
  restart(): Promise<void>;
  /** For fault tests: ends it in the given way and resolves when it is gone. `restart` brings it back. */
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Starts the Asterisk unpacked at `root` with the configuration in `configDir`; resolves when it has fully
 * booted and answered over AMI and ARI with the secrets made for this run. Everything it writes is under
 * `runDir`, where AstDB stays for the next start. Several may run at once, each in a folder of its own.
 *
 * @throws LocalError asterisk_not_started with the last error it logged; busy
 */
export async function startAsterisk(options: {
  root: string;
  runDir: string;
  configDir: string;
  settings?: AsteriskSettings;
  say?: (line: string) => void;
}): Promise<LocalAsterisk> {
  const runDir = path.resolve(options.runDir);
  const program = asteriskProgram(path.resolve(options.root));
  const machine = await completeSettings(options.settings ?? {});
  await endStaleProcess(path.join(runDir, 'process.json'), 'Asterisk', 'SIGTERM', options.say ?? (() => {}));
  const layout = renderRunDir(runDir, path.resolve(options.configDir), program, machine);
  let current = await boot(program, layout, machine);

  const end = async (signal: NodeJS.Signals) => {
    current.signal(signal);
    await current.ended;
  };
  return {
    get pid() {
      return current.pid;
    },
    runDir,
    ami: { host: HOST, port: machine.amiPort, username: 'patchbay', secret: machine.amiSecret },
    ari: { url: `http://${HOST}:${machine.httpPort}/ari`, username: 'patchbay', secret: machine.ariSecret },
    sip: { host: machine.sipAddress, port: machine.sipPort, tlsPort: machine.tls?.port ?? null },
    webSocketUrl: `ws://${HOST}:${machine.httpPort}/ws`,
    logFile: path.join(layout.logDir, 'messages.log'),
    command: (line) => command(program, layout, line),
    ended: () => current.ended,
    kill: end,
    async restart() {
      await current.stop();
      current = await boot(program, layout, machine);
    },
    async stop() {
      await current.stop();
      rmSync(layout.recordFile, { force: true });
    },
  };
}

async function completeSettings(settings: AsteriskSettings): Promise<MachineSettings> {
  const sipAddress = settings.sipAddress ?? HOST;
  return {
    sipAddress,
    sipPort: settings.sipPort || (await freePort(sipAddress)),
    amiPort: settings.amiPort || (await freePort(HOST)),
    httpPort: settings.httpPort || (await freePort(HOST)),
    amiSecret: randomBytes(24).toString('base64url'),
    ariSecret: randomBytes(24).toString('base64url'),
    ...(settings.tls && { tls: settings.tls }),
  };
}

async function boot(
  program: AsteriskProgram,
  layout: RunLayout,
  machine: MachineSettings,
): Promise<SupervisedProcess> {
  rmSync(layout.controlSocket, { force: true });
  const logFile = path.join(layout.logDir, 'messages.log');
  keepShort(logFile);
  keepShort(path.join(layout.logDir, 'security.log'));
  const logStart = existsSync(logFile) ? statSync(logFile).size : 0;
  const asterisk = await supervise({
    command: program.command,
    args: [...program.args, '-C', layout.mainConfig, '-f'],
    // RES_OPTIONS: where DNS does not answer, a boot took 10 s without it and 0.25 s with it.
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', RES_OPTIONS: 'timeout:1 attempts:1' },
    cwd: path.dirname(layout.logDir),
    logFile: path.join(layout.logDir, 'output.log'),
    stopSignal: 'SIGTERM',
    graceSeconds: 10,
  });
  recordProcess(layout.recordFile, asterisk.pid);
  try {
    await untilBooted(asterisk, program, layout);
    await checkAccounts(machine);
    return asterisk;
  } catch (error) {
    await asterisk.stop();
    throw new LocalError(
      'asterisk_not_started',
      `Asterisk did not start: ${lastError(logFile, logStart) ?? (error as Error).message}`,
      `read ${logFile}; when a port is taken, choose others (PATCHBAY_LOCAL_*_PORT)`,
    );
  }
}

async function untilBooted(
  asterisk: SupervisedProcess,
  program: AsteriskProgram,
  layout: RunLayout,
): Promise<void> {
  const appeared = await until(
    () => asterisk.hasEnded() || existsSync(layout.controlSocket),
    BOOT_DEADLINE_MS,
  );
  if (!appeared || asterisk.hasEnded()) throw new Error('it ended while it booted');
  // Answers only when every module is loaded; it fails at once when Asterisk ends.
  const answered = await until(async () => {
    if (asterisk.hasEnded()) return true;
    return command(program, layout, 'core waitfullybooted').then(
      (text) => text.includes('fully booted'),
      () => false,
    );
  }, BOOT_DEADLINE_MS);
  if (!answered || asterisk.hasEnded()) throw new Error('it did not boot in time, or ended');
}

/** Asterisk runs on without AMI, HTTP or SIP when a port is taken; so each is asked, with this run's secrets. */
async function checkAccounts(machine: MachineSettings): Promise<void> {
  await loginOverAmi(machine);
  const credentials = Buffer.from(`patchbay:${machine.ariSecret}`).toString('base64');
  const ping = await fetch(`http://${HOST}:${machine.httpPort}/ari/asterisk/ping`, {
    headers: { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!ping.ok) throw new Error(`ARI on port ${machine.httpPort} answered ${ping.status}`);
}

function loginOverAmi({ amiPort, amiSecret }: MachineSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(amiPort, HOST);
    let heard = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`AMI on port ${amiPort} does not answer`)));
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

function command(program: AsteriskProgram, layout: RunLayout, line: string): Promise<string> {
  const args = [...program.args, '-C', layout.mainConfig, '-rx', line];
  const options = {
    timeout: BOOT_DEADLINE_MS,
    maxBuffer: 256 << 20,
    env: { LC_ALL: 'C.UTF-8', TERM: 'dumb' },
  };
  return new Promise((resolve, reject) => {
    execFile(program.command, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const reason = stderr.trim() || stdout.trim() || error.message;
      reject(
        new LocalError(
          'asterisk_command_failed',
          `Asterisk did not take “${line}”: ${reason}`,
          'is it running?',
        ),
      );
    });
  });
}

/** The last ERROR that was logged since `offset`, without date and source position. */
function lastError(logFile: string, offset: number): string | null {
  if (!existsSync(logFile)) return null;
  const lines = readFileSync(logFile).subarray(offset).toString('utf8').split('\n');
  const errors = lines.filter(
    (line) => / ERROR\[/.test(line) && !line.includes('Module initialization failed'),
  );
  return (
    errors
      .at(-1)
      ?.replace(/^.*?ERROR\[[^\]]*\](?:\[[^\]]*\])*:?\s*/, '')
      .trim() ?? null
  );
}
