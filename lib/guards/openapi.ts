import type { Type } from '@nestjs/common';

type Decorate = ClassDecorator & MethodDecorator;

/**
 * The keys under which @nestjs/swagger 11 and 12 keep what their decorators say. It is written without the package: an
 * optional peer, which a bundle, a strict installer and Jest hide from a `require` of ours.
 */
const KEYS = {
  security: 'swagger/apiSecurity',
  responses: 'swagger/apiResponse',
  tags: 'swagger/apiUseTags',
  parameters: 'swagger/apiParameters',
};

/** Documents a guarded route in the application's OpenAPI document; what the application says of 401 and 403 stands. */
export function documentRefusals({ permissions }: { permissions: boolean }): Decorate {
  const forbidden = permissions
    ? 'The token lacks a permission, or CSRF protection refused.'
    : 'CSRF protection refused.';
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const documented = (descriptor?.value as object | undefined) ?? target;
    append(KEYS.security, { bearer: [] }, documented);
    const said = Reflect.getMetadata(KEYS.responses, documented) as object | undefined;
    const refusals = {
      401: { description: 'No token, or one that is not accepted; `code` says why.' },
      403: { description: forbidden },
    };
    Reflect.defineMetadata(KEYS.responses, { ...refusals, ...said }, documented);
  };
}

/**
 * Documents that a route may be asked without a token.
 *
 * @param opened - gives the methods of a class that its decorator opens: what stands on a class itself counts in the
 * document for all of its methods
 */
export function documentOptional(opened: (controller: Type) => readonly object[]): Decorate {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const method = descriptor?.value as object | undefined;
    for (const one of method === undefined ? opened(target as Type) : [method]) append(KEYS.security, {}, one);
  };
}

/** Puts the routes of a controller under a tag of the OpenAPI document. */
export function documentTag(tag: string, controller: object): void {
  append(KEYS.tags, tag, controller);
}

/** Documents the body of a route in the OpenAPI document. */
export function documentBody(type: object, handler: object): void {
  append(KEYS.parameters, { in: 'body', type, required: true }, handler);
}

function append(key: string, entry: unknown, target: object): void {
  const before = (Reflect.getMetadata(key, target) as unknown[] | undefined) ?? [];
  Reflect.defineMetadata(key, [...before, entry], target);
}
