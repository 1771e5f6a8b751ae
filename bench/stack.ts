import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { type Patchbay, startPatchbay } from '../src/compose.ts';
import { readConfig } from '../src/config.ts';
import { secretOwner } from '../src/domain/secrets/owner.ts';
import { type Keyring, keyringOf, seal } from '../src/domain/secrets/seal.ts';
import { obtainAsterisk } from '../src/local/asterisk/obtain.ts';
import { type LocalAsterisk, startAsterisk } from '../src/local/asterisk/run.ts';
import { type LocalPostgres, startPostgres } from '../src/local/postgres.ts';
import type { PassReport } from '../src/reconcile/passes.ts';

/** Real Postgres, real Asterisk and the service, in a temporary folder, for figures. */
export interface BenchService {
  patchbay: Patchbay;
  asterisk: LocalAsterisk;
  postgres: LocalPostgres;
  owner: pg.Pool;
  keyring: Keyring;
  nodeId: string;
  passes: PassReport[];
  stop(): Promise<void>;
}

export async function startBench(): Promise<BenchService> {
  const { projectRoot, dataDir, local } = readConfig();
  const root = await obtainAsterisk({ dataDir, root: local.asteriskRoot ?? undefined, say: console.error });
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  chmodSync(folder, 0o755);
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres') });
  const asterisk = await startAsterisk({
    root,
    runDir: path.join(folder, 'asterisk'),
    configDir: path.join(projectRoot, 'asterisk-config'),
  });
  const masterKeys = [randomBytes(32)];
  const passes: PassReport[] = [];
  const patchbay = await startPatchbay({
    databaseUrl: postgres.url,
    masterKeys,
    migrationsFolder: path.join(projectRoot, 'prisma/migrations'),
    http: { host: '127.0.0.1', port: 0 },
    version: 'bench',
    logger: pino({ level: 'warn' }, pino.destination(2)),
    compareEvery: 3_600_000,
    onPass: (_node, report) => void passes.push(report),
  });
  const owner = new pg.Pool({ connectionString: postgres.url, max: 2 });
  owner.on('error', () => undefined);
  const keyring = keyringOf(masterKeys);
  const nodeId = await enterNode(owner, asterisk, keyring);
  await patchbay.driver.refresh();
  await patchbay.deps.pbxOf(nodeId)!.link.whenConnected(30_000);
  return {
    patchbay,
    asterisk,
    postgres,
    owner,
    keyring,
    nodeId,
    passes,
    async stop() {
      await patchbay.stop();
      await owner.end();
      await asterisk.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function enterNode(owner: pg.Pool, asterisk: LocalAsterisk, keyring: Keyring): Promise<string> {
  const { ami, ari, sip } = asterisk;
  const { rows } = await owner.query<{ id: string }>(
    `INSERT INTO pbx_nodes (name, sip_host, sip_port, ami_host, ami_port, ami_user, ami_secret, ari_url, ari_user, ari_secret)
     VALUES ('bench', $1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
    [
      sip.host,
      sip.port,
      ami.host,
      ami.port,
      ami.username,
      seal(keyring, ami.secret, secretOwner.ami('bench')),
      ari.url,
      ari.username,
      seal(keyring, ari.secret, secretOwner.ari('bench')),
    ],
  );
  return rows[0]!.id;
}
