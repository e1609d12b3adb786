import { createRequire } from 'node:module';

type Decorate = ClassDecorator & MethodDecorator;

interface Swagger {
  ApiBearerAuth(): Decorate;
  ApiUnauthorizedResponse(options: { description: string }): Decorate;
  ApiForbiddenResponse(options: { description: string }): Decorate;
  ApiExcludeController(): ClassDecorator;
  ApiTags(tag: string): ClassDecorator;
  ApiBody(options: { type: unknown }): MethodDecorator;
}

/** @nestjs/swagger where the application has it: an optional peer, so it is never imported. */
export const swagger: Swagger | undefined = load();

/** Documents a guarded route in the application's OpenAPI document; without @nestjs/swagger it does nothing. */
export function documentRefusals({ permissions }: { permissions: boolean }): Decorate {
  return ((target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (swagger === undefined) return;
    const decorators = [
      swagger.ApiBearerAuth(),
      swagger.ApiUnauthorizedResponse({ description: 'No token, or one that is not accepted; `code` says why.' }),
      swagger.ApiForbiddenResponse({
        description: permissions ? 'The token lacks a permission, or CSRF protection refused.' : 'CSRF protection refused.',
      }),
    ];
    for (const decorate of decorators) (decorate as (...args: unknown[]) => void)(target, name, descriptor);
  }) as Decorate;
}

function load(): Swagger | undefined {
  try {
    return createRequire(import.meta.url)('@nestjs/swagger') as Swagger;
  } catch {
    return undefined;
  }
}
