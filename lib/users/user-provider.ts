import type { RequestInfo } from '../events/jwto-event.js';

/** A user as the library needs to know one; the application's own class or row fits if it has these members. */
export interface SignInUser {
  /**
   * Keeps its JSON type in the claim `user.id`, where a BigInt or an ObjectId becomes a string, and is a string everywhere else.
   * Must never be given twice.
   */
  id: string | number | bigint | { toHexString(): string };
  /** The claim `user.username`, 1 character or more. */
  username: string;
  /** What `@JwtPermRequired` looks for; the claim `user.perms`. @defaultValue none */
  perms?: readonly string[] | null | undefined;
  /** `false` refuses the login as a wrong password is, and ends the sessions at their next refresh. @defaultValue `true` */
  isActive?: boolean | null | undefined;
  /**
   * Anything that changes when the password changes or the account is made anew. Its SHA-256 is kept with the session,
   * and a different one at a refresh ends the session.
   */
  stamp?: string | null | undefined;
}

/** What a login sends. */
export interface LoginCredentials {
  /** 1 to 150 characters. */
  username: string;
  /** 1 to 1024 characters. */
  password: string;
  /** What the login's body has beside `username`, `password` and `mode`: a one-time code, a tenant. Frozen, and not checked. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Where the login came from; `null` where that is not known. */
  readonly request: RequestInfo | null;
}

/**
 * Where the application's users are. The library owns no user table. Each answer may take ten seconds.
 *
 * The module instance without a name provides what its `users` option gives under this class, so tests replace it by
 * `overrideProvider(UserProvider)`; sign-ins and refreshes then ask the replacement. For a named instance give
 * `users: { useExisting: AdminUsers }` and override that.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class UsersService extends UserProvider<User> {
 *   async authenticate({ username, password }: LoginCredentials) {
 *     const user = await this.users.findOneBy({ username });
 *     return (await this.hasher.verify(user?.passwordHash, password)) ? user : null;
 *   }
 *   findById(id: string) {
 *     return this.users.findOneBy({ id: Number(id) });
 *   }
 * }
 * ```
 */
export abstract class UserProvider<U extends SignInUser = SignInUser> {
  /**
   * @returns the user whose password this is, active or not; `null` for an unknown user and for a wrong password, after
   * the same work, so that the time reveals nothing. A throw, and no answer in time, is 503 `store_unavailable`.
   */
  abstract authenticate(credentials: LoginCredentials): Promise<U | null> | U | null;

  /**
   * Asked at every refresh.
   *
   * @param id - the user's id as a string
   * @returns the user as it is now, or `null` if it is gone. A throw, and no answer in time, is 503 `store_unavailable`.
   */
  abstract findById(id: string): Promise<U | null> | U | null;
}
