// `npm start`: set-up, build when dist/ is stale, then the service, in this very process: signals reach it
// directly, and nothing stands between that could leave it behind.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildIfStale } from './build.mjs';
import { fail, ROOT } from './run.mjs';
import { setUp } from './setup.mjs';

setUp();
buildIfStale();
const main = path.join(ROOT, 'dist/main.js');
if (!existsSync(main)) fail('There is no dist/main.js.', 'Is src/main.ts there?');
process.setSourceMapsEnabled(true);
await import(pathToFileURL(main).href);
