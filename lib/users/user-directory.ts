import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { parseDuration } from '../options/duration.js';
import type { LifetimeContext, SignInLifetimes } from '../options/jwto-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { plainClaims } from './plain-claims.js';
import { assertUser, idText } from './sign-in-user.js';
import type { ClaimsContext, ClaimsProvider } from './claims-provider.js';
import type { LoginCredentials, SignInUser, UserProvider } from './user-provider.js';

/**
 * Where the application's classes come from. They are asked for when they are needed first: a `UsersService` may inject
 * `TokenService`, which could not be made if it needed the users.
 */
export interface ProviderSources {
  readonly claims: () => Promise<ClaimsProvider>;
  /** Absent in a process that issues nothing. */
  readonly users: (() => Promise<UserProvider>) | undefined;
}

/**
 * The application's users as the rooms above ask for them: whatever goes wrong in the application's code becomes 503
 * `store_unavailable`, is logged, and nothing else happens.
 */
export class UserDirectory {
  private readonly logger = new Logger('Jwto');

  constructor(private readonly sources: ProviderSources) {}

  /** @throws {@link StoreUnavailableError} if the provider failed */
  authenticate(credentials: LoginCredentials): Promise<SignInUser | null> {
    return this.ask('UserProvider.authenticate', async () =>
      orNull(await (await this.provider()).authenticate(credentials)),
    );
  }

  /** @throws {@link StoreUnavailableError} if the provider failed, or gave somebody else */
  findById(id: string): Promise<SignInUser | null> {
    return this.ask('UserProvider.findById', async () => {
      const user = orNull(await (await this.provider()).findById(id));
      if (user !== null && idText(user.id) !== id) throw new TypeError('it gave a user with another id');
      return user;
    });
  }

  /**
   * The claims that the application adds, as plain JSON of their own.
   *
   * @throws {@link StoreUnavailableError} if the provider failed or returned something that is no JSON object
   */
  claims(user: SignInUser, context: ClaimsContext): Promise<Record<string, unknown>> {
    return this.ask('ClaimsProvider.claims', async () => {
      const given: unknown = await (await this.sources.claims()).claims(user, context);
      return plainClaims(given ?? {});
    });
  }

  /**
   * The lifetimes of one sign-in, in seconds.
   *
   * @param given - by who signs the user in; the application's hook is then not asked
   * @throws TypeError if they are no durations
   * @throws {@link StoreUnavailableError} if the application's hook failed or gave something that is no duration
   */
  async lifetimes(
    { lifetimes, refreshTokenLifetime, sessionLifetime }: ResolvedOptions,
    signIn: LifetimeContext,
    given?: SignInLifetimes,
  ): Promise<{ refresh: number; session: number }> {
    if (given !== undefined) {
      return {
        refresh: assertDuration(given.refreshTokenLifetime ?? refreshTokenLifetime),
        session: assertDuration(given.sessionLifetime ?? sessionLifetime),
      };
    }
    if (lifetimes === undefined) return { refresh: refreshTokenLifetime, session: sessionLifetime };
    return this.ask('lifetimes', async () => {
      const own = await lifetimes(signIn);
      return {
        refresh: assertDuration(own.refreshTokenLifetime ?? refreshTokenLifetime),
        session: assertDuration(own.sessionLifetime ?? sessionLifetime),
      };
    });
  }

  private provider(): Promise<UserProvider> {
    if (this.sources.users === undefined) throw new Error('no users were given to JwtoModule.forRoot({ users })');
    return this.sources.users();
  }

  private async ask<T>(what: string, question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      this.logger.error(`${what} failed`, error instanceof Error ? error.stack : String(error));
      throw new StoreUnavailableError(error);
    }
  }
}

function orNull(user: SignInUser | null | undefined): SignInUser | null {
  return user === null || user === undefined ? null : assertUser(user);
}

function assertDuration(value: unknown): number {
  const seconds = parseDuration(value);
  if (seconds === undefined || seconds < 1) throw new TypeError('it must give durations of at least one second');
  return seconds;
}
