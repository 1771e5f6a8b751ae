import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LocalError } from './errors.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

/** How the server's programs are started, and whom its files belong to. */
export type PostgresAccount = { prefix: string[]; user?: { uid: number; gid: number } };

/**
 * Postgres refuses to run as root. An ordinary user runs it as itself. Root runs it in a user namespace
 * of its own, where root's files seem to belong to `nobody`: no account is needed, and a project under
 * /root, which no other account may enter, works. Where namespaces are forbidden (most containers), the
 * account `postgres` is taken, if there is one and it can reach the programs.
 *
 * @throws LocalError postgres_unavailable when root has neither
 */
export function postgresAccount(binaries: PostgresBinaries): PostgresAccount {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const nobody = accountOf('nobody');
  const namespace = ['unshare', '--user', `--map-user=${nobody?.uid ?? 65534}`, '--'];
  if (nobody && canRun({ prefix: namespace }, binaries)) return { prefix: namespace };
  const user = accountOf('postgres');
  if (user && canRun({ prefix: [], user }, binaries)) return { prefix: [], user };
  throw new LocalError(
    'postgres_unavailable',
    'Postgres does not run as root, and there is neither a user namespace nor an account `postgres` that can read this folder',
    'run as an ordinary user, or `useradd --system postgres` with the project outside /root, or set DATABASE_URL',
  );
}

function canRun(account: PostgresAccount, { postgres }: PostgresBinaries): boolean {
  const [command, ...args] = [...account.prefix, postgres, '--version'];
  return spawnSync(command!, args, { ...account.user, timeout: 10_000, env: {} }).status === 0;
}

function accountOf(name: string): { uid: number; gid: number } | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** As root: gives everything under `dir` to the account, whichever one ran there before. */
export function giveTo(dir: string, account: PostgresAccount): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = account.user ?? { uid: 0, gid: 0 };
  if (lstatSync(dir).uid === uid) return;
  for (const name of readdirSync(dir, { recursive: true })) {
    const file = path.join(dir, String(name));
    if (!lstatSync(file).isSymbolicLink()) chownSync(file, uid, gid);
  }
  chownSync(dir, uid, gid);
}
