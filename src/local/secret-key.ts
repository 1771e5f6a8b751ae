import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LocalError } from './errors.ts';

const BYTES = 32;

/**
 * The key that seals the secrets of a local run's database: made at the first start, kept beside the
 * database in a file that only its owner reads.
 *
 * @throws LocalError secret_key_unusable when the file holds something else
 */
export function localSecretKey(dataDir: string): Buffer {
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'secret-key');
  const made = `${file}.${process.pid}`;
  writeFileSync(made, `${randomBytes(BYTES).toString('base64')}\n`, { mode: 0o600 });
  try {
    // A link comes into being as a whole, and fails where the key exists: of two first starts one wins.
    linkSync(made, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== BYTES)
    throw new LocalError(
      'secret_key_unusable',
      `${file} does not hold ${BYTES} bytes in base64`,
      'restore it from a backup: without it the SIP passwords in the database cannot be read',
    );
  return key;
}
