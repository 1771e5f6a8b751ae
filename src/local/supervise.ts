import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs';

/**
 * Runs a server so that it cannot outlive us. Node has no PR_SET_PDEATHSIG; instead a shell stands between,
 * with a pipe from us on descriptor 3 that nobody ever writes to. When it ends, because we ended in
 * whatever way, SIGKILL included, the server is told to stop, and killed if it does not.
 * A shell, and not a second Node: 1 MB instead of 40, and the same under tsx, vitest and dist.
 */
const SUPERVISOR = `
signal=$1; grace=$2; shift 2
"$@" </dev/null 3<&- 4>&- &
child=$!
echo "$child" >&4
exec 4>&-
(
  read -r _ <&3
  kill -s "$signal" "$child"
  while [ "$grace" -gt 0 ] && kill -0 "$child"; do sleep 1; grace=$((grace - 1)); done
  kill -s KILL "$child"
) 2>/dev/null &
watcher=$!
exec 3<&-
wait "$child"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

export type SupervisedProcess = {
  /** Of the server itself, not of the shell. */
  readonly pid: number;
  /** Resolves with the exit code (128 + n for signal n) once the process is gone. */
  readonly ended: Promise<number>;
  hasEnded(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end with its stop signal and, after `graceSeconds`, makes it end. */
  stop(): Promise<void>;
};

export async function supervise(options: {
  command: string;
  args: string[];
  /** Complete: nothing of our own environment, and so none of our secrets, reaches the server. */
  env: Record<string, string>;
  cwd: string;
  /** Its standard output and error are appended here. */
  logFile: string;
  stopSignal: 'SIGTERM' | 'SIGINT';
  graceSeconds: number;
  user?: { uid: number; gid: number };
}): Promise<SupervisedProcess> {
  const { command, args, env, cwd, stopSignal, graceSeconds, user } = options;
  keepShort(options.logFile);
  const log = openSync(options.logFile, 'a', 0o600);
  const shell = spawn(
    '/bin/sh',
    ['-c', SUPERVISOR, 'sh', stopSignal.slice(3), String(graceSeconds), command, ...args],
    {
      cwd,
      env,
      // A session of its own: Ctrl-C in the terminal reaches us alone, and we stop things in order.
      detached: true,
      stdio: ['ignore', log, log, 'pipe', 'pipe'],
      ...user,
    },
  );
  closeSync(log);
  let over = false;
  const ended = new Promise<number>((resolve) => {
    const end = (code: number | null) => {
      over = true;
      resolve(code ?? 137);
    };
    shell.once('exit', end);
    shell.once('error', () => end(126));
  });
  // Nothing is ever sent; but a pipe whose reader was killed may report that, and nobody else would listen.
  (shell.stdio[3] as NodeJS.WritableStream).on('error', () => {});
  const pid = await childPid(shell.stdio[4] as NodeJS.ReadableStream);
  const signal = (name: NodeJS.Signals) => {
    if (!over && pid > 0) process.kill(pid, name);
  };
  return {
    pid,
    ended,
    hasEnded: () => over,
    signal,
    async stop() {
      signal(stopSignal);
      const killer = setTimeout(() => signal('SIGKILL'), graceSeconds * 1000);
      await ended;
      clearTimeout(killer);
    },
  };
}

/** The number that the shell writes once it has started the server; 0 when it could not. */
async function childPid(stream: NodeJS.ReadableStream): Promise<number> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return Number(text) || 0;
}

const LONGEST_LOG_BYTES = 10 << 20;

/** A long log makes room for a new one at the next start; the one before it is dropped. */
export function keepShort(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > LONGEST_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
}
