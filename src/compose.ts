import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from './api/app.ts';
import type { HealthCheck } from './api/health.ts';
import { type RunningServer, startServer } from './api/server.ts';
import { createWsProxy } from './api/ws-proxy.ts';
import { authenticateApiKey, findTenant, reachesUser } from './db/access.ts';
import { AppliedWatch } from './db/applied.ts';
import { type Database, openDatabase } from './db/client.ts';
import { idempotencyStore } from './db/idempotency.ts';
import { prepareLogins } from './db/logins.ts';
import { migrate } from './db/migrate.ts';
import { type NodeConnection, readNodes } from './db/nodes.ts';
import { SyncLead } from './db/sync-lead.ts';
import { SyncReader } from './db/sync-reader.ts';
import { isEmergency } from './domain/dialling/short-codes.ts';
import { DomainError } from './domain/errors.ts';
import { derivedKey, derivedSecret } from './domain/secrets/derive.ts';
import { secretOwner } from './domain/secrets/owner.ts';
import { type Keyring, keyringOf, seal, unseal } from './domain/secrets/seal.ts';
import { IdleDeletions } from './features/deletion/idle-deletions.ts';
import type { FeatureDeps } from './features/deps.ts';
import { allRoutes } from './features/routes.ts';
import { connectToAsterisk } from './pbx/asterisk-adapter.ts';
import type { Pbx } from './pbx/port.ts';
import { type Projection, projection } from './reconcile/desired.ts';
import { Driver } from './reconcile/driver.ts';
import { dryRun } from './reconcile/dry-run.ts';
import type { PassReport } from './reconcile/passes.ts';
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
  /** Milliseconds between two comparisons of a whole node when nothing else asks for one. */
  compareEvery?: number;
  /** Told of every pass of a reconciler, beside the metrics. */
  onPass?: (node: string, report: PassReport) => void;
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

/** Milliseconds between two looks for answers to repeated requests that have been kept long enough. */
const FORGET_EVERY = 3_600_000;

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
  const project = projectionOf(options, keyring);
  const driver = startDriver(options, keyring, urls.sync, project, syncMetrics(metrics));
  await driver.start();
  const reader = new SyncReader(urls.sync);
  const deps = featureDeps({
    db,
    keyring,
    driver,
    applied,
    reader,
    project,
    deletionQueued: () => idleDeletions.wake(),
  });
  const idleDeletions = new IdleDeletions(deps, reader, options.logger);
  idleDeletions.start();
  const answers = idempotencyStore(db);
  const forgetting = setInterval(() => void answers.forget().catch(() => undefined), FORGET_EVERY);
  const server = await listen(options, deps, driver, {
    metrics,
    answers,
    secret: derivedKey(masterKey, 'api'),
  });
  return {
    url: server.url,
    deps,
    driver,
    async stop() {
      clearInterval(forgetting);
      await server.stop(DRAIN);
      await idleDeletions.stop();
      await driver.stop();
      await reader.close();
      await applied.close();
      await db.close();
    },
  };
}

function projectionOf({ masterKeys }: PatchbayOptions, keyring: Keyring): Projection {
  return projection({
    open: (sealed, belongsTo) => unseal(keyring, sealed, belongsTo),
    spareSecret: (lineId) => derivedSecret(masterKeys[0]!, `spare line ${lineId}`),
  });
}

function startDriver(
  options: PatchbayOptions,
  keyring: Keyring,
  syncUrl: string,
  project: Projection,
  measure: (node: string, report: PassReport) => void,
): Driver {
  return new Driver({
    readNodes: () => readNodes(syncUrl),
    connect: (node) => connectTo(node, keyring, options.logger),
    takeLead: (nodeId, onWake, onLost) => SyncLead.take(syncUrl, nodeId, onWake, onLost),
    projection: project,
    compareEvery: options.compareEvery ?? 60_000,
    askForLeadEvery: 2_000,
    readNodesEvery: 10_000,
    log: options.logger,
    onPass: (node, report) => {
      measure(node, report);
      options.onPass?.(node, report);
    },
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

interface Parts extends Pick<FeatureDeps, 'db' | 'deletionQueued'> {
  keyring: Keyring;
  driver: Driver;
  applied: AppliedWatch;
  reader: SyncReader;
  project: Projection;
}

function featureDeps(parts: Parts): FeatureDeps {
  const { db, keyring, driver, applied, reader, project, deletionQueued } = parts;
  return {
    db,
    seal: (secret, belongsTo) => new Uint8Array(seal(keyring, secret, belongsTo)),
    unseal: (sealed, belongsTo) => unseal(keyring, sealed, belongsTo),
    pbxOf: (nodeId) => driver.pbxOf(nodeId),
    waitApplied: (tenantId, subjects, seconds) => applied.wait(db, tenantId, subjects, seconds),
    waitCompared: (nodeId, seconds) => applied.waitCompared(db, nodeId, seconds),
    dryRun: async (nodeId) => {
      const pbx = driver.pbxOf(nodeId);
      return pbx && dryRun(nodeId, pbx, project, reader);
    },
    nodeFigures: (nodeId) => reader.figures(nodeId),
    deletionQueued,
    isReservedExtension: isEmergency,
    nodesChanged: () => driver.refresh(),
  };
}

async function listen(
  options: PatchbayOptions,
  deps: FeatureDeps,
  driver: Driver,
  own: { metrics: Registry; answers: ReturnType<typeof idempotencyStore>; secret: Buffer },
): Promise<RunningServer> {
  const { version, logger, publicDir } = options;
  const app = createApp({
    routes: allRoutes(deps),
    authenticate: (credential, { ip }) => authenticateApiKey(deps.db, credential.token, ip),
    resolveTenant: (name) => findTenant(deps.db, name),
    reaches: (tenantId, supervisor, userId) => reachesUser(deps.db, tenantId, supervisor, userId),
    idempotencyStore: own.answers,
    secret: own.secret,
    version,
    logger,
    metrics: own.metrics,
    healthChecks: healthChecks(deps.db, driver),
    publicDir,
  });
  const wsProxy = createWsProxy({ targetOf: (path) => webSocketOf(driver, path), logger });
  return startServer({ app, ...options.http, logger, wsProxy });
}

/** The service does its work while a PBX is away (changes wait for it), so only the database makes it unready. */
function healthChecks(db: Database, driver: Driver): HealthCheck[] {
  return [
    {
      name: 'database',
      check: async () => {
        await db.asNobody((tx) => tx.$queryRaw`SELECT 1`);
        return undefined;
      },
    },
    {
      name: 'pbx',
      required: false,
      check: async () => {
        const away = driver.nodes().filter(({ pbx }) => pbx.link.state !== 'connected');
        if (away.length === 0) return `${driver.nodes().length} connected`;
        const names = away.map(({ node }) => node.name).join(', ');
        throw new DomainError('pbx-not-connected', `Not connected: ${names}. Changes are kept for it.`);
      },
    },
  ];
}

/** `/ws/<node>` is the SIP WebSocket of that node's Asterisk, which serves it beside ARI. */
function webSocketOf(driver: Driver, path: string): string | null {
  const name = /^\/ws\/([a-z0-9-]+)$/.exec(path)?.[1];
  const found = driver.nodes().find(({ node }) => node.name === name);
  if (!found) return null;
  const url = new URL('/ws', found.node.ariUrl);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.toString();
}
