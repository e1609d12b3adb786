import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { JwtoUser, JwtoClaims } from '../tokens/claims.js';
import { AuthState, authStateOf } from './auth-state.js';
import { requestOf } from './request-of.js';

/**
 * What takes the name of a field, and pipes as Nest's own decorators do. Written out, for Nest 12 would write a type of
 * its own into our declarations, which Nest 11 does not have.
 */
export type FieldDecorator<Field> = (
  ...fieldOrPipes: (Field | Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/**
 * The user of the request, or one field of it: the claim `user`, which the handler may change, or what another guard has
 * put on `request.user`. On a `@Public()` route it is `undefined`.
 *
 * @example
 * ```ts
 * list(@CurrentUser() user: JwtoUser, @CurrentUser('username') name: string) { … }
 * ```
 */
export const CurrentUser: FieldDecorator<keyof JwtoUser> = createParamDecorator(
  (field: keyof JwtoUser | undefined, context: ExecutionContext): unknown => {
    const user = userOf(context);
    return field === undefined ? user : user?.[field];
  },
);

/** All claims of the request's token, which the handler may change. On a `@Public()` route it is `undefined`. */
export const TokenClaims: FieldDecorator<keyof JwtoClaims> = createParamDecorator(
  (claim: keyof JwtoClaims | undefined, context: ExecutionContext): unknown => {
    const claims = claimsOf(context, 'TokenClaims');
    return claim === undefined ? claims : claims?.[claim];
  },
);

/** A guard of the application, or a test's in the place of ours, sets `request.user` as Nest's documentation shows it. */
function userOf(context: ExecutionContext): Partial<JwtoUser> | undefined {
  const { request } = requestOf(context);
  const state = authStateOf(request);
  if (state instanceof AuthState) return state.claims.user;
  const { user } = request as { user?: Partial<JwtoUser> | null };
  return user ?? claimsOf(context, 'CurrentUser')?.user;
}

function claimsOf(context: ExecutionContext, decorator: string): JwtoClaims | undefined {
  const state = authStateOf(requestOf(context).request);
  if (state === undefined) {
    const { user } = requestOf(context).request as { user?: JwtoUser | null };
    if (typeof user === 'object' && user !== null) return { user } as JwtoClaims;
    const place = `${context.getClass().name}.${context.getHandler().name}`;
    throw new JwtoConfigurationError(
      `@${decorator}() stands on ${place}, which no guard of jwto looks at: add @JwtLoginRequired()`,
    );
  }
  return state === 'public' ? undefined : state.claims;
}
