import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { applyDecorators } from '@nestjs/common';

type Decorate = ClassDecorator & MethodDecorator;

interface Swagger {
  ApiBearerAuth(): Decorate;
  ApiUnauthorizedResponse(options: { description: string }): Decorate;
  ApiForbiddenResponse(options: { description: string }): Decorate;
  ApiTags(tag: string): ClassDecorator;
  ApiBody(options: { type: unknown }): MethodDecorator;
}

/** @nestjs/swagger where the application has it: an optional peer, so it is never imported. */
export const swagger: Swagger | undefined = load();

/** Documents a guarded route in the application's OpenAPI document; without @nestjs/swagger it does nothing. */
export function documentRefusals({ permissions }: { permissions: boolean }): Decorate {
  if (swagger === undefined) return () => undefined;
  const forbidden = permissions
    ? 'The token lacks a permission, or CSRF protection refused.'
    : 'CSRF protection refused.';
  return applyDecorators(
    swagger.ApiBearerAuth(),
    swagger.ApiUnauthorizedResponse({ description: 'No token, or one that is not accepted; `code` says why.' }),
    swagger.ApiForbiddenResponse({ description: forbidden }),
  );
}

/**
 * Looked for from the application, which declares it. Not by `import.meta`: what compiles this file to CommonJS (Jest, a
 * bundler) has none. Its decorators only write metadata, so any copy of the package will do.
 */
function load(): Swagger | undefined {
  for (const from of [process.argv[1], join(process.cwd(), 'package.json')]) {
    try {
      if (from !== undefined) return createRequire(resolve(from))('@nestjs/swagger') as Swagger;
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}
