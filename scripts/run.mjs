import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

/** Runs a program in the project's folder, its output visible; returns its exit code. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  return result.status ?? 1;
}

/** Runs a program of node_modules/.bin; returns its exit code. */
export function runTool(name, args, env) {
  return run(path.join(ROOT, 'node_modules/.bin', name), args, env);
}

/** Ends the whole run with a line that says what is wrong and one that says what to do. */
export function fail(problem, remedy) {
  console.error(`\n${problem}\n  ${remedy}`);
  process.exit(1);
}

/** Time of the last change of the youngest file under `names`, in ms; 0 when there is none. */
export function newest(...names) {
  let latest = 0;
  for (const name of names) {
    const stat = statSync(path.join(ROOT, name), { throwIfNoEntry: false });
    if (!stat) continue;
    latest = Math.max(latest, stat.mtimeMs);
    if (stat.isDirectory())
      for (const entry of readdirSync(path.join(ROOT, name)))
        latest = Math.max(latest, newest(path.join(name, entry)));
  }
  return latest;
}

/** Full path of the first of these programs that PATH holds; null when it holds none. */
export function findProgram(...names) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const name of names)
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
    }
  return null;
}
