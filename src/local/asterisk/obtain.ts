import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LocalError } from '../errors.ts';
import { withLock } from '../process-record.ts';
import { type AptSource, machineDebianArchive } from './apt-sources.ts';
import { fetchAsteriskPackages } from './fetch.ts';
import { isAsteriskRoot } from './program.ts';
import { unpackAsterisk } from './unpack.ts';

/** Another run may be downloading over a slow line. */
const PATIENCE_MS = 15 * 60_000;

/**
 * The folder of an unpacked Asterisk 22: `root` when it is given, otherwise `<dataDir>/asterisk`, which is
 * downloaded (24 MB, once) when it is not there.
 *
 * @param options.mirror  a Debian archive to use instead of the one in the machine's apt sources
 * @throws LocalError asterisk_unavailable, asterisk_download_failed, busy
 */
export async function obtainAsterisk(options: {
  dataDir: string;
  root?: string;
  mirror?: string;
  say: (line: string) => void;
}): Promise<string> {
  const root = path.resolve(options.root ?? path.join(options.dataDir, 'asterisk'));
  if (isAsteriskRoot(root)) return root;
  if (options.root !== undefined)
    throw new LocalError(
      'asterisk_unavailable',
      `there is no Asterisk at ${root}`,
      'correct PATCHBAY_ASTERISK_ROOT, or leave it out and let it be downloaded',
    );
  mkdirSync(options.dataDir, { recursive: true });
  await withLock(`${root}.lock`, PATIENCE_MS, async () => {
    if (!isAsteriskRoot(root)) await download(root, archiveOf(options.mirror), options.say);
  });
  return root;
}

async function download(root: string, archive: AptSource, say: (line: string) => void): Promise<void> {
  const workDir = `${root}.download`;
  const debs = await fetchAsteriskPackages({ workDir, archive, say });
  say('Asterisk: unpacking');
  await unpackAsterisk(debs, root);
  rmSync(workDir, { recursive: true, force: true });
}

function archiveOf(mirror: string | undefined): AptSource {
  if (mirror) return { uri: mirror, suites: ['sid'], components: ['main'], signedBy: null };
  const archive = machineDebianArchive();
  if (archive) return archive;
  throw new LocalError(
    'asterisk_unavailable',
    'this machine’s apt sources name no Debian archive to fetch Asterisk 22 from',
    'set PATCHBAY_DEBIAN_MIRROR to one (package debian-archive-keyring must be there to check it), or run the PBX with Docker',
  );
}
