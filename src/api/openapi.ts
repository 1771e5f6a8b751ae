import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../domain/errors.ts';
import { PERMISSIONS } from '../domain/permissions.ts';
import { PROBLEMS } from './problem-table.ts';
import { Media, type ResponseSchema, type Route } from './route.ts';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const ProblemSchema = z
  .object({
    type: z.string().meta({ description: 'Address of the page that explains the code.' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(ERROR_CODES).meta({ description: 'Stable: programs decide by it.' }),
    detail: z.string().meta({ description: 'What was wrong and what to do, for people.' }),
    instance: z.string().meta({ description: 'The request id, as in the log.' }),
    errors: z
      .array(
        z.object({ in: z.enum(['body', 'query', 'path', 'header']), path: z.string(), message: z.string() }),
      )
      .meta({ description: 'Each place that is wrong; `path` is a JSON Pointer.' }),
  })
  .loose()
  .meta({
    id: 'Problem',
    example: {
      type: '/docs/errors#extension-taken',
      title: PROBLEMS['extension-taken'].title,
      status: 409,
      code: 'extension-taken',
      detail: 'Extension 1001 belongs to another user. Choose another, or ask for the next free one.',
      instance: 'urn:patchbay:request:6f0e1b1c-8a35-4a39-9df0-3b8f0a7c9d11',
      errors: [{ in: 'body', path: '/extension', message: 'This extension is taken.' }],
    },
  });

const etagHeader = {
  description: 'Version of this representation. Send it as If-Match when changing.',
  schema: { type: 'string' as const, example: '"7"' },
};

/** The document of exactly the routes given; nothing in it is written by hand beside them. */
export function buildOpenApi(routes: readonly Route[], version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: `pbk_...`.',
  });
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  });
  for (const route of routes) registry.registerPath(describe(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Patchbay',
      version,
      description:
        'People and their phones. Every error is a problem document (RFC 9457) with a stable `code`, explained under /docs/errors.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
  });
}

function describe(route: Route): RouteConfig {
  return {
    method: route.method,
    path: route.path.replaceAll(/:(\w+)/g, '{$1}'),
    operationId: operationId(route),
    summary: route.summary,
    description: [route.description, permissionSentence(route)].filter(Boolean).join('\n\n'),
    tags: [route.tag],
    security: route.permission === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }],
    'x-permission': route.permission,
    request: {
      params: pathParameters(route),
      query: route.query,
      headers: requestHeaders(route),
      body:
        route.body === null
          ? undefined
          : { required: true, content: { 'application/json': { schema: route.body } } },
    },
    responses: { ...successes(route), ...problems(route) },
  };
}

/** `get /api/v1/tenants/:tenant/users/:user` -> `getTenantsTenantUsersUser`: stable names for generated clients. */
function operationId(route: Route): string {
  const words = route.path
    .replace(/^\/api\/v1\//, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return route.method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function permissionSentence(route: Route): string {
  if (route.permission === 'public') return 'Needs no key.';
  if (route.permission === 'signed-in') return 'Needs a valid key, whatever its permissions.';
  const own = route.ownUser ? " The user's own key needs none." : '';
  return `Needs the permission \`${route.permission}\`: ${PERMISSIONS[route.permission].allows}.${own}`;
}

function pathParameters(route: Route): z.ZodObject | undefined {
  const own = route.params ?? z.object({});
  const withTenant = route.path.includes('/:tenant')
    ? z.object({ tenant: z.string().meta({ description: 'Id or slug of the tenant.', example: 'acme' }) })
    : z.object({});
  const all = withTenant.extend(own.shape);
  return Object.keys(all.shape).length === 0 ? undefined : all;
}

function requestHeaders(route: Route): z.ZodObject | undefined {
  const headers: Record<string, z.ZodType> = {};
  if (route.ifMatch !== null) {
    const header = z.string().meta({ description: 'The ETag last read, or `*`.', example: '"7"' });
    headers['If-Match'] = route.ifMatch === 'required' ? header : header.optional();
  }
  if (route.idempotent)
    headers['Idempotency-Key'] = z
      .string()
      .min(8)
      .max(255)
      .optional()
      .meta({ description: 'A random UUID. Repeating a request with the same key does it once.' });
  if (route.wait)
    headers.Prefer = z
      .string()
      .optional()
      .meta({ description: 'Wait for the outcome, at most so many seconds.', example: 'wait=5' });
  if (route.etag && route.method === 'get')
    headers['If-None-Match'] = z
      .string()
      .optional()
      .meta({ description: 'Answers 304 when this is the version.' });
  return Object.keys(headers).length === 0 ? undefined : z.object(headers);
}

function successes(route: Route): Record<string, ResponseConfig> {
  const responses: Record<string, ResponseConfig> = {};
  for (const [status, schema] of Object.entries(route.response)) {
    const headers: NonNullable<ResponseConfig['headers']> = {};
    if (route.etag && (status === '200' || status === '201')) Object.assign(headers, { ETag: etagHeader });
    if (status === '201')
      Object.assign(headers, {
        Location: { description: 'Address of the new thing.', schema: { type: 'string' } },
      });
    if ('cursor' in route.query.shape)
      Object.assign(headers, {
        Link: { description: 'rel="next": the next page.', schema: { type: 'string' } },
      });
    responses[status] = { description: DONE[status] ?? 'Done.', headers, content: contentOf(schema ?? null) };
  }
  if (route.etag && route.method === 'get') responses['304'] = { description: 'Unchanged.' };
  return responses;
}

const DONE: Record<string, string> = {
  '200': 'Done.',
  '201': 'Created.',
  '202': 'Accepted: the work goes on.',
  '204': 'Done; there is nothing to say.',
};

function contentOf(schema: ResponseSchema): ResponseConfig['content'] {
  if (schema === null) return undefined;
  if (schema instanceof Media)
    return { [schema.mediaType]: { schema: { type: 'string', contentMediaType: schema.mediaType } } };
  return { 'application/json': { schema } };
}

/** The problems that the kernel itself can answer for this route, by status; the route's own come on top. */
function problems(route: Route): Record<string, ResponseConfig> {
  const codes: ErrorCode[] = ['validation-failed', 'malformed-request', 'internal', ...route.problems];
  if (route.permission !== 'public') codes.push('unauthenticated', 'forbidden', 'too-many-requests');
  if (route.path.includes('/:')) codes.push('not-found');
  if (route.body !== null) codes.push('unsupported-media-type', 'payload-too-large');
  if (route.ifMatch !== null) codes.push('stale-version');
  if (route.ifMatch === 'required') codes.push('precondition-required');
  if (route.idempotent) codes.push('idempotency-key-reused', 'request-in-progress');
  codes.push('timed-out', 'database-unavailable');
  const byStatus: Record<string, ResponseConfig> = {};
  for (const code of new Set(codes)) {
    const { status, title } = PROBLEMS[code];
    const before = byStatus[status]?.description;
    byStatus[status] = {
      description: [before, `\`${code}\`: ${title}.`].filter(Boolean).join(' '),
      content: { 'application/problem+json': { schema: ProblemSchema } },
    };
  }
  return byStatus;
}
