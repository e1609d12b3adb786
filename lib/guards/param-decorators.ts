import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { JwtoUser, JwtoClaims } from '../tokens/claims.js';
import { AuthState, authStateOf } from '../authentication/auth-state.js';
import { carrierIn } from './context-carrier.js';
import { requirementsOf } from './requirements.js';

/**
 * What takes the name of a field, and pipes as Nest's own decorators do. Written out, for Nest 12 would write a type of
 * its own into our declarations, which Nest 11 does not have.
 */
export type FieldDecorator<Field> = (
  ...fieldOrPipes: (Field | Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/**
 * The user of the request, or one field of it: the claim `user`, which the handler may change, or whom another guard has
 * put on `request.user`. On a `@Public()` route, and where sign-in is optional, it is `undefined` if there is none.
 *
 * @example
 * ```ts
 * list(@CurrentUser() user: JwtoUser, @CurrentUser('username') name: string) { … }
 * ```
 */
export const CurrentUser: FieldDecorator<keyof JwtoUser> = createParamDecorator(
  (field: keyof JwtoUser | undefined, context: ExecutionContext): unknown => {
    const user = find(context, 'CurrentUser')?.user;
    return field === undefined ? user : user?.[field];
  },
);

/**
 * All claims of the request's token, which the handler may change. They are `undefined` where {@link CurrentUser} is, and
 * have the member `user` alone where another guard has signed the user in.
 */
export const TokenClaims: FieldDecorator<keyof JwtoClaims> = createParamDecorator(
  (claim: keyof JwtoClaims | undefined, context: ExecutionContext): unknown => {
    const claims = find(context, 'TokenClaims')?.claims;
    return claim === undefined ? claims : claims?.[claim];
  },
);

/** What the decorators give. */
interface Found {
  readonly user: JwtoUser;
  readonly claims: Partial<JwtoClaims>;
}

function find(context: ExecutionContext, decorator: string): Found | undefined {
  const carrier = carrierIn(context);
  const state = authStateOf(carrier);
  const own = state instanceof AuthState ? state : undefined;
  if (own !== undefined && !isOpenOperation(context)) return own;
  // A guard of the application, or a test's in the place of ours, sets it as Nest's documentation shows. Passport has
  // `false` for nobody.
  const { user } = carrier.request as { user?: JwtoUser | false | null };
  const isThere = user !== undefined && user !== null && user !== false;
  if (isThere && user !== own?.user) return { user, claims: { user } };
  if (state !== undefined || requirementsOf(context) === 'public') return undefined;
  const place = `${context.getClass().name}.${context.getHandler().name}`;
  throw new JwtoConfigurationError(
    `@${decorator}() stands on ${place}, which no guard of jwto looks at and no other guard sets request.user for: ` +
      'add @JwtLoginRequired()',
  );
}

/** A request of GraphQL may live as long as a socket: what was found for one operation is not an open one's. */
function isOpenOperation(context: ExecutionContext): boolean {
  return context.getType<string>() === 'graphql' && requirementsOf(context) === 'public';
}
