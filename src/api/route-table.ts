import { type Request, type RequestHandler, type Response, Router } from 'express';
import { DomainError } from '../domain/errors.ts';
import type { Method, Route } from './route.ts';

/**
 * One Express route for each address, holding its methods, so that a wrong method is answered with
 * what would be right (405 and Allow), HEAD follows GET, and OPTIONS tells what there is.
 * Fixed segments go before parameters (`/users/next` before `/users/:user`), whatever the order
 * in which features list them. Throws when two routes claim the same method and address.
 */
export function routeTable(
  routes: readonly Route[],
  run: (route: Route, req: Request, res: Response) => Promise<void>,
): Router {
  const router = Router({ caseSensitive: true });
  for (const [path, methods] of [...byAddress(routes)].toSorted(([a], [b]) => fixedFirst(a, b)))
    router.all(path, answering(methods, run));
  return router;
}

type Methods = Map<Method, Route>;

function byAddress(routes: readonly Route[]): Map<string, Methods> {
  const shapes = new Map<string, string>();
  const addresses = new Map<string, Methods>();
  for (const route of routes) {
    const shape = route.path.replaceAll(/:\w+/g, ':');
    const path = shapes.get(shape) ?? route.path;
    if (path !== route.path)
      throw new Error(`${route.path} and ${path} are one address with two names for its parameters`);
    shapes.set(shape, path);
    const methods = addresses.get(path) ?? new Map<Method, Route>();
    if (methods.has(route.method)) throw new Error(`${route.method.toUpperCase()} ${path} is defined twice`);
    addresses.set(path, methods.set(route.method, route));
  }
  return addresses;
}

function fixedFirst(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = Number(left[i]!.startsWith(':')) - Number(right[i]!.startsWith(':'));
    if (difference !== 0) return difference;
  }
  return 0;
}

function answering(
  methods: Methods,
  run: (route: Route, req: Request, res: Response) => Promise<void>,
): RequestHandler {
  const allowed = [...methods.keys()].flatMap((method) =>
    method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
  );
  const allow = [...allowed, 'OPTIONS'].join(', ');
  return async (req, res) => {
    const method = req.method === 'HEAD' ? 'get' : req.method.toLowerCase();
    const route = methods.get(method as Method);
    if (route) {
      res.locals.route = route.path;
      await run(route, req, res);
      return;
    }
    res.setHeader('Allow', allow);
    if (req.method === 'OPTIONS') {
      res.status(204).end();
      return;
    }
    throw new DomainError('method-not-allowed', `This address takes ${allow}.`);
  };
}
