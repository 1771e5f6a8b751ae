import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { DomainError } from '../domain/errors.ts';

/** One thing that the service needs to do its work. */
export type HealthCheck = {
  name: string;
  /** Resolves when it is well, with a word about it if there is one; throws (best a DomainError) when not. */
  check: (signal: AbortSignal) => Promise<string | undefined>;
  /** false: its failure is shown but does not make the service unready. true when left out. */
  required?: boolean;
};

type CheckResult = { ok: boolean; required: boolean; ms: number; note?: string };

const SLOWEST_CHECK_MS = 2000;

/** The process is alive: nothing else is looked at, so that a restart never follows from a database that is away. */
export const healthz: RequestHandler = (_req, res) => {
  res.setHeader('Cache-Control', 'no-store');
  res.json({ status: 'alive' });
};

/** All required checks pass, and we are not shutting down: 200, otherwise 503. Each check with its result. */
export function readyz(
  checks: readonly HealthCheck[],
  isDraining: () => boolean,
  log: Logger,
): RequestHandler {
  return async (_req, res) => {
    const results = await Promise.all(checks.map(async (one) => [one.name, await run(one, log)] as const));
    const well = results.every(([, result]) => result.ok || !result.required);
    const status = isDraining() ? 'shutting-down' : well ? 'ready' : 'not-ready';
    res.setHeader('Cache-Control', 'no-store');
    res.status(status === 'ready' ? 200 : 503).json({ status, checks: Object.fromEntries(results) });
  };
}

async function run(one: HealthCheck, log: Logger): Promise<CheckResult> {
  const started = performance.now();
  const signal = AbortSignal.timeout(SLOWEST_CHECK_MS);
  const tooSlow = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DomainError('timed-out', 'It did not answer in 2 s.')));
  });
  const required = one.required ?? true;
  const ms = () => Math.round(performance.now() - started);
  try {
    const note = await Promise.race([one.check(signal), tooSlow]);
    return { ok: true, required, ms: ms(), ...(note === undefined ? {} : { note }) };
  } catch (error) {
    log.debug({ err: error, check: one.name }, 'health check failed');
    // Only our own sentences go out: a driver's message may hold an address with a password.
    const note = error instanceof DomainError ? error.message : 'It failed; the reason is in the log.';
    return { ok: false, required, ms: ms(), note };
  }
}
