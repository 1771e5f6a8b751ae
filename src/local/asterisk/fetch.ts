import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { LocalError } from '../errors.ts';
import { type AptSource, keyringOf } from './apt-sources.ts';

/** Debian's suite that carries Asterisk 22; the stable releases have none. */
const SUITE = 'sid';

const ROOT_PACKAGES = ['asterisk', 'asterisk-core-sounds-en-gsm', 'asterisk-moh-opsound-gsm'];

/**
 * What is taken of the ~160 packages that Asterisk's Depends resolve to: the program, its modules and
 * sounds, and the libraries that the modules of asterisk-config/modules.conf link to (22 MB instead of
 * 150). Names are matched without their version suffix (libssl3t64, libxml2-16), which drifts in sid.
 */
const WANTED = new RegExp(
  `^(?:asterisk|asterisk-modules|asterisk-core-sounds-en-gsm|asterisk-moh-opsound-gsm|${[
    'libc6|libgcc-s|libstdc\\+\\+|libbsd|libmd|libcap|libcrypt|libedit|libtinfo|libgsm|libjansson|libnspr',
    'libnss|libopus|libsqlite3-|libsrtp2-|libssl|libsystemd|liburiparser|libuuid|libxml2(?:-)?|libxslt',
    'libzstd|zlib1g',
  ].join('|')})[0-9.]*(?:t64)?$`,
);

const NO_DOWNLOAD_REMEDY =
  'check the network and the machine’s apt sources, or run the PBX with Docker (docker compose up asterisk) and set PATCHBAY_PBX_*';

/**
 * Downloads Asterisk 22 and its libraries with the machine's own `apt-get`, which checks the archive's
 * signature and every package's hash. All of apt's state lies in `workDir`: neither root nor a change to
 * the machine is needed, and packages that an interrupted run left there are not fetched again.
 *
 * @returns the paths of the .deb files
 * @throws LocalError asterisk_unavailable (no apt-get), asterisk_download_failed
 */
export async function fetchAsteriskPackages(options: {
  workDir: string;
  archive: AptSource;
  say: (line: string) => void;
}): Promise<string[]> {
  const { workDir, archive, say } = options;
  const debs = path.join(workDir, 'debs');
  const apt = privateApt(workDir, archive);
  say('Asterisk: reading the package index of Debian sid');
  await run('apt-get', [...apt, '-q', 'update']);
  const packages = await resolvePackages(apt);
  mkdirSync(debs, { recursive: true });
  const bytes = await downloadSize(apt, debs, packages);
  say(`Asterisk: downloading ${packages.length} packages, ${megabytes(bytes)} to go`);
  await download([...apt, '-q', '-oAPT::Status-Fd=3', 'download', ...packages], debs, say);
  const files = readdirSync(debs).filter((file) => packages.includes(file.split('_')[0]!));
  if (files.length < packages.length)
    throw new LocalError(
      'asterisk_download_failed',
      `apt-get brought ${files.length} of ${packages.length} packages`,
      NO_DOWNLOAD_REMEDY,
    );
  return files.map((file) => path.join(debs, file));
}

/** apt-get's options for a state of its own under `workDir`, with the one source that is needed. */
function privateApt(workDir: string, archive: AptSource): string[] {
  const at = (...names: string[]) => path.join(workDir, 'apt', ...names);
  for (const dir of ['state/lists/partial', 'cache/archives/partial', 'parts', 'preferences'])
    mkdirSync(at(dir), { recursive: true });
  writeFileSync(at('status'), '');
  const keyring = keyringOf(archive);
  writeFileSync(
    at('sources.list'),
    `deb ${keyring ? `[signed-by=${keyring}] ` : ''}${archive.uri} ${SUITE} main\n`,
  );
  return [
    `-oDir::State=${at('state')}`,
    `-oDir::State::lists=${at('state/lists')}`,
    `-oDir::State::status=${at('status')}`,
    `-oDir::Cache=${at('cache')}`,
    `-oDir::Etc::sourcelist=${at('sources.list')}`,
    `-oDir::Etc::sourceparts=${at('parts')}`,
    `-oDir::Etc::preferencesparts=${at('preferences')}`,
    '-oAPT::Sandbox::User=',
    '-oAcquire::Languages=none',
    '-oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    '-oAcquire::Retries=2',
    '-oAcquire::http::Timeout=30',
    '-oAPT::Install-Recommends=false',
    // Mirrors of a fixed date serve an index whose validity has passed; its signature is checked all the same.
    '-oAcquire::Check-Valid-Until=false',
    '-oDebug::NoLocking=1',
  ];
}

/** The closure of Depends as apt would install it on an empty system, reduced to what is linked to. */
async function resolvePackages(apt: string[]): Promise<string[]> {
  const plan = await run('apt-get', [...apt, '-s', 'install', ...ROOT_PACKAGES]);
  const names = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!);
  return [...new Set(names)].filter((name) => WANTED.test(name)).sort();
}

/** Bytes still to be fetched (packages already in `debs` are not listed by apt-get again). */
async function downloadSize(apt: string[], debs: string, packages: string[]): Promise<number> {
  const lines = await run('apt-get', [...apt, '--print-uris', 'download', ...packages], debs);
  return [...lines.matchAll(/^'\S+' \S+ (\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Runs `apt-get download`; its status lines (`dlstatus:n:percent:text`) come on file descriptor 3. */
function download(args: string[], cwd: string, say: (line: string) => void): Promise<void> {
  const child = spawn('apt-get', args, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  let nextStep = 25;
  createInterface({ input: child.stdio[3] as NodeJS.ReadableStream }).on('line', (line) => {
    const percent = Number(/^dlstatus:[^:]*:([\d.]+):/.exec(line)?.[1] ?? 0);
    if (percent < nextStep) return;
    say(`Asterisk: ${Math.floor(percent)} % downloaded`);
    nextStep = Math.floor(percent / 25) * 25 + 25;
  });
  let complaint = '';
  child.stderr!.on('data', (chunk) => {
    complaint = `${complaint}${chunk}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => reject(failure(error, complaint)));
    child.on('close', (code) => (code === 0 ? resolve() : reject(failure({ code }, complaint))));
  });
}

function run(command: string, args: string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // LC_ALL: the output is parsed.
    const options = { cwd, maxBuffer: 64 << 20, env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } };
    execFile(command, args, options, (error, stdout, stderr) =>
      error ? reject(failure(error, stderr)) : resolve(stdout),
    );
  });
}

function failure(error: { code?: unknown }, stderr: string): LocalError {
  if (String(error.code) === 'ENOENT')
    return new LocalError(
      'asterisk_unavailable',
      'this machine has no apt-get to fetch Asterisk 22 with',
      NO_DOWNLOAD_REMEDY,
    );
  const reason =
    /^[EW]: (.*)$/m.exec(stderr)?.[1] ?? (stderr.trim().split('\n').at(-1) || `exit code ${error.code}`);
  return new LocalError(
    'asterisk_download_failed',
    `apt-get could not fetch Asterisk 22: ${reason}`,
    NO_DOWNLOAD_REMEDY,
  );
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
