import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type AsteriskSettings, type LocalAsterisk, startAsterisk } from '../../src/local/asterisk/run.ts';
import type {} from './provided.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * An Asterisk of a test's own, to be restarted, killed and robbed of its AstDB. Stopped and removed by
 * `stop`; inside a test that happens by itself at its end.
 */
export async function startPrivateAsterisk(settings?: AsteriskSettings): Promise<LocalAsterisk> {
  const runDir = temporaryFolder();
  const remove = () => rmSync(runDir, { recursive: true, force: true });
  const configDir = path.join(readConfig().projectRoot, 'asterisk-config');
  const start = startAsterisk({ root: inject('asterisk').root, runDir, configDir, settings });
  start.catch(remove);
  const asterisk = await start;
  const stop = asterisk.stop;
  asterisk.stop = () => stop().finally(remove);
  return asterisk;
}

/** As `startPrivateAsterisk`, stopped when the test that calls it has finished. */
export async function privateAsterisk(settings?: AsteriskSettings): Promise<LocalAsterisk> {
  const asterisk = await startPrivateAsterisk(settings);
  onTestFinished(() => asterisk.stop());
  return asterisk;
}

/** Takes away everything that Asterisk stored, as a disk failure would, and starts it again without. */
export async function loseAstDb(asterisk: LocalAsterisk): Promise<void> {
  await asterisk.kill('SIGKILL');
  const db = path.join(asterisk.runDir, 'db');
  for (const file of readdirSync(db)) rmSync(path.join(db, file), { recursive: true });
  await asterisk.restart();
}
