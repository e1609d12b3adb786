import { Injectable } from '@nestjs/common';
import type { SignInUser } from './user-provider.js';

/** Which token claims are made for. */
export interface ClaimsContext {
  type: 'access' | 'refresh';
  /** The session. */
  sid: string;
}

/**
 * Adds claims to tokens; override it by the module's `claims` option. What `claims` returns is merged at the top level,
 * a `user` object inside `user`. Reserved, and silently kept:
 * `iss sub aud exp nbf iat jti sid type refresh_iat auth_time` and `user.id`. The module instance without a name provides
 * it under this class, so tests replace it by `overrideProvider(ClaimsProvider)`.
 *
 * @example
 * ```ts
 * @Injectable()
 * class EmailClaims extends ClaimsProvider<User> {
 *   override claims(user: User) {
 *     return { user: { email: user.email } };
 *   }
 * }
 * JwtoModule.forRoot({ signingKey, users: UsersService, claims: EmailClaims });
 * ```
 */
@Injectable()
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- for the classes that extend it
export class ClaimsProvider<U extends SignInUser = SignInUser> {
  /**
   * Called for both tokens at every sign-in and refresh. With `refreshClaims: false` a refresh token has of it only what
   * `requiredClaims` names.
   *
   * @returns JSON: claims to add; in `user` a `perms` is a list of strings. A throw, a value that is not so, and no answer
   * within ten seconds are answered with 503 `store_unavailable`, and nothing is issued or changed.
   */

  claims(_user: U, _context: ClaimsContext): Record<string, unknown> | Promise<Record<string, unknown>> {
    return {};
  }
}
