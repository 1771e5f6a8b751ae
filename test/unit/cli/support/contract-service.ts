import { buildOpenApi } from '../../../../src/api/openapi.ts';
import { parseQuery } from '../../../../src/api/query.ts';
import { Media, type Route } from '../../../../src/api/route.ts';
import { toFieldErrors } from '../../../../src/api/validation.ts';
import type { FeatureDeps } from '../../../../src/features/deps.ts';
import { allRoutes } from '../../../../src/features/routes.ts';
import { problem } from './run-cli.ts';
import { sampleOf } from './sample.ts';

/**
 * The service as its contracts say, without its work: refuses what no route takes (unknown address, query or
 * body), and answers every other request with an invented body of the right shape. So the command line cannot
 * drift from the API unnoticed.
 */
export function contractService() {
  const routes = allRoutes({} as FeatureDeps);
  const document = JSON.parse(JSON.stringify(buildOpenApi(routes, 'test')));
  const used: string[] = [];
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const method = (init.method ?? 'GET').toLowerCase();
    const route = routeFor(routes, method, url.pathname);
    const wrong = route ? wrongIn(route, url, init) : 'there is no such route';
    if (!route || wrong) return problem(422, 'validation-failed', `${method} ${url.pathname}: ${wrong}`);
    used.push(`${method} ${route.path}`);
    const status = Math.min(...Object.keys(route.response).map(Number));
    const schema = route.response[status as keyof Route['response']];
    if (schema instanceof Media || schema === null) return new Response(null, { status });
    const operation = document.paths[route.path.replaceAll(/:(\w+)/g, '{$1}')][method];
    const described = operation.responses[status].content['application/json'].schema;
    const name = url.pathname.startsWith('/api/v1/nodes') ? { name: 'local' } : {};
    const body = sampleOf(described, document.components.schemas, name);
    const headers = { 'content-type': 'application/json', ...(route.etag && { etag: '"7"' }) };
    return new Response(JSON.stringify(body), { status, headers });
  };
  return { fetch: fetch as typeof globalThis.fetch, used, routes };
}

/** Of several, the one with the fewest parameters: `/extensions/next-free` before `/extensions/:extension`. */
function routeFor(routes: readonly Route[], method: string, pathname: string): Route | undefined {
  const parameters = (route: Route) => route.path.split(':').length;
  return routes
    .filter((route) => route.method === method && patternOf(route).test(pathname))
    .sort((one, other) => parameters(one) - parameters(other))[0];
}

const patternOf = ({ path }: Route) => new RegExp(`^${path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`);

function wrongIn(route: Route, url: URL, init: RequestInit): string {
  const { tenant: _tenant, ...params } = Object.fromEntries(
    Object.entries(patternOf(route).exec(url.pathname)!.groups ?? {}).map(([name, value]) => [
      name,
      decodeURIComponent(value),
    ]),
  );
  const headers = new Headers(init.headers);
  const body = init.body === undefined ? undefined : JSON.parse(String(init.body));
  const wrong = [
    ...(route.params ? toFieldErrors(route.params.safeParse(params).error?.issues ?? [], 'path') : []),
    ...toFieldErrors(route.query.safeParse(parseQuery(url.toString())).error?.issues ?? [], 'query'),
    ...(route.body ? toFieldErrors(route.body.safeParse(body).error?.issues ?? [], 'body') : []),
  ].map((field) => `${field.in}${field.path}: ${field.message}`);
  if (route.body === null && body !== undefined) wrong.push('a body where none is taken');
  if (route.ifMatch === 'required' && !/^"\d+"$/.test(headers.get('if-match') ?? ''))
    wrong.push('no If-Match');
  if (route.idempotent !== headers.has('idempotency-key')) wrong.push('Idempotency-Key');
  if (!route.wait && headers.has('prefer')) wrong.push('waits where there is nothing to wait for');
  return wrong.join('; ');
}
