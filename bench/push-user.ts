import { randomBytes } from 'node:crypto';
import { type LineKind, lineEntries, secretDigest } from '../src/domain/pbx/lines.ts';
import type { LocalAsterisk } from '../src/local/asterisk/run.ts';
import type { Account } from './changes.ts';

/** In the order in which one refers to the other. */
const TYPES = ['auth', 'aor', 'endpoint'] as const;

/** A line that Patchbay does not know, and so leaves alone, with the fields that Patchbay would give it. */
export function foreignLine(number: number): Account & { objects: [type: string, fields: Fields][] } {
  const lineId = `bench${randomBytes(4).toString('hex')}`;
  const secret = randomBytes(9).toString('hex');
  const entries = lineEntries({
    lineId,
    kind: 'sip' satisfies LineKind,
    digest: secretDigest(lineId, secret),
    displayName: `User Number ${number}`,
    extension: String(200_000 + number),
    mayTransfer: true,
    allowedNetworks: [],
  });
  const objects = TYPES.map((type) => [type, JSON.parse(entries.get(`ps_${type}s/${type}/${lineId}`)!)]);
  return { lineId, secret, objects: objects as [string, Fields][] };
}

export type Fields = Record<string, string>;

/** As ARI's own way of provisioning does it (`PUT /asterisk/config/dynamic/res_pjsip/…`). */
export async function pushUser({ url, username, secret }: LocalAsterisk['ari']): Promise<Account> {
  const line = foreignLine(90_000);
  for (const [type, fields] of line.objects) {
    const answer = await fetch(`${url}/asterisk/config/dynamic/res_pjsip/${type}/${line.lineId}`, {
      method: 'PUT',
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        fields: Object.entries(fields).map(([attribute, value]) => ({ attribute, value })),
      }),
    });
    if (!answer.ok) throw new Error(`ARI refused the ${type}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
  return line;
}
