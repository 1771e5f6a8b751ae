import path from 'node:path';
import type { Config, ExternalPbx } from './config.ts';
import { obtainAsterisk } from './local/asterisk/obtain.ts';
import { startAsterisk } from './local/asterisk/run.ts';
import { LocalError } from './local/errors.ts';
import { freePortNear } from './local/ports.ts';
import { startPostgres } from './local/postgres.ts';
import { localSecretKey } from './local/secret-key.ts';

/** Phones keep the address they were given: the same port at every start, unless somebody else has it. */
const USUAL_SIP_PORT = 5060;

/** The servers and the key that the service works with, its own or the operator's. */
export interface Servers {
  databaseUrl: string;
  secretKeys: readonly Buffer[];
  /** Null: there is no PBX to be had here; changes are kept for when one is entered. */
  pbx: ExternalPbx | null;
  /** What was started here, in words, for the person at the terminal. */
  started: string[];
  stop(): Promise<void>;
}

/** Starts what the configuration does not point elsewhere: an embedded Postgres, a local Asterisk. */
export async function provideServers(config: Config, say: (line: string) => void): Promise<Servers> {
  const started: string[] = [];
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const [databaseUrl, pbx] = await Promise.all([
      config.databaseUrl ?? localDatabase(config, say, started, stops),
      config.pbx ?? localPbx(config, say, started, stops),
    ]);
    return {
      databaseUrl,
      pbx,
      secretKeys: config.secretKeys ?? [localSecretKey(config.dataDir)],
      started,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Start = (
  config: Config,
  say: (line: string) => void,
  started: string[],
  stops: (() => Promise<void>)[],
) => unknown;

const localDatabase = (async (config, say, started, stops) => {
  const { dataDir, local } = config;
  const postgres = await startPostgres({
    dataDir: path.join(dataDir, 'postgres'),
    port: local.postgresPort,
    say,
  });
  stops.push(() => postgres.stop());
  started.push(`Postgres on port ${postgres.port}`);
  return postgres.url;
}) satisfies Start;

/** Without an Asterisk the service still runs; the reason is said in one line. */
const localPbx = (async (config, say, started, stops) => {
  const { dataDir, local, projectRoot } = config;
  try {
    const root = await obtainAsterisk({
      dataDir,
      root: local.asteriskRoot ?? undefined,
      mirror: local.debianMirror ?? undefined,
      say,
    });
    const asterisk = await startAsterisk({
      root,
      runDir: path.join(dataDir, 'pbx'),
      configDir: path.join(projectRoot, 'asterisk-config'),
      settings: {
        sipAddress: local.sipAddress,
        sipPort: local.sipPort ?? (await freePortNear(USUAL_SIP_PORT, local.sipAddress)),
        amiPort: local.amiPort,
        httpPort: local.asteriskHttpPort,
      },
      say,
    });
    stops.push(() => asterisk.stop());
    started.push(`Asterisk, SIP on ${asterisk.sip.host}:${asterisk.sip.port}`);
    return { ami: asterisk.ami, ari: asterisk.ari, sip: asterisk.sip };
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    say(`No PBX here, changes are kept for it: ${error.message}`);
    return null;
  }
}) satisfies Start;
