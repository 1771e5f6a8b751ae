import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { startAsterisk } from '../../src/local/asterisk/run.ts';
import { LocalError } from '../../src/local/errors.ts';
import { startPostgres } from '../../src/local/postgres.ts';
import { identityOf, isRunning, type ProcessIdentity } from '../../src/local/process-record.ts';
import { until } from '../../src/local/until.ts';
import { loseAstDb, privateAsterisk } from '../support/private-asterisk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { projectRoot } = readConfig();
const configDir = path.join(projectRoot, 'asterisk-config');
const { root } = inject('asterisk');

function ownFolder(): string {
  const dir = temporaryFolder();
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function ownPostgres(dataDir: string) {
  const postgres = await startPostgres({ dataDir });
  onTestFinished(() => postgres.stop());
  return postgres;
}

async function ownAsterisk(runDir: string) {
  const asterisk = await startAsterisk({ root, runDir, configDir });
  onTestFinished(() => asterisk.stop());
  return asterisk;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that runs both servers in `dataDir`. */
async function otherOwner(dataDir: string) {
  const script = path.join(projectRoot, 'test/support/run-local-servers.ts');
  const owner = spawn(process.execPath, ['--import', 'tsx', script, dataDir, root, configDir], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void owner.kill('SIGKILL'));
  const pids = JSON.parse(await firstLine(owner)) as { postgres: number; asterisk: number };
  const servers = [identityOf(pids.postgres)!, identityOf(pids.asterisk)!];
  onTestFinished(() => {
    for (const server of servers) if (isRunning(server)) process.kill(server.pid, 'SIGKILL');
  });
  return { owner, servers, asterisk: servers[1]! };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]!);
    });
    child.once('exit', (code) => reject(new Error(`the owner ended with ${code}`)));
  });
}

const allGone = (servers: ProcessIdentity[]) => until(() => !servers.some(isRunning), 20_000);

/** The shells that watch over a server: the other processes of its session. */
function supervisorsOf(server: ProcessIdentity): number[] {
  const session = sessionOf(server.pid);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== server.pid && sessionOf(pid) === session);
}

function sessionOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]!;
  } catch {
    return null;
  }
}

describe('no server outlives the one who started it', () => {
  test('SIGKILL to the owner ends Postgres and Asterisk', async () => {
    const { owner, servers } = await otherOwner(ownFolder());
    expect(servers.every(isRunning)).toBe(true);
    owner.kill('SIGKILL');
    expect(await allGone(servers)).toBe(true);
  });

  test('one that was left behind all the same is recognised and ended by the next start', async () => {
    const dataDir = ownFolder();
    const { owner, asterisk } = await otherOwner(dataDir);
    for (const pid of supervisorsOf(asterisk)) process.kill(pid, 'SIGKILL');
    owner.kill('SIGKILL');
    expect(await until(() => owner.signalCode !== null, 5000)).toBe(true);
    expect(isRunning(asterisk)).toBe(true);

    const lines: string[] = [];
    const runDir = path.join(dataDir, 'asterisk');
    const next = await startAsterisk({ root, runDir, configDir, say: (line) => lines.push(line) });
    onTestFinished(() => next.stop());
    expect(isRunning(asterisk)).toBe(false);
    expect(lines.join()).toContain(`ending process ${asterisk.pid}`);
    expect(await next.command('core show uptime')).toContain('System uptime');
  });

  test('one whose owner is alive is left alone: the second start is refused', async () => {
    const dataDir = ownFolder();
    const { owner, servers } = await otherOwner(dataDir);
    const starts = [
      startAsterisk({ root, runDir: path.join(dataDir, 'asterisk'), configDir }),
      startPostgres({ dataDir: path.join(dataDir, 'postgres') }),
    ];
    for (const start of starts) {
      const error = await start.then(
        () => null,
        (reason: unknown) => reason as LocalError,
      );
      expect(error).toMatchObject({ code: 'busy' });
      expect(error?.message).toContain(`process ${owner.pid}`);
    }
    expect(servers.every(isRunning)).toBe(true);
    owner.kill('SIGKILL');
    expect(await allGone(servers)).toBe(true);
  });
});

describe('Postgres', () => {
  test('keeps what was committed over a stop and over SIGKILL', async () => {
    const dataDir = ownFolder();
    const first = await startPostgres({ dataDir });
    await query(first.url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    await first.stop();

    const second = await ownPostgres(dataDir);
    await query(second.url, 'INSERT INTO kept VALUES (2)');
    await second.kill();
    await expect(query(second.url, 'SELECT 1')).rejects.toThrow();
    await second.restart();
    expect(await query(second.url, 'SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('a statement that runs does not hold up the stop', async () => {
    const postgres = await startPostgres({ dataDir: ownFolder() });
    const client = new pg.Client(postgres.url);
    client.on('error', () => {});
    await client.connect();
    const statement = client.query('SELECT pg_sleep(3600)').then(
      () => 'finished',
      () => 'ended',
    );
    await postgres.stop();
    expect(await statement).toBe('ended');
    // In order, and not with the SIGKILL that comes when patience is over.
    expect(await postgres.ended()).toBe(0);
  });

  test('a wrong password is refused, a letter is a letter in every script', async () => {
    const postgres = await ownPostgres(ownFolder());
    const wrong = new URL(postgres.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await query(postgres.url, 'CREATE EXTENSION pg_trgm');
    const sql = "SELECT upper('zoë яна') AS upper, similarity('Яна', 'яна') AS alike";
    expect(await query(postgres.url, sql)).toEqual([{ upper: 'ZOË ЯНА', alike: 1 }]);
  });
});

describe('Asterisk', () => {
  test('boots without a warning or an error', async () => {
    const asterisk = await privateAsterisk();
    const log = readFileSync(asterisk.logFile, 'utf8').split('\n');
    expect(log.filter((line) => / NOTICE\[.* modules will be loaded/.test(line))).toHaveLength(1);
    expect(log.filter((line) => / (?:WARNING|ERROR)\[/.test(line))).toEqual([]);
  });

  test('keeps AstDB over a stop and a restart, and can lose it', async () => {
    const runDir = path.join(ownFolder(), 'pbx');
    const first = await startAsterisk({ root, runDir, configDir });
    await first.command('database put kept one 1');
    await first.stop();

    const second = await ownAsterisk(runDir);
    expect(await second.command('database get kept one')).toContain('Value: 1');
    const pid = second.pid;
    await second.restart();
    expect(second.pid).not.toBe(pid);
    expect(await second.command('database get kept one')).toContain('Value: 1');
    await loseAstDb(second);
    expect(await second.command('database get kept one')).toContain('not found');
  });

  test('SIGTERM ends it with 0; SIGKILL is survived', async () => {
    const asterisk = await privateAsterisk();
    const ended = asterisk.ended();
    await asterisk.kill('SIGTERM');
    expect(await ended).toBe(0);
    await asterisk.restart();
    await asterisk.kill('SIGKILL');
    await asterisk.restart();
    expect(await asterisk.command('core show uptime')).toContain('System uptime');
  });

  test('two run side by side and do not see each other', async () => {
    const shared = inject('asterisk');
    const own = await privateAsterisk();
    expect([own.ami.port, own.sip.port]).not.toEqual([shared.ami.port, shared.sip.port]);
    await own.command('database put mine only 1');
    const authorization = `Basic ${Buffer.from(`${own.ari.username}:${own.ari.secret}`).toString('base64')}`;
    const ask = (url: string) => fetch(`${url}/asterisk/ping`, { headers: { authorization } });
    expect((await ask(own.ari.url)).status).toBe(200);
    expect((await ask(shared.ari.url)).status).toBe(401);
  });

  test.each(['amiPort', 'httpPort', 'sipPort'])(
    '%s taken is an error, not a PBX with a part missing',
    async (name) => {
      const taken = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void taken.close());
      const { port } = taken.address() as { port: number };
      const runDir = path.join(ownFolder(), 'pbx');
      const start = startAsterisk({ root, runDir, configDir, settings: { [name]: port } });
      const error = await start.then(
        (asterisk) => asterisk.stop(),
        (reason: unknown) => reason as LocalError,
      );
      expect(error).toBeInstanceOf(LocalError);
      expect(error).toMatchObject({ code: 'asterisk_not_started' });
      expect(error?.message).toMatch(/in use/);
    },
  );
});
