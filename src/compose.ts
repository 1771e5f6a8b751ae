import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from './api/app.ts';
import { type RunningServer, startServer } from './api/server.ts';
import { authenticateApiKey, findTenant } from './db/access.ts';
import { AppliedWatch } from './db/applied.ts';
import { type Database, openDatabase } from './db/client.ts';
import { idempotencyStore } from './db/idempotency.ts';
import { prepareLogins } from './db/logins.ts';
import { migrate } from './db/migrate.ts';
import { type NodeConnection, readNodes } from './db/nodes.ts';
import { SyncLead } from './db/sync-lead.ts';
import { derivedKey, derivedSecret } from './domain/secrets/derive.ts';
import { secretOwner } from './domain/secrets/owner.ts';
import { type Keyring, keyringOf, seal, unseal } from './domain/secrets/seal.ts';
import type { FeatureDeps } from './features/deps.ts';
import { allRoutes } from './features/routes.ts';
import { connectToAsterisk } from './pbx/asterisk-adapter.ts';
import type { Pbx } from './pbx/port.ts';
import { type ProjectionInputs, projection } from './reconcile/desired.ts';
import { Driver } from './reconcile/driver.ts';
import { syncMetrics } from './sync-metrics.ts';

export interface PatchbayOptions {
  /** The migrating owner's connection string; the service's own logins are made from it. */
  databaseUrl: string;
  migrationsFolder: string;
  /** 32 bytes each; the first seals, the others open what older keys sealed. */
  masterKeys: readonly Buffer[];
  http: { host: string; port: number };
  /** The built console, where there is one. */
  publicDir?: string;
  version: string;
  logger: Logger;
  /** The numbering plan and the profiles, as entries; what of it concerns extensions. */
  dialling?: Pick<ProjectionInputs, 'planEntries' | 'profileEntries'> &
    Pick<FeatureDeps, 'isReservedExtension'>;
  /** Milliseconds between two comparisons of a whole node when nothing else asks for one. */
  compareEvery?: number;
}

/** The running service. */
export interface Patchbay {
  url: string;
  deps: FeatureDeps;
  driver: Driver;
  /** Takes nothing new, finishes what is under way, lets go of the nodes, closes the database. */
  stop(): Promise<void>;
}

/** Milliseconds that requests under way get at shutdown. */
const DRAIN = 10_000;

/** The one place where the parts meet: nothing else knows them all. */
export async function startPatchbay(options: PatchbayOptions): Promise<Patchbay> {
  const masterKey = options.masterKeys[0]!;
  const keyring = keyringOf(options.masterKeys);
  await migrate(options.databaseUrl, options.migrationsFolder);
  const urls = await prepareLogins(options.databaseUrl, masterKey);
  const db = openDatabase(urls.app);
  const applied = new AppliedWatch(urls.sync);
  await applied.start();
  const metrics = new Registry();
  const driver = startDriver(options, keyring, urls.sync, syncMetrics(metrics));
  await driver.start();
  const deps = featureDeps(options, db, keyring, driver, applied);
  const server = await listen(options, deps, metrics, derivedKey(masterKey, 'api'));
  return {
    url: server.url,
    deps,
    driver,
    async stop() {
      await server.stop(DRAIN);
      await driver.stop();
      await applied.close();
      await db.close();
    },
  };
}

function startDriver(
  options: PatchbayOptions,
  keyring: Keyring,
  syncUrl: string,
  onPass: ConstructorParameters<typeof Driver>[0]['onPass'],
): Driver {
  return new Driver({
    readNodes: () => readNodes(syncUrl),
    connect: (node) => connectTo(node, keyring, options.logger),
    takeLead: (nodeId, onWake, onLost) => SyncLead.take(syncUrl, nodeId, onWake, onLost),
    projection: projection({
      ...(options.dialling ?? { planEntries: new Map(), profileEntries: () => new Map() }),
      open: (sealed, belongsTo) => unseal(keyring, sealed, belongsTo),
      spareSecret: (lineId) => derivedSecret(options.masterKeys[0]!, `spare line ${lineId}`),
    }),
    compareEvery: options.compareEvery ?? 60_000,
    askForLeadEvery: 2_000,
    readNodesEvery: 10_000,
    log: options.logger,
    onPass,
  });
}

function connectTo(node: NodeConnection, keyring: Keyring, logger: Logger): Pbx {
  return connectToAsterisk({
    ami: {
      host: node.amiHost,
      port: node.amiPort,
      username: node.amiUser,
      secret: unseal(keyring, node.amiSecret, secretOwner.ami(node.name)),
    },
    ari: {
      baseUrl: node.ariUrl,
      username: node.ariUser,
      password: unseal(keyring, node.ariSecret, secretOwner.ari(node.name)),
    },
    onDefect: (err) => logger.error({ err, node: node.name }, 'a listener to the PBX failed'),
  });
}

function featureDeps(
  { dialling }: PatchbayOptions,
  db: Database,
  keyring: Keyring,
  driver: Driver,
  applied: AppliedWatch,
): FeatureDeps {
  return {
    db,
    seal: (secret, belongsTo) => new Uint8Array(seal(keyring, secret, belongsTo)),
    unseal: (sealed, belongsTo) => unseal(keyring, sealed, belongsTo),
    pbxOf: (nodeId) => driver.pbxOf(nodeId),
    waitApplied: (tenantId, subjects, seconds) => applied.wait(db, tenantId, subjects, seconds),
    isReservedExtension: dialling?.isReservedExtension ?? (() => false),
    nodesChanged: () => driver.refresh(),
  };
}

async function listen(
  options: PatchbayOptions,
  deps: FeatureDeps,
  metrics: Registry,
  secret: Buffer,
): Promise<RunningServer> {
  const app = createApp({
    routes: allRoutes(deps),
    authenticate: (credential) => authenticateApiKey(deps.db, credential.token),
    resolveTenant: (name) => findTenant(deps.db, name),
    idempotencyStore: idempotencyStore(deps.db),
    secret,
    version: options.version,
    logger: options.logger,
    metrics,
    healthChecks: [
      {
        name: 'database',
        check: async () => {
          await deps.db.asNobody((tx) => tx.$queryRaw`SELECT 1`);
          return undefined;
        },
      },
    ],
    publicDir: options.publicDir,
  });
  return startServer({ app, ...options.http, logger: options.logger });
}
