import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { noteReply, type FastifyReplyLike } from './raw-reply.js';
import { pathOfTarget } from './raw-request.js';
import { MAPPED_ENDPOINT, type RouteMark } from './route-mark.js';
import { parseBody, readableBody } from './request-body.js';

/** Where a route of ours was mapped. */
export interface MappedRoute extends RouteMark {
  /** The whole path, as the adapter has it. */
  readonly mapped: string;
}

/**
 * What both adapters do for us: answer our routes with a trailing slash too, show where they were mapped, and let us
 * read a body in place of their parsers. It is read where Nest's parsers on Express would: after what `main.ts` gives to
 * `app.use`, so that a rate limiter is asked first, and before the middleware of modules, guards and interceptors.
 */
export interface RouterHook {
  /** The routes of ours as they were mapped; complete once the application is initialised. */
  mappedRoutes(): readonly MappedRoute[];
}

type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

interface ExpressLike {
  use(handler: Middleware): void;
  readonly router: { readonly stack: { name: string; route?: { path: unknown; stack: { handle: object }[] } }[] };
}

interface FastifyLike {
  readonly initialConfig: { ignoreTrailingSlash?: boolean; routerOptions?: { ignoreTrailingSlash?: boolean } };
  route(route: FastifyRoute): void;
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): void;
  addHook(name: 'onRequest', hook: RequestHook): void;
  /** Of @fastify/middie, which an application may leave out. */
  use?: (handler: Middleware) => void;
}

type RequestHook = (request: { raw: IncomingMessage }, reply: FastifyReplyLike, done: (error?: Error) => void) => void;

interface FastifyRoute {
  method: string | string[];
  url: string;
  handler: object;
  constraints?: object;
  config?: object;
  onRequest?: RequestHook | RequestHook[];
}

/** The names of body-parser's middleware, which Nest and applications put first. */
const BODY_PARSERS = ['jsonParser', 'urlencodedParser', 'rawParser', 'textParser'];

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
  const { ignoreTrailingSlash, routerOptions } = fastify.initialConfig;
  const tellsSlash = ignoreTrailingSlash !== true && routerOptions?.ignoreTrailingSlash !== true;
  fastify.addHook('onRoute', (route) => {
    const { method, url, handler, constraints = {}, config = {} } = route;
    const mark = markOf(handler);
    // The HEAD routes that Fastify adds to GET routes follow by themselves.
    if (mark === undefined || method === 'HEAD') return;
    route.onRequest = [...[route.onRequest ?? []].flat(), readBody];
    if (url.endsWith('/')) return;
    routes.push({ ...mark, mapped: url });
    if (tellsSlash) fastify.route({ method, url: `${url}/`, handler, constraints, config });
  });
  fastify.addHook('onRequest', ({ raw }, reply, done) => {
    noteReply(raw, reply);
    done();
  });
  const isOurs = pathMatcher(() => routes);
  fastify.use?.((request, _response, next) => {
    if (isOurs(request))
      parseBody(request).then(() => {
        next();
      }, next);
    else next();
  });
  return { mappedRoutes: () => routes };
}

function readBody(
  request: { raw: IncomingMessage; body?: unknown },
  _reply: FastifyReplyLike,
  done: (error?: Error) => void,
): void {
  parseBody(request.raw).then(() => {
    request.body = readableBody(request.raw);
    done();
  }, done);
}

function hookExpress(express: ExpressLike): RouterHook {
  let routes: readonly MappedRoute[] | undefined;
  const mappedRoutes = (): readonly MappedRoute[] =>
    (routes ??= express.router.stack.flatMap(({ route }) => {
      const mark = route?.stack.map(({ handle }) => markOf(handle)).find((found) => found !== undefined);
      return mark === undefined ? [] : [{ ...mark, mapped: String(route?.path) }];
    }));
  const isOurs = pathMatcher(mappedRoutes, 'i');
  express.use((request, _response, next) => {
    if (!isOurs(request)) {
      next();
      return;
    }
    // With the setting "strict routing", Express tells /login and /login/ apart.
    request.url = request.url?.replace(/^([^?]*)\/(?=\?|$)/, '$1');
    parseBody(request).then(() => {
      next();
    }, next);
  });
  const { stack } = express.router;
  const parser = stack.findIndex(({ name }) => BODY_PARSERS.includes(name));
  if (parser !== -1) stack.splice(parser, 0, ...stack.splice(-1));
  return { mappedRoutes };
}

/** Nest copies the metadata of a handler to the function that it registers with the adapter. */
function markOf(handler: object): RouteMark | undefined {
  return Reflect.getMetadata(MAPPED_ENDPOINT, handler) as RouteMark | undefined;
}

/** Whether a request is for a route of ours; the pattern is made at the first request, when all routes are there. */
function pathMatcher(routes: () => readonly MappedRoute[], flags = ''): (raw: IncomingMessage) => boolean {
  let pattern: RegExp | undefined;
  return ({ method = '', url = '/' }) => {
    pattern ??= new RegExp(`^(?:${routes().map(patternOf).join('|')})/?$`, flags);
    return pattern.test(`${method} ${pathOfTarget(url)}`);
  };
}

/** Our paths have letters, digits and `._~-` in them, with what an application puts before them. */
function patternOf({ method, mapped }: MappedRoute): string {
  const path = mapped.replace(/[.~-]/g, '\\$&');
  // Express answers HEAD by the route of GET.
  return `${method === 'GET' ? '(?:GET|HEAD)' : method} ${path}`;
}
