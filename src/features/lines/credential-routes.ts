import type { z } from 'zod';
import { defineRoute, media, type Route } from '../../api/route.ts';
import { DomainError } from '../../domain/errors.ts';
import type { FeatureDeps } from '../deps.ts';
import { type Asker, inTenant } from '../tenant-work.ts';
import { LINES, ofLine } from './address.ts';
import { Credentials, qrPng, qrSvg, revealCredentials } from './credentials.ts';

const RECORDED = 'Each time is recorded in the audit log.';

/** The secret of a line in the forms in which it is used. */
export function credentialRoutes(deps: FeatureDeps): Route[] {
  const reveal = (ctx: Asker & { params: z.output<typeof ofLine> }) =>
    inTenant(deps.db, ctx, (work) => revealCredentials(work, deps, ctx.params.user, ctx.params.line));
  const textOfQr = async (ctx: Parameters<typeof reveal>[0]): Promise<string> => {
    const { sipUri } = await reveal(ctx);
    if (sipUri !== null) return sipUri;
    throw new DomainError(
      'validation-failed',
      'A webphone is not set up by QR code: it takes its credentials as JSON.',
    );
  };

  const read = defineRoute({
    method: 'get',
    path: `${LINES}/:line/credentials`,
    summary: 'Reveal what a phone needs to register',
    description: RECORDED,
    tag: 'lines',
    permission: 'secrets:reveal',
    ownUser: true,
    params: ofLine,
    response: { 200: Credentials },
    handler: async (ctx) => ({ status: 200, body: await reveal(ctx) }),
  });

  const png = defineRoute({
    method: 'get',
    path: `${LINES}/:line/qr.png`,
    summary: 'The credentials as a QR code (PNG)',
    description: `The code holds \`sipUri\` of the credentials. ${RECORDED}`,
    tag: 'lines',
    permission: 'secrets:reveal',
    ownUser: true,
    params: ofLine,
    response: { 200: media('image/png') },
    handler: async (ctx) => ({ status: 200, body: await qrPng(await textOfQr(ctx)) }),
  });

  const svg = defineRoute({
    method: 'get',
    path: `${LINES}/:line/qr.svg`,
    summary: 'The credentials as a QR code (SVG)',
    description: `The code holds \`sipUri\` of the credentials. ${RECORDED}`,
    tag: 'lines',
    permission: 'secrets:reveal',
    ownUser: true,
    params: ofLine,
    response: { 200: media('image/svg+xml') },
    handler: async (ctx) => ({ status: 200, body: await qrSvg(await textOfQr(ctx)) }),
  });

  return [read, png, svg];
}
