import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One `deb` source of the machine: where it is and which key signs it. */
export type AptSource = { uri: string; suites: string[]; components: string[]; signedBy: string | null };

const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The one-line format of sources.list(5): `deb [options] uri suite component...`. */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const raw of text.split('\n')) {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(raw.replace(/#.*/, '').trim());
    if (!match) continue;
    const [, options = '', uri, suite, components] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(options)?.[1] ?? null;
    sources.push({ uri: uri!, suites: [suite!], components: words(components!), signedBy });
  }
  return sources;
}

/** The deb822 format of sources.list(5): stanzas of `Field: value` with indented continuation lines. */
export function parseDeb822Sources(text: string): AptSource[] {
  const withoutComments = text.replace(/^#.*(\n|$)/gm, '');
  return withoutComments.split(/\n\s*\n/).flatMap(sourcesOfStanza);
}

function sourcesOfStanza(stanza: string): AptSource[] {
  const fields = new Map<string, string>();
  let name = '';
  for (const line of stanza.split('\n')) {
    const field = /^([A-Za-z-]+):(.*)$/.exec(line);
    if (field) name = field[1]!.toLowerCase();
    if (name) fields.set(name, `${fields.get(name) ?? ''}\n${field ? field[2] : line}`.trim());
  }
  const enabled = !/^(no|false|0)$/i.test(fields.get('enabled') ?? 'yes');
  if (!enabled || !words(fields.get('types')).includes('deb')) return [];
  const signedBy = fields.get('signed-by') ?? null;
  return words(fields.get('uris')).map((uri) => ({
    uri,
    suites: words(fields.get('suites')),
    components: words(fields.get('components')),
    // A key may also stand in the field itself; such a file is then left to apt's own trusted keys.
    signedBy: signedBy?.startsWith('/') ? signedBy : null,
  }));
}

const words = (text = '') => text.split(/\s+/).filter((word) => word !== '');

/**
 * The Debian archive this machine already trusts: the source its own release comes from. Only that one
 * is sure to carry `sid` as well (security archives and third parties do not).
 */
export function findDebianArchive(sources: AptSource[], codename: string): AptSource | null {
  const suites = [codename, 'stable', 'testing', 'unstable', 'sid'];
  const archive = sources.find(
    (source) => source.components.includes('main') && source.suites.some((suite) => suites.includes(suite)),
  );
  return archive ?? null;
}

/** Reads the machine's apt sources; null when it is no Debian or names no archive. */
export function machineDebianArchive(etc = '/etc'): AptSource | null {
  const release = readIfThere(path.join(etc, 'os-release'));
  if (!/^ID="?debian"?$/m.test(release)) return null;
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1] ?? 'sid';
  const apt = path.join(etc, 'apt');
  const parts = path.join(apt, 'sources.list.d');
  const files = existsSync(parts) ? readdirSync(parts).sort() : [];
  const sources = [
    ...parseOneLineSources(readIfThere(path.join(apt, 'sources.list'))),
    ...files
      .filter((file) => file.endsWith('.list'))
      .flatMap((file) => parseOneLineSources(readIfThere(path.join(parts, file)))),
    ...files
      .filter((file) => file.endsWith('.sources'))
      .flatMap((file) => parseDeb822Sources(readIfThere(path.join(parts, file)))),
  ];
  return findDebianArchive(sources, codename);
}

/** The keyring to check `sid` with: the source's own, or Debian's. Null leaves it to apt's trusted keys. */
export function keyringOf(source: AptSource): string | null {
  const keyring = source.signedBy ?? DEBIAN_KEYRING;
  return existsSync(keyring) ? keyring : null;
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
