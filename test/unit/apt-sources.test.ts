import { expect, test } from 'vitest';
import {
  findDebianArchive,
  parseDeb822Sources,
  parseOneLineSources,
} from '../../src/local/asterisk/apt-sources.ts';

const ONE_LINE = `
# deb http://commented.example/debian bookworm main
deb-src http://sources.example/debian bookworm main
deb [arch=amd64 signed-by=/keys/vendor.gpg] https://vendor.example/apt stable contrib
deb http://security.example/debian-security bookworm-security main
deb   http://archive.example/debian   bookworm   main contrib # the one
deb http://archive.example/debian bookworm-updates main
`;

const DEB822 = `# A comment first
Types: deb deb-src
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

types: deb
# a comment inside
URIs: http://archive.example/debian
  http://second.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/debian.gpg

Types: deb
URIs: http://inline.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
`;

test('the one-line format: options, comments, sources of other kinds', () => {
  const sources = parseOneLineSources(ONE_LINE);
  expect(sources.map(({ uri }) => uri)).toEqual([
    'https://vendor.example/apt',
    'http://security.example/debian-security',
    'http://archive.example/debian',
    'http://archive.example/debian',
  ]);
  expect(sources[0]?.signedBy).toBe('/keys/vendor.gpg');
});

test('deb822: several addresses, disabled stanzas, comments, a key in the field', () => {
  const sources = parseDeb822Sources(DEB822);
  expect(sources.map(({ uri, signedBy }) => [uri, signedBy])).toEqual([
    ['http://security.example/debian-security', null],
    ['http://archive.example/debian', '/keys/debian.gpg'],
    ['http://second.example/debian', '/keys/debian.gpg'],
    ['http://inline.example/debian', null],
  ]);
});

test('the archive is where the release itself comes from: no vendor, no security updates', () => {
  expect(findDebianArchive(parseOneLineSources(ONE_LINE), 'bookworm')?.uri).toBe(
    'http://archive.example/debian',
  );
  expect(findDebianArchive(parseDeb822Sources(DEB822), 'bookworm')?.uri).toBe(
    'http://archive.example/debian',
  );
  expect(findDebianArchive(parseOneLineSources(ONE_LINE), 'trixie')).toBeNull();
});
