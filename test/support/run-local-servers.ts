/**
 * A program that runs both servers until it is ended in some way or other:
 * `node --import tsx run-local-servers.ts <data folder> <asterisk root> <asterisk-config>`.
 * Prints their numbers in one line of JSON once both are up.
 */
import path from 'node:path';
import { startAsterisk } from '../../src/local/asterisk/run.ts';
import { startPostgres } from '../../src/local/postgres.ts';

const [dataDir, root, configDir] = process.argv.slice(2) as [string, string, string];
const [postgres, asterisk] = await Promise.all([
  startPostgres({ dataDir: path.join(dataDir, 'postgres') }),
  startAsterisk({ root, runDir: path.join(dataDir, 'asterisk'), configDir }),
]);
console.log(JSON.stringify({ postgres: postgres.pid, asterisk: asterisk.pid }));
setInterval(() => {}, 1 << 30);
