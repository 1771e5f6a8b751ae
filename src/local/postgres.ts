import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from './errors.ts';
import { freePort } from './ports.ts';
import { giveTo, type PostgresAccount, postgresAccount } from './postgres-account.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { commandLineOf, endStaleProcess, recordProcess } from './process-record.ts';
import { type SupervisedProcess, supervise } from './supervise.ts';
import { until } from './until.ts';

const run = promisify(execFile);

const HOST = '127.0.0.1';
const START_DEADLINE_MS = 60_000;

/** After a crash the backends of the old server hold its shared memory until they notice; it takes moments. */
const MEMORY_HELD = 'shared memory block';

export type LocalPostgres = {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** postgres:// address of the superuser, for database `postgres`. Holds the password. */
  readonly url: string;
  ended(): Promise<number>;
  /** Fast shutdown, then start: same port, same data. */
  restart(): Promise<void>;
  /** For fault tests: SIGKILL to the server; resolves when it is gone. `restart` brings it back. */
  kill(): Promise<void>;
  /** Fast shutdown: open transactions are rolled back, connections closed. */
  stop(): Promise<void>;
};

/**
 * Starts the Postgres that came with npm, on loopback only; resolves when it accepts connections. In
 * `dataDir` it keeps the cluster (made at the first start), the superuser's password and the log.
 *
 * @param options.port      0 or nothing: any free port
 * @param options.settings  server settings by name, e.g. `{ fsync: 'off' }` for throw-away data
 * @throws LocalError postgres_unavailable, postgres_not_started, busy
 */
export async function startPostgres(options: {
  dataDir: string;
  port?: number;
  settings?: Record<string, string>;
  say?: (line: string) => void;
}): Promise<LocalPostgres> {
  const say = options.say ?? (() => {});
  const cluster = clusterAt(path.resolve(options.dataDir), options.settings ?? {});
  await endStaleProcess(cluster.recordFile, 'Postgres', 'SIGINT', say);
  if (!existsSync(path.join(cluster.data, 'PG_VERSION'))) {
    say('Postgres: making the database cluster');
    await initialise(cluster);
  }
  const port = options.port || (await freePort(HOST));
  let current = await boot(cluster, port);
  const password = readFileSync(cluster.passwordFile, 'utf8').trim();
  return {
    get pid() {
      return current.pid;
    },
    host: HOST,
    port,
    url: `postgres://postgres:${password}@${HOST}:${port}/postgres`,
    ended: () => current.ended,
    async kill() {
      current.signal('SIGKILL');
      await current.ended;
    },
    async restart() {
      await current.stop();
      current = await boot(cluster, port);
    },
    async stop() {
      await current.stop();
      rmSync(cluster.recordFile, { force: true });
    },
  };
}

type Cluster = {
  dir: string;
  data: string;
  passwordFile: string;
  logFile: string;
  recordFile: string;
  binaries: PostgresBinaries;
  account: PostgresAccount;
  settings: Record<string, string>;
};

function clusterAt(dir: string, settings: Record<string, string>): Cluster {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const binaries = postgresBinaries();
  const at = (name: string) => path.join(dir, name);
  return {
    dir,
    data: at('data'),
    passwordFile: at('superuser-password'),
    logFile: at('server.log'),
    recordFile: at('process.json'),
    binaries,
    account: postgresAccount(binaries),
    settings,
  };
}

/** Made beside its place and renamed: a cluster that exists is a whole one. */
async function initialise(cluster: Cluster): Promise<void> {
  const partial = path.join(cluster.dir, 'data.partial');
  rmSync(partial, { recursive: true, force: true });
  rmSync(cluster.data, { recursive: true, force: true });
  mkdirSync(partial, { mode: 0o700 });
  const passwordFile = path.join(partial, 'pw');
  const password = `${randomBytes(24).toString('base64url')}\n`;
  writeFileSync(cluster.passwordFile, password, { mode: 0o600 });
  chmodSync(cluster.passwordFile, 0o600);
  // Sorted by code point on every machine; upper and lower case by Unicode, which C.UTF-8 knows.
  const ctype = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  const args = [
    `--pgdata=${path.join(partial, 'data')}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    `--lc-ctype=${ctype}`,
  ];
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(partial, cluster.account);
  const [command, ...rest] = [...cluster.account.prefix, cluster.binaries.initdb, ...args];
  try {
    await run(command!, rest, { cwd: partial, env: serverEnvironment(), ...cluster.account.user });
  } catch (error) {
    const reason = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n')
      .at(-1);
    throw new LocalError(
      'postgres_not_started',
      `initdb failed: ${reason}`,
      'set DATABASE_URL to a Postgres of your own',
    );
  }
  renameSync(path.join(partial, 'data'), cluster.data);
  rmSync(partial, { recursive: true, force: true });
}

async function boot(cluster: Cluster, port: number): Promise<SupervisedProcess> {
  giveTo(cluster.data, cluster.account);
  const retryUntil = performance.now() + 15_000;
  for (;;) {
    const logStart = existsSync(cluster.logFile) ? statSync(cluster.logFile).size : 0;
    const server = await launch(cluster, port);
    recordProcess(cluster.recordFile, server.pid);
    const ready = () => !server.hasEnded() && isReady(cluster.data, server.pid);
    await until(() => server.hasEnded() || ready(), START_DEADLINE_MS);
    if (ready()) return server;
    await server.stop();
    const complaint = readFileSync(cluster.logFile).subarray(logStart).toString('utf8');
    const passes = complaint.includes(MEMORY_HELD) || removeStaleLock(cluster.data, complaint);
    if (passes && performance.now() < retryUntil) continue;
    const reason = /(?:FATAL|PANIC):\s+(.*)/.exec(complaint)?.[1] ?? 'no reason in its log';
    throw new LocalError(
      'postgres_not_started',
      `Postgres did not start: ${reason}`,
      `read ${cluster.logFile}`,
    );
  }
}

/**
 * Postgres checks its lock file itself, and well: it also finds backends that outlived their server. It is
 * wrong in one case, after a reboot: the number in the file is that of another program now.
 */
function removeStaleLock(data: string, complaint: string): boolean {
  const lock = path.join(data, 'postmaster.pid');
  if (!complaint.includes('postmaster.pid') || !existsSync(lock)) return false;
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0]);
  if (commandLineOf(pid).includes(data)) return false;
  rmSync(lock, { force: true });
  return true;
}

function launch(cluster: Cluster, port: number): Promise<SupervisedProcess> {
  const settings: Record<string, string> = {
    listen_addresses: HOST,
    port: String(port),
    // A socket's path has a length limit that a data folder may exceed; loopback serves everyone.
    unix_socket_directories: '',
    max_connections: '200',
    log_checkpoints: 'off',
    ...cluster.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, ...args] = [
    ...cluster.account.prefix,
    cluster.binaries.postgres,
    '-D',
    cluster.data,
    ...flags,
  ];
  return supervise({
    command: command!,
    args,
    env: serverEnvironment(),
    cwd: cluster.data,
    logFile: cluster.logFile,
    stopSignal: 'SIGINT',
    graceSeconds: 30,
    user: cluster.account.user,
  });
}

/** Lines 1 and 8 of postmaster.pid are the server's own word on itself (`LOCK_FILE_LINE_PM_STATUS`). */
function isReady(data: string, pid: number): boolean {
  const file = path.join(data, 'postmaster.pid');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

const serverEnvironment = () => ({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_MESSAGES: 'C', TZ: 'UTC' });
