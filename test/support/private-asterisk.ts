import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type AsteriskSettings, type LocalAsterisk, startAsterisk } from '../../src/local/asterisk/run.ts';
import type {} from './provided.ts';

/**
 * An Asterisk of a test's own, to be restarted, killed and robbed of its AstDB. Stopped and removed by
 * `stop`; inside a test that happens by itself at its end.
 */
export async function startPrivateAsterisk(settings?: AsteriskSettings): Promise<LocalAsterisk> {
  const runDir = mkdtempSync(path.join(tmpdir(), 'patchbay-pbx-'));
  const configDir = path.join(readConfig().projectRoot, 'asterisk-config');
  const asterisk = await startAsterisk({ root: inject('asterisk').root, runDir, configDir, settings });
  const stop = asterisk.stop;
  asterisk.stop = async () => {
    await stop();
    rmSync(runDir, { recursive: true, force: true });
  };
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
