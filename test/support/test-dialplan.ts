import { createRequire } from 'node:module';
import type { ProvidedAsterisk } from './provided.ts';

/** The part of asterisk-manager that is used here; it has no types of its own. */
interface Manager {
  on(event: 'connect', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  action(action: Record<string, string>, done: (error: unknown, answer: { message?: string }) => void): void;
  disconnect(done: () => void): void;
}

const createManager = createRequire(import.meta.url)('asterisk-manager') as (
  port: number,
  host: string,
  username: string,
  password: string,
  events: boolean,
) => Manager;

/**
 * Gives a running Asterisk one more extension, written as in extensions.conf without the `same => n,`: for what
 * only a test needs, and what production must therefore not have. It lasts until the PBX restarts.
 */
export async function addExtension(
  ami: ProvidedAsterisk['ami'],
  context: string,
  extension: string,
  lines: readonly string[],
): Promise<void> {
  const manager = createManager(ami.port, ami.host, ami.username, ami.secret, false);
  await new Promise<void>((resolve, reject) => {
    manager.on('connect', resolve);
    manager.on('error', reject);
  });
  for (const [index, line] of lines.entries()) {
    const [, application, data] = /^(\w+)\((.*)\)$/s.exec(line) ?? [];
    if (application === undefined) throw new Error(`not an application call: ${line}`);
    await new Promise<void>((resolve, reject) => {
      const action = {
        action: 'DialplanExtensionAdd',
        context,
        extension,
        priority: String(index + 1),
        application,
        applicationdata: data!,
        replace: 'yes',
      };
      manager.action(action, (error, answer) => {
        if (error) reject(new Error(`${line}: ${JSON.stringify(error)} ${answer?.message}`));
        else resolve();
      });
    });
  }
  await new Promise<void>((resolve) => manager.disconnect(() => resolve()));
}
