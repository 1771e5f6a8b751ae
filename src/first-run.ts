import type { ExternalPbx } from './config.ts';
import { secretOwner } from './domain/secrets/owner.ts';
import type { FeatureDeps } from './features/deps.ts';

/** The node that the configuration describes; others are entered through the API. */
const CONFIGURED_NODE = 'local';

/**
 * Makes an installation usable: the PBX that the configuration names stands in the database as it is now.
 * Returns what a person should be told, once.
 */
export async function prepareFirstRun(deps: FeatureDeps, pbx: ExternalPbx | null): Promise<string[]> {
  if (pbx) await enterConfiguredNode(deps, pbx);
  return [];
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
