import type { ExternalPbx } from './config.ts';
import { secretOwner } from './domain/secrets/owner.ts';
import type { FeatureDeps } from './features/deps.ts';
import { ensureFirstPlatformKey } from './features/keys/service.ts';

/** The node that the configuration describes; others are entered through the API. */
const CONFIGURED_NODE = 'local';

/**
 * Makes an installation usable: the PBX that the configuration names stands in the database as it is now, and on a
 * new database there is a first key, and a demo tenant to look at. Returns what a person should be told, once.
 */
export async function prepareFirstRun(
  deps: FeatureDeps,
  pbx: ExternalPbx | null,
  url: string,
): Promise<string[]> {
  if (pbx) await enterConfiguredNode(deps, pbx);
  const key = await ensureFirstPlatformKey(deps.db);
  if (!key) return [];
  const lines = ['First start. The key of the platform, shown this once; keep it safe:', `  ${key}`];
  return pbx ? [...lines, ...(await makeDemoTenant(url, key))] : lines;
}

/** Through the API, as anybody would. */
async function makeDemoTenant(url: string, key: string): Promise<string[]> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`The demo tenant could not be made: ${await response.text()}`);
    return (await response.json()) as { id: string };
  };
  await post('/tenants', { slug: 'demo', name: 'Demo', country: 'FR' });
  for (const firstName of ['Alice', 'Bob']) {
    const username = firstName.toLowerCase();
    const email = `${username}@demo.example`;
    await post('/tenants/demo/users', { username, firstName, email, extension: 'next', phone: 'softphone' });
  }
  return [
    'A tenant "demo" with Alice and Bob, each with an extension and a softphone. Their credentials:',
    '  PATCHBAY_API_KEY=<the key> npm run cli -- --tenant demo credentials show alice',
  ];
}

/** Ports and secrets of a local Asterisk may be others after a new set-up: the configuration wins. */
async function enterConfiguredNode(deps: FeatureDeps, { ami, ari, sip }: ExternalPbx): Promise<void> {
  const connection = {
    sipHost: sip.host,
    sipPort: sip.port,
    amiHost: ami.host,
    amiPort: ami.port,
    amiUser: ami.username,
    ariUrl: ari.url,
    ariUser: ari.username,
  };
  await deps.db.asPlatform(async (tx) => {
    const existing = await tx.pbxNode.findUnique({ where: { name: CONFIGURED_NODE } });
    const unchanged =
      existing &&
      Object.entries(connection).every(
        ([field, value]) => existing[field as keyof typeof connection] === value,
      ) &&
      deps.unseal(existing.amiSecret, secretOwner.ami(CONFIGURED_NODE)) === ami.secret &&
      deps.unseal(existing.ariSecret, secretOwner.ari(CONFIGURED_NODE)) === ari.secret;
    // An edit makes every process connect anew: only when there is something to edit.
    if (unchanged) return;
    const data = {
      ...connection,
      amiSecret: deps.seal(ami.secret, secretOwner.ami(CONFIGURED_NODE)),
      ariSecret: deps.seal(ari.secret, secretOwner.ari(CONFIGURED_NODE)),
    };
    await tx.pbxNode.upsert({
      where: { name: CONFIGURED_NODE },
      create: { name: CONFIGURED_NODE, ...data },
      update: data,
    });
  });
  await deps.nodesChanged();
}
