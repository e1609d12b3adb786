import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { noteReply, type FastifyReplyLike } from '../transports/raw-reply.js';
import { MAPPED_ENDPOINT, methodOf, type RouteMark } from './controller.js';
import { takeBody } from './request-body.js';

/** Where a route of ours was mapped. */
export interface MappedRoute extends RouteMark {
  /** The whole path, as the adapter has it. */
  readonly mapped: string;
}

/** What both adapters can do for us: show the mapped routes, and let us read a body before their parsers. */
export interface RouterHook {
  /** Whether `/path` and `/path/` are two routes. */
  readonly tellsTrailingSlash: boolean;
  /** The routes of ours as they were mapped; complete once the application is initialised. */
  mappedRoutes(): readonly MappedRoute[];
}

interface ExpressLike {
  enabled(setting: string): boolean;
  use(handler: (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void): void;
  readonly router: { readonly stack: { route?: { path: unknown; stack: { handle: object }[] } }[] };
}

interface FastifyLike {
  readonly initialConfig: { ignoreTrailingSlash?: boolean; routerOptions?: { ignoreTrailingSlash?: boolean } };
  addHook(name: 'onRoute', hook: (route: { url: string; handler: object }) => void): void;
  addHook(name: 'onRequest', hook: (request: { raw: IncomingMessage }, reply: FastifyReplyLike) => Promise<void>): void;
}

/** One hook an application, however many module instances it has. */
const HOOKS = new WeakMap<object, RouterHook>();

/** Hooks into an application's adapter. Called before its routes are mapped. */
export function hookRouter(adapter: AbstractHttpAdapter): RouterHook {
  const application = adapter.getInstance<object>();
  const hook =
    HOOKS.get(application) ??
    (adapter.getType() === 'fastify'
      ? hookFastify(application as FastifyLike)
      : hookExpress(application as ExpressLike));
  HOOKS.set(application, hook);
  return hook;
}

function hookFastify(fastify: FastifyLike): RouterHook {
  const routes: MappedRoute[] = [];
  const isOurs = pathMatcher(() => routes);
  fastify.addHook('onRoute', ({ url, handler }) => {
    const mark = markOf(handler);
    if (mark !== undefined) routes.push({ ...mark, mapped: url });
  });
  fastify.addHook('onRequest', async ({ raw }, reply) => {
    noteReply(raw, reply);
    if (isOurs(raw)) await takeBody(raw);
  });
  const { ignoreTrailingSlash, routerOptions } = fastify.initialConfig;
  return {
    tellsTrailingSlash: !(ignoreTrailingSlash ?? routerOptions?.ignoreTrailingSlash ?? false),
    mappedRoutes: () => routes,
  };
}

function hookExpress(express: ExpressLike): RouterHook {
  let routes: readonly MappedRoute[] | undefined;
  const mappedRoutes = (): readonly MappedRoute[] =>
    (routes ??= express.router.stack.flatMap(({ route }) => {
      const mark = route?.stack.map(({ handle }) => markOf(handle)).find((found) => found !== undefined);
      return mark === undefined ? [] : [{ ...mark, mapped: String(route?.path) }];
    }));
  const isOurs = pathMatcher(mappedRoutes);
  express.use((request, _response, next) => {
    if (isOurs(request))
      takeBody(request).then(() => {
        next();
      }, next);
    else next();
  });
  // Nest has put its body parsers first; ours must see a body before them.
  const { stack } = express.router;
  const last = stack.pop();
  if (last !== undefined) stack.unshift(last);
  return { tellsTrailingSlash: express.enabled('strict routing'), mappedRoutes };
}

/** Nest copies the metadata of a handler to the function that it registers with the adapter. */
function markOf(handler: object): RouteMark | undefined {
  return Reflect.getMetadata(MAPPED_ENDPOINT, handler) as RouteMark | undefined;
}

/** Whether a request is for a route of ours; the set is made at the first request, when all routes are there. */
function pathMatcher(routes: () => readonly MappedRoute[]): (raw: IncomingMessage) => boolean {
  let known: Set<string> | undefined;
  return ({ method, url = '/' }) => {
    if (method === 'GET') return false;
    known ??= new Set(routes().map(({ action, mapped }) => `${methodOf(action)} ${withoutSlash(mapped)}`));
    return known.has(`${method ?? ''} ${withoutSlash(url.split('?', 1)[0] ?? '/')}`);
  };
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '').toLowerCase();
}
