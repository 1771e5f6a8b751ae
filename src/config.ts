import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** A Postgres or an Asterisk that is not ours to start. */
export type ExternalPbx = Readonly<{
  ami: Readonly<{ host: string; port: number; username: string; secret: string }>;
  /** `url` ends in /ari. */
  ari: Readonly<{ url: string; username: string; secret: string }>;
  /** Where phones reach it. */
  sip: Readonly<{ host: string; port: number }>;
}>;

export type Config = Readonly<{
  /** The folder that holds package.json, asterisk-config/ and prisma/. */
  projectRoot: string;
  /** Of package.json. */
  version: string;
  /** Everything that a local run writes: servers, their data, what was downloaded. */
  dataDir: string;
  logLevel: LogLevel;
  http: Readonly<{ host: string; port: number }>;
  /** Null: an embedded Postgres is started. */
  databaseUrl: string | null;
  /** 32 bytes each. The first seals secrets, the others only open what they sealed. Null: one is made and kept in dataDir. */
  secretKeys: readonly Buffer[] | null;
  /** Null: a local Asterisk is started. */
  pbx: ExternalPbx | null;
  /** For the servers that we start ourselves. A port of 0 is any free one. */
  local: Readonly<{
    asteriskRoot: string | null;
    debianMirror: string | null;
    sipAddress: string;
    /** Null: 5060, or any free one when that is taken. */
    sipPort: number | null;
    amiPort: number;
    asteriskHttpPort: number;
    postgresPort: number;
  }>;
}>;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Says which variables are wrong and what to write instead. Never holds a value: it may be a secret. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const PROJECT_ROOT = path.resolve(import.meta.dirname, '..');
const VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8'))).version;

const port = (lowest: 0 | 1) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((value) => value >= lowest && value <= 65_535);

const url = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol));

const key = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === 32);

/** An AMI value ends its line; a colon or blank in a host is a mistake of whoever typed it. */
const host = z.string().regex(/^[A-Za-z0-9.:_-]+$/);
const secret = z.string().regex(/^[^\r\n\0]+$/);

const PORT = (lowest: number) => `a port number from ${lowest} to 65535`;

/** Every variable: how it is read, and what to write when it was wrong. */
const VARIABLES = {
  DATABASE_URL: [
    url('postgres:', 'postgresql:'),
    'postgres://user:password@host:5432/database, or nothing for an embedded Postgres',
  ],
  LOG_LEVEL: [z.enum(LOG_LEVELS), `one of ${LOG_LEVELS.join(', ')}`],
  PATCHBAY_DATA_DIR: [z.string(), 'a folder that may be written to'],
  PATCHBAY_HTTP_HOST: [host, 'the address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all'],
  PATCHBAY_HTTP_PORT: [port(0), `${PORT(0)}; 0 is any free one`],
  PATCHBAY_SECRET_KEY: [
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(key).min(1)),
    '32 random bytes in base64 (openssl rand -base64 32); after a comma, older keys that still open what they sealed',
  ],
  PATCHBAY_PBX_AMI_HOST: [host, 'the name or address of the Asterisk to manage'],
  PATCHBAY_PBX_AMI_PORT: [port(1), `${PORT(1)} (manager.conf: port)`],
  PATCHBAY_PBX_AMI_USER: [secret, 'the account of manager.conf'],
  PATCHBAY_PBX_AMI_SECRET: [secret, 'the secret of that account in manager.conf'],
  PATCHBAY_PBX_ARI_URL: [url('http:', 'https:'), 'http://host:8088/ari'],
  PATCHBAY_PBX_ARI_USER: [secret, 'the account of ari.conf'],
  PATCHBAY_PBX_ARI_SECRET: [secret, 'the password of that account in ari.conf'],
  PATCHBAY_PBX_SIP_HOST: [host, 'the name or address on which phones reach the PBX'],
  PATCHBAY_PBX_SIP_PORT: [port(1), PORT(1)],
  PATCHBAY_ASTERISK_ROOT: [z.string(), 'the folder of an unpacked Asterisk 22 (it holds usr/sbin/asterisk)'],
  PATCHBAY_DEBIAN_MIRROR: [z.string().regex(/^\S+$/), 'the address of a Debian archive, as in an apt source'],
  PATCHBAY_LOCAL_SIP_ADDRESS: [z.ipv4(), 'the IPv4 address on which the local Asterisk speaks SIP'],
  PATCHBAY_LOCAL_SIP_PORT: [port(0), `${PORT(0)}; 0 is any free one`],
  PATCHBAY_LOCAL_AMI_PORT: [port(0), `${PORT(0)}; 0 is any free one`],
  PATCHBAY_LOCAL_ARI_PORT: [port(0), `${PORT(0)}; 0 is any free one`],
  PATCHBAY_LOCAL_POSTGRES_PORT: [port(0), `${PORT(0)}; 0 is any free one`],
} as const satisfies Variables;

/** What the command line reads: it talks to a service that runs, here or elsewhere. */
const CLIENT_VARIABLES = {
  PATCHBAY_URL: [url('http:', 'https:'), 'the address of the service, like http://127.0.0.1:8080'],
  PATCHBAY_API_KEY: [z.string(), 'an API key (pbk_…)'],
  PATCHBAY_TENANT: [z.string().regex(/^[A-Za-z0-9-]{1,63}$/), "a tenant's slug"],
  /** https://no-color.org: whatever it holds. */
  NO_COLOR: [z.string(), 'anything'],
} as const satisfies Variables;

type Variables = Record<string, readonly [z.ZodType, string]>;
type Values<V extends Variables = typeof VARIABLES> = { [N in keyof V]?: z.output<V[N][0]> };

export type ClientConfig = Readonly<{
  version: string;
  url: string;
  apiKey: string | null;
  tenant: string | null;
  /** Whether colours may be used at all. */
  colours: boolean;
}>;

/**
 * Reads the whole configuration, once, at the start; everything else is handed what it needs. A variable
 * that is set to nothing counts as not set.
 *
 * @throws ConfigError naming every variable that is wrong, and the remedy
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const values = readVariables(VARIABLES, env, problems);
  const config = assemble(values, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readVariables<V extends Variables>(
  variables: V,
  env: NodeJS.ProcessEnv,
  problems: string[],
): Values<V> {
  const values: Record<string, unknown> = {};
  for (const [name, [schema, remedy]] of Object.entries(variables)) {
    const text = env[name]?.trim();
    if (!text) continue;
    const result = schema.safeParse(text);
    if (result.success) values[name] = result.data;
    else problems.push(`${name} must be ${remedy}`);
  }
  return values as Values<V>;
}

function assemble(values: Values, problems: string[]): Config {
  if (
    values.DATABASE_URL &&
    !values.PATCHBAY_SECRET_KEY &&
    !problems.some((text) => text.startsWith('PATCHBAY_SECRET_KEY'))
  )
    problems.push(
      `PATCHBAY_SECRET_KEY is needed with DATABASE_URL, because whoever loses it loses every SIP password: ${VARIABLES.PATCHBAY_SECRET_KEY[1]}`,
    );
  return Object.freeze({
    projectRoot: PROJECT_ROOT,
    version: VERSION,
    dataDir: path.resolve(PROJECT_ROOT, values.PATCHBAY_DATA_DIR ?? '.patchbay'),
    logLevel: values.LOG_LEVEL ?? 'info',
    http: Object.freeze({
      host: values.PATCHBAY_HTTP_HOST ?? '127.0.0.1',
      port: values.PATCHBAY_HTTP_PORT ?? 8080,
    }),
    databaseUrl: values.DATABASE_URL ?? null,
    secretKeys: values.PATCHBAY_SECRET_KEY ? Object.freeze(values.PATCHBAY_SECRET_KEY) : null,
    pbx: externalPbx(values, problems),
    local: Object.freeze({
      asteriskRoot: values.PATCHBAY_ASTERISK_ROOT
        ? path.resolve(PROJECT_ROOT, values.PATCHBAY_ASTERISK_ROOT)
        : null,
      debianMirror: values.PATCHBAY_DEBIAN_MIRROR ?? null,
      sipAddress: values.PATCHBAY_LOCAL_SIP_ADDRESS ?? '127.0.0.1',
      sipPort: values.PATCHBAY_LOCAL_SIP_PORT ?? null,
      amiPort: values.PATCHBAY_LOCAL_AMI_PORT ?? 0,
      asteriskHttpPort: values.PATCHBAY_LOCAL_ARI_PORT ?? 0,
      postgresPort: values.PATCHBAY_LOCAL_POSTGRES_PORT ?? 0,
    }),
  });
}

/** All of it or nothing: half an address would silently start a PBX of our own. */
function externalPbx(values: Values, problems: string[]): ExternalPbx | null {
  const needed = ['PATCHBAY_PBX_AMI_HOST', 'PATCHBAY_PBX_AMI_SECRET', 'PATCHBAY_PBX_ARI_SECRET'] as const;
  if (!Object.keys(values).some((name) => name.startsWith('PATCHBAY_PBX_'))) return null;
  for (const name of needed)
    if (values[name] === undefined && !problems.some((text) => text.startsWith(name)))
      problems.push(`${name} is needed for an Asterisk of your own: ${VARIABLES[name][1]}`);
  const amiHost = values.PATCHBAY_PBX_AMI_HOST ?? '';
  return Object.freeze({
    ami: Object.freeze({
      host: amiHost,
      port: values.PATCHBAY_PBX_AMI_PORT ?? 5038,
      username: values.PATCHBAY_PBX_AMI_USER ?? 'patchbay',
      secret: values.PATCHBAY_PBX_AMI_SECRET ?? '',
    }),
    ari: Object.freeze({
      url: values.PATCHBAY_PBX_ARI_URL?.replace(/\/+$/, '') ?? `http://${amiHost}:8088/ari`,
      username: values.PATCHBAY_PBX_ARI_USER ?? 'patchbay',
      secret: values.PATCHBAY_PBX_ARI_SECRET ?? '',
    }),
    sip: Object.freeze({
      host: values.PATCHBAY_PBX_SIP_HOST ?? amiHost,
      port: values.PATCHBAY_PBX_SIP_PORT ?? 5060,
    }),
  });
}

/**
 * What the command line takes from its environment; its options go before.
 *
 * @throws ConfigError naming every variable that is wrong, and the remedy
 */
export function readClientConfig(env: NodeJS.ProcessEnv = process.env): ClientConfig {
  const problems: string[] = [];
  const values = readVariables(CLIENT_VARIABLES, env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    version: VERSION,
    url: values.PATCHBAY_URL ?? 'http://127.0.0.1:8080',
    apiKey: values.PATCHBAY_API_KEY ?? null,
    tenant: values.PATCHBAY_TENANT ?? null,
    colours: values.NO_COLOR === undefined,
  });
}
