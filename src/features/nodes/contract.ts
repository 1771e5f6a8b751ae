import { z } from 'zod';
import type { RequestContext } from '../../api/context.ts';
import { patchOf } from '../../api/patch.ts';
import { NOT_KEPT } from '../../api/reply.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { FeatureDeps } from '../deps.ts';
import { Node } from './presentation.ts';
import { createNode, deleteNode, listNodes, readNode, updateNode } from './service.ts';

const host = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,253}$/, 'Send a host name or an address.')
  .meta({ example: 'pbx1.example.org' });
const port = z.int().min(1).max(65_535);
/** A value ends its line in AMI (RFC 822 style headers), so nothing that ends a line may stand in it. */
const credential = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\r\n\0]*$/, 'Take out the line breaks.');

const CreateNode = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,62}$/,
      'Send 1 to 63 of a-z, 0-9 and dash, beginning with a letter or digit.',
    ),
  sipHost: host.meta({ description: 'Where phones reach it.' }),
  sipPort: port.default(5060),
  amiHost: host,
  amiPort: port.default(5038),
  amiUser: credential,
  amiSecret: credential.meta({ description: 'Kept sealed; never shown again.' }),
  ariUrl: z
    .url({ protocol: /^https?$/, error: 'Send the address of ARI, like http://127.0.0.1:8088/ari.' })
    .max(300)
    // It is shown to whoever reads the node.
    .refine(
      (url) => !url.includes('@'),
      'Leave user and password out of the address: they have fields of their own.',
    ),
  ariUser: credential,
  ariSecret: credential.meta({ description: 'Kept sealed; never shown again.' }),
  spareSip: z.int().min(0).max(5000).default(50).meta({ description: 'Lines kept ready for phones.' }),
  spareWebrtc: z.int().min(0).max(5000).default(20).meta({ description: 'Lines kept ready for browsers.' }),
});
export type NewNode = z.output<typeof CreateNode>;

/** The name stays: secrets are sealed for it. */
const ChangeNode = patchOf(CreateNode.omit({ name: true }));
export type NodeChange = z.output<typeof ChangeNode>;

const NODES = '/api/v1/nodes';
const params = z.object({ node: z.uuid() });

export function nodeRoutes(deps: FeatureDeps): Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)];
}

function readingRoutes({ db }: FeatureDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: NODES,
    summary: 'List PBX nodes',
    tag: 'nodes',
    permission: 'nodes:read',
    response: { 200: z.object({ items: z.array(Node) }) },
    handler: async () => ({ status: 200, body: { items: await db.asPlatform(listNodes) } }),
  });

  const read = defineRoute({
    method: 'get',
    path: `${NODES}/:node`,
    summary: 'Read a PBX node and its conditions',
    tag: 'nodes',
    permission: 'nodes:read',
    params,
    response: { 200: Node },
    etag: true,
    handler: async ({ params: { node } }) => {
      const body = await db.asPlatform((tx) => readNode(tx, node));
      return { status: 200, body, version: body.version, headers: NOT_KEPT };
    },
  });

  return [list, read];
}

function changingRoutes(deps: FeatureDeps): Route[] {
  const create = defineRoute({
    method: 'post',
    path: NODES,
    summary: 'Add a PBX node',
    tag: 'nodes',
    permission: 'nodes:write',
    body: CreateNode,
    response: { 201: Node },
    etag: true,
    idempotent: true,
    problems: ['conflict-duplicate'],
    handler: async (ctx) => {
      const answer = await deps.db.asPlatform(async (tx) => {
        const body = await createNode(tx, deps, ctx, ctx.body);
        const created = {
          status: 201 as const,
          body,
          version: body.version,
          location: `${NODES}/${body.id}`,
        };
        await ctx.remember?.(tx, created);
        return created;
      });
      await follow(deps, ctx);
      return answer;
    },
  });

  const change = defineRoute({
    method: 'patch',
    path: `${NODES}/:node`,
    summary: 'Change a PBX node',
    tag: 'nodes',
    permission: 'nodes:write',
    params,
    body: ChangeNode,
    response: { 200: Node },
    etag: true,
    ifMatch: 'required',
    handler: async (ctx) => {
      const body = await deps.db.asPlatform((tx) =>
        updateNode(tx, deps, ctx, ctx.params.node, ctx.body, ctx.ifMatch),
      );
      await follow(deps, ctx);
      return { status: 200, body, version: body.version };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${NODES}/:node`,
    summary: 'Remove a PBX node on which no tenant lives',
    tag: 'nodes',
    permission: 'nodes:write',
    params,
    response: { 204: null },
    ifMatch: 'optional',
    problems: ['in-use'],
    handler: async (ctx) => {
      await deps.db.asPlatform((tx) => deleteNode(tx, ctx, ctx.params.node, ctx.ifMatch));
      await follow(deps, ctx);
      return { status: 204 };
    },
  });

  return [create, change, remove];
}

/** The change is committed: if following it fails here, the next look at the nodes does it (every few seconds). */
async function follow({ nodesChanged }: FeatureDeps, { log }: RequestContext): Promise<void> {
  await nodesChanged().catch((err: unknown) => log.warn({ err }, 'could not follow a change of PBX nodes'));
}
