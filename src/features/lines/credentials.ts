import QRCode from 'qrcode';
import { z } from 'zod';
import { secretOwner } from '../../domain/secrets/owner.ts';
import { displayNameOf } from '../../domain/users/display-name.ts';
import type { FeatureDeps } from '../deps.ts';
import { instant } from '../shared-schemas.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { tenantOf } from '../tenants/service.ts';
import { LineKind, type LineRow, lineBody } from './presentation.ts';
import { readLine } from './service.ts';

/** `default_realm` in asterisk-config/pjsip.conf. */
const REALM = 'asterisk';

export const Credentials = z
  .object({
    lineId: z.string(),
    kind: LineKind,
    sipUsername: z.string().meta({ description: 'For registering and for the digest.' }),
    password: z.string(),
    realm: z.string(),
    domain: z
      .string()
      .meta({ description: "The tenant's SIP domain, for people to read; phones register at `server`." }),
    server: z.object({
      host: z.string(),
      port: z.int(),
      transports: z
        .array(z.enum(['udp', 'tcp', 'wss']))
        .meta({ description: 'In the order of preference. `wss`: see `websocketUrl`.' }),
    }),
    websocketUrl: z.string().nullable().meta({
      description: "For webphones: where SIP over WebSocket is spoken, relative to this service's address.",
      example: '/ws/local',
    }),
    sipUri: z.string().nullable().meta({
      description:
        'What the QR code holds: a SIP URI (RFC 3261, section 19.1) with user, password, host, port and transport. Null for webphones.',
      example: 'sip:pbq7f2k4m5n6:k2Jx…@pbx.example.org:5060;transport=tcp',
    }),
    displayName: z.string(),
    extension: z.string().nullable(),
    expiresAt: instant.nullable(),
  })
  .meta({ id: 'Credentials' });

export type CredentialsBody = z.output<typeof Credentials>;

/**
 * What a phone needs to register with this line. Opening the secret is recorded in the same transaction: nobody
 * sees one without leaving a trace.
 */
export async function revealCredentials(
  work: TenantWork,
  deps: Pick<FeatureDeps, 'unseal'>,
  userId: string,
  lineId: string,
): Promise<CredentialsBody> {
  const line = await readLine(work, userId, lineId);
  await record(work, {
    action: 'secret.reveal',
    objectType: 'line',
    objectId: lineId,
    after: { userId, kind: line.kind },
  });
  return credentialsOf(work, deps, line);
}

async function credentialsOf(
  work: TenantWork,
  { unseal }: Pick<FeatureDeps, 'unseal'>,
  line: LineRow,
): Promise<CredentialsBody> {
  const { tx } = work;
  const tenant = await tenantOf(work);
  const node = await tx.pbxNode.findUniqueOrThrow({ where: { id: tenant.nodeId } });
  const user = await tx.user.findUniqueOrThrow({ where: { id: line.userId }, include: { extension: true } });
  const password = unseal(line.secret, secretOwner.line(line.id));
  const { kind, expiresAt } = lineBody(line);
  const isWebphone = kind === 'webphone';
  return {
    lineId: line.id,
    kind,
    sipUsername: line.id,
    password,
    realm: REALM,
    domain: tenant.sipDomain,
    server: {
      host: node.sipHost,
      port: node.sipPort,
      transports: isWebphone ? ['wss'] : ['tcp', 'udp'],
    },
    websocketUrl: isWebphone ? `/ws/${node.name}` : null,
    sipUri: isWebphone
      ? null
      : `sip:${line.id}:${password}@${uriHost(node.sipHost)}:${node.sipPort};transport=tcp`,
    displayName: displayNameOf(user),
    extension: user.extension?.number ?? null,
    expiresAt,
  };
}

/** An IPv6 address stands in brackets (RFC 3261, section 25.1: IPv6reference). */
function uriHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Error correction M: it is read from a screen or a fresh print, and fewer dots are read more easily. */
const QR = { errorCorrectionLevel: 'M', margin: 4 } as const;

export function qrPng(text: string): Promise<Uint8Array> {
  return QRCode.toBuffer(text, { ...QR, type: 'png', scale: 8 });
}

export function qrSvg(text: string): Promise<string> {
  return QRCode.toString(text, { ...QR, type: 'svg' });
}
