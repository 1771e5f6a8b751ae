import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { LocalAsterisk } from '../src/local/asterisk/run.ts';
import { freePort } from '../src/local/ports.ts';
import { supervise } from '../src/local/supervise.ts';
import type { PassReport } from '../src/reconcile/passes.ts';

/** The service as it runs in production: a process of its own, started as `npm start` starts it. */
export interface ServiceProcess {
  url: string;
  pid: number;
  /** From the start of the process until /readyz said ready. */
  startedMs: number;
  /** The passes that its reconciler has made so far. */
  passes(): Promise<Record<PassReport['kind'], { count: number; milliseconds: number }>>;
  stop(): Promise<void>;
}

export interface ServiceSettings {
  projectRoot: string;
  databaseUrl: string;
  masterKey: Buffer;
  asterisk: LocalAsterisk;
  logFile: string;
}

const KINDS: PassReport['kind'][] = ['changes', 'comparison', 'whole comparison'];

export async function startServiceProcess(settings: ServiceSettings): Promise<ServiceProcess> {
  const { projectRoot, logFile } = settings;
  const port = await freePort('127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const begin = performance.now();
  const service = await supervise({
    command: process.execPath,
    args: startArguments(projectRoot),
    env: environment(settings, port),
    cwd: projectRoot,
    logFile,
    stopSignal: 'SIGTERM',
    graceSeconds: 15,
  });
  while (!(await isReady(url))) {
    if (service.hasEnded() || performance.now() - begin > 60_000) {
      await service.stop();
      throw new Error(`the service did not start:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    }
    await sleep(5);
  }
  return {
    url,
    pid: service.pid,
    startedMs: performance.now() - begin,
    passes: () => readPasses(url),
    stop: () => service.stop(),
  };
}

/** What stands behind `node` in package.json's start script, so that its options are measured too. */
function startArguments(projectRoot: string): string[] {
  const text = readFileSync(path.join(projectRoot, 'package.json'), 'utf8');
  const { scripts } = z.object({ scripts: z.object({ start: z.string() }) }).parse(JSON.parse(text));
  const [node, ...args] = scripts.start.split(' ');
  if (node !== 'node') throw new Error(`package.json: "start" does not begin with node: ${scripts.start}`);
  return args;
}

function environment(
  { databaseUrl, masterKey, asterisk }: ServiceSettings,
  port: number,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
    PATCHBAY_HTTP_PORT: String(port),
    PATCHBAY_SECRET_KEY: masterKey.toString('base64'),
    PATCHBAY_PBX_AMI_HOST: asterisk.ami.host,
    PATCHBAY_PBX_AMI_PORT: String(asterisk.ami.port),
    PATCHBAY_PBX_AMI_USER: asterisk.ami.username,
    PATCHBAY_PBX_AMI_SECRET: asterisk.ami.secret,
    PATCHBAY_PBX_ARI_URL: asterisk.ari.url,
    PATCHBAY_PBX_ARI_USER: asterisk.ari.username,
    PATCHBAY_PBX_ARI_SECRET: asterisk.ari.secret,
    PATCHBAY_PBX_SIP_HOST: asterisk.sip.host,
    PATCHBAY_PBX_SIP_PORT: String(asterisk.sip.port),
  };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
}

/** From the metrics that the service shows to everyone: count and sum of its histogram, exact to the microsecond. */
async function readPasses(url: string): ReturnType<ServiceProcess['passes']> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const figure = (suffix: string, kind: string) => {
    const line = new RegExp(`^patchbay_sync_pass_seconds_${suffix}{.*kind="${kind}".*} (\\S+)$`, 'm');
    return Number(line.exec(text)?.[1] ?? 0);
  };
  return Object.fromEntries(
    KINDS.map((kind) => [kind, { count: figure('count', kind), milliseconds: figure('sum', kind) * 1_000 }]),
  ) as Awaited<ReturnType<ServiceProcess['passes']>>;
}
