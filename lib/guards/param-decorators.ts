import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { JwtoUser, JwtoClaims } from '../tokens/claims.js';
import { authStateOf } from './auth-state.js';
import { requestOf } from './request-of.js';

/**
 * The user of the request, or one field of it: the claim `user`, which the handler may change. On a `@Public()` route
 * it is `undefined`.
 *
 * @example
 * ```ts
 * list(@CurrentUser() user: JwtoUser, @CurrentUser('username') name: string) { … }
 * ```
 */
export const CurrentUser = createParamDecorator(
  (field: keyof JwtoUser | undefined, context: ExecutionContext): unknown => {
    const user = claimsOf(context, 'CurrentUser')?.user;
    return field === undefined ? user : user?.[field];
  },
);

/** All claims of the request's token, which the handler may change. On a `@Public()` route it is `undefined`. */
export const TokenClaims = createParamDecorator(
  (claim: keyof JwtoClaims | undefined, context: ExecutionContext): unknown => {
    const claims = claimsOf(context, 'TokenClaims');
    return claim === undefined ? claims : claims?.[claim];
  },
);

function claimsOf(context: ExecutionContext, decorator: string): JwtoClaims | undefined {
  const state = authStateOf(requestOf(context).request);
  if (state === undefined) {
    const place = `${context.getClass().name}.${context.getHandler().name}`;
    throw new JwtoConfigurationError(
      `@${decorator}() stands on ${place}, which no guard of jwto looks at: add @JwtLoginRequired()`,
    );
  }
  return state === 'public' ? undefined : state.claims;
}
