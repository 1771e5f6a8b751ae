import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { inject } from 'vitest';
import { type Patchbay, startPatchbay } from '../../src/compose.ts';
import { formatApiKey, generateApiKey, hashApiKeySecret } from '../../src/domain/api-key.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { secretOwner } from '../../src/domain/secrets/owner.ts';
import { keyringOf, seal } from '../../src/domain/secrets/seal.ts';
import { type ApiClient, apiClient } from './api-client.ts';

const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..');

/** Where a PBX answers; as `startAsterisk` reports it. */
export interface PbxAddress {
  ami: { host: string; port: number; username: string; secret: string };
  ari: { url: string; username: string; secret: string };
  sip: { host: string; port: number };
}

export interface TestService {
  url: string;
  patchbay: Patchbay;
  /** The only node of this service. */
  nodeId: string;
  /** With every permission of the platform and of each tenant. */
  platform: ApiClient;
  /** A client with a key of its own; `tenantId` null for a platform key. */
  withKey(tenantId: string | null, scopes: readonly string[]): Promise<ApiClient>;
  /** The database as its owner sees it, beside row-level security: for looking, not for preparing. */
  owner: pg.Pool;
  databaseUrl: string;
  masterKeys: Buffer[];
  /** Every line that the service has logged so far. */
  logged(): string;
  /** Ends the service and starts it again on the same database, as after a crash or an update. `meanwhile`: what happens while it is down. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The whole service as it runs in production, on a database of its own and the Asterisk that all system suites
 * share (`pbx: 'none'`: an address where nobody listens). Its first comparison removes what an earlier suite left.
 */
export async function startService(
  options: { pbx?: PbxAddress | 'shared' | 'none'; compareEvery?: number } = {},
): Promise<TestService> {
  const databaseUrl = await createDatabase();
  const masterKeys = [randomBytes(32)];
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const begin = () =>
    startPatchbay({
      databaseUrl,
      masterKeys,
      migrationsFolder: path.join(PROJECT_ROOT, 'prisma/migrations'),
      http: { host: '127.0.0.1', port: 0 },
      version: 'test',
      logger,
      compareEvery: options.compareEvery,
    });
  let patchbay = await begin();
  const owner = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  owner.on('error', () => undefined);
  const nodeId = await enterNode(owner, addressOf(options.pbx ?? 'shared'), masterKeys);
  await patchbay.driver.refresh();
  const withKey = async (tenantId: string | null, scopes: readonly string[]) =>
    apiClient(() => patchbay.url, await enterKey(owner, tenantId, scopes));
  return {
    get url() {
      return patchbay.url;
    },
    get patchbay() {
      return patchbay;
    },
    nodeId,
    platform: await withKey(null, Object.keys(PERMISSIONS)),
    withKey,
    owner,
    databaseUrl,
    masterKeys,
    logged: () => lines.join(''),
    async restart(meanwhile) {
      await patchbay.stop();
      await meanwhile?.();
      patchbay = await begin();
    },
    async stop() {
      await patchbay.stop();
      await owner.end();
    },
  };
}

async function createDatabase(): Promise<string> {
  const url = new URL(inject('postgresUrl'));
  const admin = new pg.Client({ connectionString: url.toString() });
  await admin.connect();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  url.pathname = `/${name}`;
  return url.toString();
}

function addressOf(pbx: PbxAddress | 'shared' | 'none'): PbxAddress {
  if (pbx === 'shared') return inject('asterisk');
  if (pbx !== 'none') return pbx;
  return {
    // Port 1 is refused at once on loopback.
    ami: { host: '127.0.0.1', port: 1, username: 'nobody', secret: 'nothing' },
    ari: { url: 'http://127.0.0.1:1/ari', username: 'nobody', secret: 'nothing' },
    sip: { host: '127.0.0.1', port: 5060 },
  };
}

async function enterNode(owner: pg.Pool, pbx: PbxAddress, masterKeys: Buffer[]): Promise<string> {
  const keyring = keyringOf(masterKeys);
  const { rows } = await owner.query<{ id: string }>(
    `INSERT INTO pbx_nodes (name, sip_host, sip_port, ami_host, ami_port, ami_user, ami_secret, ari_url, ari_user,
                            ari_secret, spare_sip, spare_webrtc)
     VALUES ('test', $1, $2, $3, $4, $5, $6, $7, $8, $9, 20, 10) RETURNING id`,
    [
      pbx.sip.host,
      pbx.sip.port,
      pbx.ami.host,
      pbx.ami.port,
      pbx.ami.username,
      seal(keyring, pbx.ami.secret, secretOwner.ami('test')),
      pbx.ari.url,
      pbx.ari.username,
      seal(keyring, pbx.ari.secret, secretOwner.ari('test')),
    ],
  );
  return rows[0]!.id;
}

async function enterKey(owner: pg.Pool, tenantId: string | null, scopes: readonly string[]): Promise<string> {
  const token = generateApiKey();
  await owner.query(
    `INSERT INTO api_keys (id, tenant_id, name, secret_hash, scopes, created_by) VALUES ($1, $2, 'test', $3, $4, '{}')`,
    [token.id, tenantId, Buffer.from(hashApiKeySecret(token.secret)), scopes],
  );
  return formatApiKey(token);
}
