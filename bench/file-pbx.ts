import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../src/config.ts';
import { closePhones } from '../test/support/phones/open-phones.ts';
import type { Account } from './changes.ts';
import { type Fields, foreignLine } from './push-user.ts';
import { onStop, startBenchAsterisk, temporaryFolder } from './stack.ts';
import type { Way } from './ways.ts';

/**
 * An Asterisk with our configuration but for one thing: endpoints, auths and aors stand in a file, as in a PBX that
 * is provisioned by writing files. A new user is a block at its end and a reload.
 */
export async function filePbx(
  users: number,
): Promise<Pick<Way, 'asterisk' | 'there' | 'add'> & { stop(): Promise<void> }> {
  const folder = temporaryFolder();
  const configDir = path.join(folder, 'config');
  cpSync(path.join(readConfig().projectRoot, 'asterisk-config'), configDir, { recursive: true });
  // Without a mapping, res_pjsip looks into pjsip.conf (its documented default).
  writeFileSync(path.join(configDir, 'sorcery.conf'), '[res_pjsip]\n');
  appendFileSync(path.join(configDir, 'pjsip.conf'), `\n#include ${path.join(configDir, 'users.conf')}\n`);
  const usersFile = path.join(configDir, 'users.conf');
  const there = Array.from({ length: users }, (_, i) => foreignLine(i));
  writeFileSync(usersFile, there.map(blockOf).join(''));
  const asterisk = await startBenchAsterisk(path.join(folder, 'asterisk'), configDir);
  return {
    asterisk,
    there,
    async add(): Promise<Account> {
      const line = foreignLine(90_000);
      appendFileSync(usersFile, blockOf(line));
      await asterisk.command('module reload res_pjsip.so');
      return line;
    },
    stop: onStop(async () => {
      await closePhones();
      await asterisk.stop();
      rmSync(folder, { recursive: true, force: true });
    }),
  };
}

/** Three sections of the same name, told apart by their type. */
function blockOf({ lineId, objects }: ReturnType<typeof foreignLine>): string {
  const section = ([type, fields]: [string, Fields]) => [
    `[${lineId}]`,
    `type = ${type}`,
    ...Object.entries(fields).map(([name, value]) => `${name} = ${value.replaceAll(';', '\\;')}`),
    '',
  ];
  return `${objects.flatMap(section).join('\n')}\n`;
}
