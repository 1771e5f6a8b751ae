import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { migrate } from '../src/db/migrate.ts';
import { formatApiKey, generateApiKey, hashApiKeySecret } from '../src/domain/api-key.ts';
import { PERMISSIONS } from '../src/domain/permissions.ts';
import { secretOwner } from '../src/domain/secrets/owner.ts';
import { type Keyring, keyringOf, seal } from '../src/domain/secrets/seal.ts';
import { obtainAsterisk } from '../src/local/asterisk/obtain.ts';
import { type LocalAsterisk, startAsterisk } from '../src/local/asterisk/run.ts';
import { type LocalPostgres, startPostgres } from '../src/local/postgres.ts';
import { type ApiClient, apiClient } from '../test/support/api-client.ts';
import { closePhones } from '../test/support/phones/open-phones.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';

/** Real Postgres, real Asterisk and the service, three processes, in a temporary folder. */
export interface Stack {
  readonly service: ServiceProcess;
  asterisk: LocalAsterisk;
  postgres: LocalPostgres;
  /** As the owner of the database: for preparing and for looking. */
  owner: pg.Pool;
  /** With every permission. */
  api: ApiClient;
  keyring: Keyring;
  nodeId: string;
  folder: string;
  restartService(): Promise<void>;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Lines kept ready, as an operator sets them. */
  spareSip?: number;
}

/** The name that the service gives to the PBX of its configuration. */
const NODE = 'local';

const running = new Set<() => Promise<void>>();

/** Makes `stop` known to `stopEverything` until it has been called. */
export function onStop(stop: () => Promise<void>): () => Promise<void> {
  const once = () => (running.delete(once) ? stop() : Promise.resolve());
  running.add(once);
  return once;
}

/** Stops what a figure that was interrupted has left running. */
export async function stopEverything(): Promise<void> {
  for (const stop of running) await stop();
}

export async function startStack({ spareSip = 50 }: StackOptions = {}): Promise<Stack> {
  const { projectRoot } = readConfig();
  const folder = temporaryFolder();
  const stops: (() => Promise<unknown>)[] = [];
  const stop = onStop(async () => {
    await closePhones();
    for (const end of stops.splice(0).reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres') });
    stops.push(() => postgres.stop());
    const asterisk = await startBenchAsterisk(path.join(folder, 'asterisk'));
    stops.push(() => asterisk.stop());
    const masterKey = randomBytes(32);
    const keyring = keyringOf([masterKey]);
    await migrate(postgres.url, path.join(projectRoot, 'prisma/migrations'));
    const owner = new pg.Pool({ connectionString: postgres.url, max: 2 });
    owner.on('error', () => undefined);
    stops.push(() => owner.end());
    const nodeId = await enterNode(owner, asterisk, keyring, spareSip);
    const logFile = path.join(folder, 'service.log');
    const start = () =>
      startServiceProcess({ projectRoot, databaseUrl: postgres.url, masterKey, asterisk, logFile });
    let service = await start();
    stops.push(() => service.stop());
    const api = apiClient(() => service.url, await enterKey(owner));
    return {
      ...{ asterisk, postgres, owner, api, keyring, nodeId, folder, stop },
      get service() {
        return service;
      },
      async restartService() {
        await service.stop();
        service = await start();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Postgres, which may run as another user, must be able to enter it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  chmodSync(folder, 0o755);
  return folder;
}

export async function startBenchAsterisk(runDir: string, configDir?: string): Promise<LocalAsterisk> {
  const own = path.join(readConfig().projectRoot, 'asterisk-config');
  return startAsterisk({ root: await asteriskRoot(), runDir, configDir: configDir ?? own });
}

export function asteriskRoot(): Promise<string> {
  const { dataDir, local } = readConfig();
  return obtainAsterisk({
    dataDir,
    root: local.asteriskRoot ?? undefined,
    mirror: local.debianMirror ?? undefined,
    say: console.error,
  });
}

async function enterNode(
  owner: pg.Pool,
  { ami, ari, sip }: LocalAsterisk,
  keyring: Keyring,
  spareSip: number,
): Promise<string> {
  const { rows } = await owner.query<{ id: string }>(
    `INSERT INTO pbx_nodes (name, sip_host, sip_port, ami_host, ami_port, ami_user, ami_secret, ari_url, ari_user,
                            ari_secret, spare_sip)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
    [
      NODE,
      sip.host,
      sip.port,
      ami.host,
      ami.port,
      ami.username,
      seal(keyring, ami.secret, secretOwner.ami(NODE)),
      ari.url,
      ari.username,
      seal(keyring, ari.secret, secretOwner.ari(NODE)),
      spareSip,
    ],
  );
  return rows[0]!.id;
}

async function enterKey(owner: pg.Pool): Promise<string> {
  const token = generateApiKey();
  await owner.query(
    `INSERT INTO api_keys (id, tenant_id, name, secret_hash, scopes, created_by) VALUES ($1, NULL, 'bench', $2, $3, '{}')`,
    [token.id, Buffer.from(hashApiKeySecret(token.secret)), Object.keys(PERMISSIONS)],
  );
  return formatApiKey(token);
}
