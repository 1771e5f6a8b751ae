// Makes a clone ready to run: `node scripts/setup.mjs`, and ready to be tested: `node scripts/setup.mjs --tests`.
// Needs nothing but Node; every step is skipped when its result is there and up to date.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, findProgram, newest, ROOT, run, runTool } from './run.mjs';

/** What the tests use besides Node, where Debian has it, and what cannot run without it. */
const TEST_PROGRAMS = [
  {
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: 'chromium',
    serves: 'the tests with a browser phone',
  },
  { names: ['sipp'], debian: 'sip-tester', serves: 'the tests with SIPp phones' },
];

export function setUp() {
  checkNode();
  installDependencies();
  generateDatabaseClient();
}

/** @returns what is missing on this machine, one sentence each */
export function setUpTests() {
  setUp();
  return [...installTestPrograms(), ...fetchAsterisk()];
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const wanted = engines.node.match(/\d+/g).map(Number);
  const have = process.versions.node.split('.').map(Number);
  const [major, minor] = have;
  if (major < wanted[0] || (major === wanted[0] && minor < wanted[1]))
    fail(
      `Node ${process.versions.node} is too old for Patchbay.`,
      `Install Node ${engines.node.replace('>=', '')} or newer.`,
    );
}

function installDependencies() {
  if (dependenciesAreInstalled()) return;
  // npm ci empties the folder behind a link first, and that folder is another checkout's.
  if (lstatSync(path.join(ROOT, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    fail(
      'node_modules is a link to a folder that does not match package-lock.json.',
      'Run npm ci where the link leads to, or remove the link.',
    );
  console.log('Set-up: installing the dependencies');
  if (run('npm', ['ci']) !== 0)
    fail('npm could not install the dependencies.', 'Check the network and npm’s registry setting.');
}

/**
 * Compares the lock file with npm's note of what it installed. By content: a fresh clone's or another
 * worktree's lock file is younger than a perfectly good node_modules.
 */
function dependenciesAreInstalled() {
  const note = path.join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(note)) return false;
  const read = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installed = read(note);
  const wanted = Object.entries(read(path.join(ROOT, 'package-lock.json'))).filter(([name]) => name !== '');
  return wanted.every(([name, { version, optional }]) =>
    installed[name] ? installed[name].version === version : optional === true,
  );
}

/**
 * Prisma's command line wants to download an engine that neither `generate` nor the service uses; told that
 * there is one, it does without (docs/decisions/prisma-without-engine.md).
 */
function generateDatabaseClient() {
  const schema = newest('prisma/schema.prisma');
  if (schema === 0 || newest('src/generated/prisma/client.ts') >= schema) return;
  console.log('Set-up: generating the database client');
  const env = {
    PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  };
  if (runTool('prisma', ['generate'], env) !== 0)
    fail(
      'Prisma could not generate the database client.',
      'Look at the message above; prisma/schema.prisma may have an error.',
    );
}

function installTestPrograms() {
  const missing = TEST_PROGRAMS.filter(({ names }) => !findProgram(...names));
  if (missing.length === 0) return [];
  const packages = missing.map(({ debian }) => debian);
  if (process.getuid?.() === 0 && findProgram('apt-get')) {
    console.log(`Set-up: installing ${packages.join(' and ')} for the tests`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['-q', 'update'], env);
    run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', ...packages], env);
  }
  return TEST_PROGRAMS.filter(({ names }) => !findProgram(...names)).map(
    ({ names, debian, serves }) => `${serves}: install ${names[0]} (Debian’s package ${debian})`,
  );
}

/** Its progress is shown; exit code 3 says that this machine cannot have one, the reason stands on stderr. */
function fetchAsterisk() {
  const tsx = path.join(ROOT, 'node_modules/.bin/tsx');
  const { status, stderr } = spawnSync(tsx, ['scripts/fetch-asterisk.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  return status === 0 ? [] : [`everything that needs Asterisk or Postgres: ${stderr.trim()}`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--tests'))
    for (const lack of setUpTests()) console.log(`Cannot run here: ${lack}`);
  else setUp();
  console.log('Set-up: done');
}
