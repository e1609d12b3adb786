import {
  Controller,
  HttpCode,
  Inject,
  Req,
  RequestMapping,
  RequestMethod,
  Res,
  SetMetadata,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import { Public } from '../guards/guard-decorators.js';
import { documentBody, documentTag } from '../guards/openapi.js';
import type { EndpointName } from '../options/jwto-options.js';
import { SESSION_VERBS, type ResolvedOptions } from '../options/resolve-options.js';
import type { AnyReply } from '../http/raw-reply.js';
import type { AnyRequest } from '../http/raw-request.js';
import { MAPPED_ENDPOINT, type RouteMark } from '../http/route-mark.js';
import { Endpoints, type ActionName } from './endpoints.js';
import { LoginBody } from './request-fields.js';

interface RoutePlan {
  endpoint: EndpointName;
  method: RequestMethod;
  /** Whether it lies below `refreshPath`. */
  refresh: boolean;
  /** A last segment behind the endpoint's path. */
  verb?: string;
}

const ROUTES: Readonly<Record<ActionName, RoutePlan>> = {
  login: { endpoint: 'login', method: RequestMethod.POST, refresh: false },
  validateAccess: { endpoint: 'validateAccess', method: RequestMethod.POST, refresh: false },
  validateRefresh: { endpoint: 'validateRefresh', method: RequestMethod.POST, refresh: true },
  refreshAccess: { endpoint: 'refreshAccess', method: RequestMethod.POST, refresh: true },
  updateRefresh: { endpoint: 'updateRefresh', method: RequestMethod.POST, refresh: true },
  logout: { endpoint: 'logout', method: RequestMethod.POST, refresh: true },
  deleteTokens: { endpoint: 'logout', method: RequestMethod.DELETE, refresh: true },
  csrf: { endpoint: 'csrf', method: RequestMethod.GET, refresh: false },
  listSessions: { endpoint: 'sessions', method: RequestMethod.GET, refresh: false },
  revokeSession: { endpoint: 'sessions', method: RequestMethod.POST, refresh: false, verb: SESSION_VERBS[0] },
  revokeOtherSessions: { endpoint: 'sessions', method: RequestMethod.POST, refresh: false, verb: SESSION_VERBS[1] },
  keySet: { endpoint: 'jwks', method: RequestMethod.GET, refresh: false },
};

/**
 * A controller class of its own for each `forRoot` call: routes are metadata of the class, and two instances must not
 * share them. It has no routes until {@link mapRoutes} gives it some.
 */
export function createController(): Type {
  @Controller()
  @Public()
  class JwtoController {
    constructor(@Inject(Endpoints) private readonly endpoints: Endpoints) {}

    login(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('login', request, reply);
    }
    validateAccess(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('validateAccess', request, reply);
    }
    validateRefresh(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('validateRefresh', request, reply);
    }
    refreshAccess(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('refreshAccess', request, reply);
    }
    updateRefresh(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('updateRefresh', request, reply);
    }
    logout(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('logout', request, reply);
    }
    deleteTokens(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('deleteTokens', request, reply);
    }
    csrf(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('csrf', request, reply);
    }
    listSessions(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('listSessions', request, reply);
    }
    revokeSession(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('revokeSession', request, reply);
    }
    revokeOtherSessions(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('revokeOtherSessions', request, reply);
    }
    keySet(@Req() request: AnyRequest, @Res() reply: AnyReply): Promise<void> {
      return this.endpoints.answer('keySet', request, reply);
    }
  }
  document(JwtoController);
  return JwtoController;
}

/**
 * Gives a controller its routes. Nest reads them when the application is initialised, and an OpenAPI document may be made
 * of them before, so they are there as soon as the settings are.
 */
export function mapRoutes(controller: Type, instance: string, options: ResolvedOptions): void {
  const version = options.version ?? VERSION_NEUTRAL;
  Controller({ version: typeof version === 'object' ? [...version] : version })(controller);
  for (const [action, mark] of routeMarks(instance, options)) {
    const handler = handlerOf(controller, action);
    RequestMapping({ path: mark.path, method: ROUTES[action].method })(controller, action, handler);
    SetMetadata(MAPPED_ENDPOINT, mark)(controller, action, handler);
    HttpCode(successStatus(action, options))(controller, action, handler);
  }
}

/** The routes that the settings leave. */
export function routeMarks(instance: string, options: ResolvedOptions): Map<ActionName, RouteMark> {
  const marks = new Map<ActionName, RouteMark>();
  for (const [action, { endpoint, method, refresh, verb }] of Object.entries(ROUTES) as [ActionName, RoutePlan][]) {
    const leaf = options.endpoints[endpoint];
    if (leaf === false) continue;
    const folder = refresh ? `${options.refreshPath}/` : '';
    const path = folder + leaf + (verb === undefined ? '' : `/${verb}`);
    marks.set(action, { instance, method: RequestMethod[method], path, leaf: refresh ? leaf : undefined });
  }
  return marks;
}

function document(controller: Type): void {
  documentTag('auth', controller);
  documentBody(LoginBody, (controller.prototype as Record<ActionName, object>).login);
}

/** What an OpenAPI document says of a success; the endpoint sends its own. */
function successStatus(action: ActionName, { modes }: ResolvedOptions): number {
  return action === 'deleteTokens' && modes[0] === 'JSON' ? 204 : 200;
}

/** A method as a decorator takes it. */
function handlerOf(controller: Type, action: ActionName): PropertyDescriptor {
  return { value: (controller.prototype as Record<ActionName, unknown>)[action] };
}
