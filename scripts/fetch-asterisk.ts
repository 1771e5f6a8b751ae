/** Makes sure that the Asterisk which local runs and tests use is there, and says what it does. */
import { readConfig } from '../src/config.ts';
import { obtainAsterisk } from '../src/local/asterisk/obtain.ts';
import { LocalError } from '../src/local/errors.ts';

const { dataDir, local } = readConfig();
try {
  await obtainAsterisk({
    dataDir,
    root: local.asteriskRoot ?? undefined,
    mirror: local.debianMirror ?? undefined,
    say: (line) => console.log(line),
  });
} catch (error) {
  if (!(error instanceof LocalError)) throw error;
  console.error(`${error.message}; ${error.remedy}`);
  process.exitCode = 3;
}
