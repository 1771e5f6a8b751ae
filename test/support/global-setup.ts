import { rmSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { readConfig } from '../../src/config.ts';
import { obtainAsterisk } from '../../src/local/asterisk/obtain.ts';
import { type LocalAsterisk, startAsterisk } from '../../src/local/asterisk/run.ts';
import { type LocalPostgres, startPostgres } from '../../src/local/postgres.ts';
import type {} from './provided.ts';
import { removeAbandonedFolders, temporaryFolder } from './temporary-folder.ts';

/** One Postgres and one Asterisk for all system suites, on free ports, gone at the end with all they wrote. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const { projectRoot, dataDir, local } = readConfig();
  const say = (line: string) => console.log(line);
  const root = await obtainAsterisk({
    dataDir,
    root: local.asteriskRoot ?? undefined,
    mirror: local.debianMirror ?? undefined,
    say,
  });
  removeAbandonedFolders();
  const temporary = temporaryFolder();
  const running: (LocalPostgres | LocalAsterisk)[] = [];
  const tearDown = async () => {
    await Promise.all(running.map((server) => server.stop()));
    rmSync(temporary, { recursive: true, force: true });
  };
  try {
    const postgres = await startPostgres({ dataDir: path.join(temporary, 'postgres'), settings: THROW_AWAY });
    running.push(postgres);
    const configDir = path.join(projectRoot, 'asterisk-config');
    const asterisk = await startAsterisk({ root, runDir: path.join(temporary, 'asterisk'), configDir });
    running.push(asterisk);
    project.provide('postgresUrl', postgres.url);
    project.provide('asterisk', factsOf(asterisk, root));
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

/** Nobody needs this data after a power cut. */
const THROW_AWAY = { fsync: 'off', full_page_writes: 'off' };

function factsOf(asterisk: LocalAsterisk, root: string) {
  const { runDir, pid, ami, ari, sip, webSocketUrl, logFile } = asterisk;
  return { root, runDir, pid, ami, ari, sip, webSocketUrl, logFile };
}
