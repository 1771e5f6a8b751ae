import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { obtainAsterisk } from '../../src/local/asterisk/obtain.ts';
import { LocalError } from '../../src/local/errors.ts';
import { identityOf, withLock } from '../../src/local/process-record.ts';
import { localSecretKey } from '../../src/local/secret-key.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function ownFolder(): string {
  const dir = temporaryFolder();
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('the key of a local run is made once, readable by its owner alone', () => {
  const dir = path.join(ownFolder(), 'data');
  const key = localSecretKey(dir);
  expect(key).toHaveLength(32);
  expect(localSecretKey(dir)).toEqual(key);
  expect(localSecretKey(ownFolder())).not.toEqual(key);
  expect(statSync(path.join(dir, 'secret-key')).mode & 0o777).toBe(0o600);
});

test('a damaged key is an error and stays as it is, for the backup to be compared with', () => {
  const dir = ownFolder();
  writeFileSync(path.join(dir, 'secret-key'), 'damaged');
  expect(() => localSecretKey(dir)).toThrow(expect.objectContaining({ code: 'secret_key_unusable' }));
  expect(readFileSync(path.join(dir, 'secret-key'), 'utf8')).toBe('damaged');
});

test('of two that want a lock one waits for the other', async () => {
  const file = path.join(ownFolder(), 'lock');
  const order: string[] = [];
  await withLock(file, 1000, async () => {
    order.push('first in');
    await expect(withLock(file, 20, async () => order.push('never'))).rejects.toMatchObject({ code: 'busy' });
    order.push('first out');
  });
  await withLock(file, 1000, async () => order.push('second in'));
  expect(order).toEqual(['first in', 'first out', 'second in']);
  expect(existsSync(file)).toBe(false);
});

test('a lock whose holder is gone is taken over, also when its number is another process now', async () => {
  const file = path.join(ownFolder(), 'lock');
  const gone = spawnSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' });
  const holders = [
    { pid: Number(gone.stdout), started: 'x' },
    { ...identityOf(process.pid), started: 'an earlier boot' },
  ];
  for (const process of holders) {
    writeFileSync(file, JSON.stringify({ process }));
    expect(await withLock(file, 1000, async () => 'taken')).toBe('taken');
  }
});

test('a download that fails leaves no tree that could be taken for a whole one, and no lock', async () => {
  const dataDir = ownFolder();
  const attempt = obtainAsterisk({ dataDir, mirror: `file:${dataDir}/nothing-here`, say: () => {} });
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason as LocalError,
  );
  expect(error).toBeInstanceOf(LocalError);
  expect(['asterisk_download_failed', 'asterisk_unavailable']).toContain(error?.code);
  expect(error?.remedy).toMatch(/apt|Docker/);
  expect(existsSync(path.join(dataDir, 'asterisk'))).toBe(false);
  expect(existsSync(path.join(dataDir, 'asterisk.lock'))).toBe(false);
});

test('a folder that was named but holds no Asterisk is not filled with one', async () => {
  const dataDir = ownFolder();
  await expect(
    obtainAsterisk({ dataDir, root: path.join(dataDir, 'typo'), say: () => {} }),
  ).rejects.toMatchObject({
    code: 'asterisk_unavailable',
    remedy: expect.stringContaining('PATCHBAY_ASTERISK_ROOT'),
  });
});
