import path from 'node:path';
import { pino } from 'pino';
import { startPatchbay } from './compose.ts';
import { ConfigError, readConfig } from './config.ts';
import { prepareFirstRun } from './first-run.ts';
import { LocalError } from './local/errors.ts';
import { provideServers } from './local-servers.ts';

/** Starts everything, says where it is, and ends it in order on SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const config = readConfig();
  const say = (line: string) => console.log(line);
  const servers = await provideServers(config, say);
  const logger = pino({ level: config.logLevel, name: 'patchbay' });
  const patchbay = await startPatchbay({
    databaseUrl: servers.databaseUrl,
    migrationsFolder: path.join(config.projectRoot, 'prisma/migrations'),
    masterKeys: servers.secretKeys,
    http: config.http,
    version: config.version,
    logger,
  });
  for (const line of await prepareFirstRun(patchbay.deps, servers.pbx, patchbay.url)) say(line);
  say(`Patchbay: ${patchbay.url} (API ${patchbay.url}/api/docs)`);
  for (const line of servers.started) say(`  ${line}`);

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await patchbay.stop();
    await servers.stop();
    process.exit(0);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
}

main().catch((error) => {
  const known = error instanceof ConfigError || error instanceof LocalError;
  console.error(known ? error.message : error);
  process.exit(1);
});
