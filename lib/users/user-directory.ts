import type { Hooks } from '../hooks/hooks.js';
import { parseDuration, TEN_YEARS } from '../options/duration.js';
import type { LifetimeContext, LoginAttempt, SignInLifetimes } from '../options/jwto-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { plainClaims } from './plain-claims.js';
import { assertUser, assertUserClaims, idText } from './sign-in-user.js';
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

/** The application's users as the rooms above ask for them. */
export class UserDirectory {
  constructor(
    private readonly hooks: Hooks,
    private readonly sources: ProviderSources,
  ) {}

  /**
   * Asks the application's hook whether somebody may try to sign in now.
   *
   * @returns whole seconds until the next attempt, or `undefined` if this one may be made
   * @throws StoreUnavailableError if the hook failed, or gave what is neither nothing nor a number of seconds
   */
  async throttle({ throttleLogin }: ResolvedOptions, attempt: LoginAttempt): Promise<number | undefined> {
    if (throttleLogin === undefined) return undefined;
    return this.hooks.ask('throttleLogin', async () => {
      const given: unknown = await throttleLogin(attempt);
      if (given === undefined || given === null || given === false) return undefined;
      if (typeof given !== 'number' || !Number.isFinite(given)) {
        throw new TypeError('it must give a finite number of seconds to refuse, or null to let the login go on');
      }
      // A larger one would be written with an exponent, which `Retry-After` cannot have.
      return given > 0 ? Math.min(Math.ceil(given), Number.MAX_SAFE_INTEGER) : undefined;
    });
  }

  /** @throws StoreUnavailableError if the provider failed */
  authenticate(credentials: LoginCredentials): Promise<SignInUser | null> {
    return this.hooks.ask('UserProvider.authenticate', async () =>
      orNull(await (await this.provider()).authenticate(credentials)),
    );
  }

  /** @throws StoreUnavailableError if the provider failed, or gave somebody else */
  findById(id: string): Promise<SignInUser | null> {
    return this.hooks.ask('UserProvider.findById', async () => {
      const user = orNull(await (await this.provider()).findById(id));
      if (user !== null && idText(user.id) !== id) throw new TypeError('it gave a user with another id');
      return user;
    });
  }

  /**
   * The claims that the application adds, as plain JSON of their own.
   *
   * @throws StoreUnavailableError if the provider failed or returned something that is not a JSON object
   */
  claims(user: SignInUser, context: ClaimsContext): Promise<Record<string, unknown>> {
    return this.hooks.ask('ClaimsProvider.claims', async () => {
      const given: unknown = await (await this.sources.claims()).claims(user, context);
      const plain = plainClaims(given ?? {});
      const { user: more } = plain;
      if (typeof more === 'object' && more !== null) assertUserClaims(more);
      return plain;
    });
  }

  /**
   * The lifetimes of one sign-in, in seconds.
   *
   * @param given - by the code that signs the user in; the application's hook is then not called
   * @throws TypeError if those are no durations within the settings' bounds
   * @throws StoreUnavailableError if the application's hook failed or gave such
   */
  async lifetimes(
    options: ResolvedOptions,
    signIn: LifetimeContext,
    given?: SignInLifetimes,
  ): Promise<{ refresh: number; session: number }> {
    const { lifetimes } = options;
    if (given !== undefined || lifetimes === undefined) return readLifetimes(given ?? {}, options);
    return this.hooks.ask('lifetimes', async () => readLifetimes(await lifetimes(signIn), options));
  }

  private provider(): Promise<UserProvider> {
    if (this.sources.users === undefined) throw new Error('no users were given to JwtoModule.forRoot({ users })');
    return this.sources.users();
  }
}

function orNull(user: SignInUser | null | undefined): SignInUser | null {
  return user === null || user === undefined ? null : assertUser(user);
}

/** In seconds, within the bounds that the settings of the same names have. */
function readLifetimes(
  { refreshTokenLifetime, sessionLifetime }: SignInLifetimes,
  options: ResolvedOptions,
): { refresh: number; session: number } {
  const refresh = parseDuration(refreshTokenLifetime ?? options.refreshTokenLifetime) ?? 0;
  if (refresh < 1 || refresh > TEN_YEARS) {
    throw new TypeError('refreshTokenLifetime must be a duration from one second to 3650 days');
  }
  const session = parseDuration(sessionLifetime ?? options.sessionLifetime) ?? 0;
  if (session < 1 || session > TEN_YEARS) {
    throw new TypeError('sessionLifetime must be a duration from one second to 3650 days');
  }
  return { refresh, session };
}
