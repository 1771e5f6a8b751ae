// `npm test`: set-up, types, lint, and every test. Arguments go to vitest (`npm test -- test/unit`).
// The last line is `N passed, N failed`; types and lint count as one each. What this machine cannot run is
// named before it, and counts as failed where CI=true.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runTool } from './run.mjs';
import { setUpTests } from './setup.mjs';

const inCi = process.env.CI === 'true';
const missing = setUpTests();
const failed = [];
let passed = 0;

check('types', () => runTool('tsc', ['--noEmit']));
check('lint', () => runTool('biome', ['check', '.']));
const skipped = runTests();

for (const lack of missing) console.log(`Cannot run on this machine: ${lack}`);
for (const name of skipped) console.log(`Was not run: ${name}`);
for (const name of failed) console.log(`Failed: ${name}`);
const failures = failed.length + (inCi ? missing.length + skipped.length : 0);
console.log(`${passed} passed, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;

function check(name, step) {
  console.log(`\n${name}`);
  if (step() === 0) passed += 1;
  else failed.push(name);
}

/** @returns the names of tests that were skipped */
function runTests() {
  const dir = mkdtempSync(path.join(tmpdir(), 'patchbay-report-'));
  const report = path.join(dir, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // Without Asterisk the suites that share one cannot even begin.
  const projects = missing.some((lack) => lack.includes('Asterisk')) ? ['--project=unit'] : [];
  const code = runTool('vitest', ['run', ...reporters, ...projects, ...process.argv.slice(2)]);
  const found = existsSync(report)
    ? readReport(JSON.parse(readFileSync(report, 'utf8')))
    : { failed: [], skipped: [] };
  rmSync(dir, { recursive: true, force: true });
  failed.push(...found.failed);
  // An error outside any test (a suite that could not be set up, an unhandled rejection) is a failure too.
  if (code !== 0 && found.failed.length === 0) failed.push('the test run itself: see the error above');
  return found.skipped;
}

/** Reads what vitest's JSON reporter writes; a file that failed without a failed test counts as one. */
function readReport({ testResults }) {
  const found = { failed: [], skipped: [] };
  for (const file of testResults) {
    const name = path.relative(process.cwd(), file.name);
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else (test.status === 'failed' ? found.failed : found.skipped).push(`${name}: ${test.fullName}`);
    }
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
      found.failed.push(name);
  }
  return found;
}
