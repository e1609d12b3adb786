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
import type { AnyReply } from '../http/raw-reply.js';
import type { AnyRequest } from '../http/raw-request.js';
import { MAPPED_ENDPOINT } from '../http/route-mark.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Endpoint } from './endpoint.js';
import { ENDPOINTS } from './endpoint-list.js';
import { Endpoints } from './endpoints.js';
import { planRoutes } from './route-plan.js';

/**
 * Makes a controller class with a handler for each endpoint. Each `forRoot` call has a class of its own: routes are
 * metadata of the class, and two instances must not share them. It has no routes until {@link mapRoutes} adds them.
 */
export function createController(): Type {
  @Controller()
  @Public()
  class JwtoController {
    constructor(@Inject(Endpoints) readonly endpoints: Endpoints) {}
  }
  documentTag('auth', JwtoController);
  for (const endpoint of Object.values(ENDPOINTS).flat()) addHandler(JwtoController, endpoint);
  return JwtoController;
}

/** Adds what the compiler makes of a method with `@Req()` and `@Res()`. Nest and swagger find a handler by its name. */
function addHandler({ prototype }: Type<{ endpoints: Endpoints }>, endpoint: Endpoint): void {
  const { name, bodyType } = endpoint;
  const { [name]: handler } = {
    [name](this: { endpoints: Endpoints }, request: AnyRequest, reply: AnyReply): Promise<void> {
      return this.endpoints.answer(endpoint, request, reply);
    },
  };
  Object.defineProperty(prototype, name, { value: handler, writable: true, configurable: true });
  Reflect.defineMetadata('design:paramtypes', [Object, Object], prototype as object, name);
  Req()(prototype as object, name, 0);
  Res()(prototype as object, name, 1);
  if (bodyType !== undefined) documentBody(bodyType, handler as object);
}

/**
 * Gives a controller its routes. Nest reads them when the application is initialised, and an OpenAPI document may be made
 * of them before, so they are there as soon as the settings are.
 */
export function mapRoutes(controller: Type, instance: string, options: ResolvedOptions): void {
  const version = options.version ?? VERSION_NEUTRAL;
  Controller({ version: typeof version === 'object' ? [...version] : version })(controller);
  for (const { endpoint, mark } of planRoutes(instance, options)) {
    const { name, method, successStatus } = endpoint;
    // A method as a decorator takes it.
    const handler = { value: (controller.prototype as Record<string, unknown>)[name] };
    RequestMapping({ path: mark.path, method: RequestMethod[method] })(controller, name, handler);
    SetMetadata(MAPPED_ENDPOINT, mark)(controller, name, handler);
    HttpCode(successStatus?.(options) ?? 200)(controller, name, handler);
  }
}
