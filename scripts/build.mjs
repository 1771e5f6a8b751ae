// Compiles src/ to dist/. `node scripts/build.mjs`; `npm start` calls it when dist/ is older than src/.
import { chmodSync, cpSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, newest, ROOT, runTool } from './run.mjs';
import { setUp } from './setup.mjs';

const STAMP = 'dist/.built';

export function buildIfStale() {
  if (newest(STAMP) < newest('src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json')) build();
}

/** The stamp comes last: an interrupted build is done again. */
function build() {
  console.log('Build: compiling src/ to dist/');
  rmSync(path.join(ROOT, 'dist'), { recursive: true, force: true });
  if (runTool('tsc', ['-p', 'tsconfig.build.json']) !== 0)
    fail('TypeScript found errors.', 'They stand above; `npm run types` shows them again.');
  copyWhatIsNotCompiled();
  // npm makes a package's commands executable when it links them; a person may start this one without.
  chmodSync(path.join(ROOT, 'dist/cli/main.js'), 0o755);
  writeFileSync(path.join(ROOT, STAMP), '');
}

/** SQL, templates and the like lie beside the code that reads them. */
function copyWhatIsNotCompiled() {
  const compiled = /\.(?:ts|tsx|mts)$/;
  cpSync(path.join(ROOT, 'src'), path.join(ROOT, 'dist'), {
    recursive: true,
    filter: (source) =>
      statSync(source).isDirectory()
        ? path.relative(path.join(ROOT, 'src'), source) !== 'web'
        : !compiled.test(source),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setUp();
  build();
}
