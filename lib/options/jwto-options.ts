import type { JwtoError, JwtoErrorBody } from '../errors/jwto-error.js';
import type { Algorithm } from './algorithm-names.js';
import type { Duration } from './duration.js';
import type { EndpointName } from './endpoint-paths.js';
import type { KeyInput, KeyResolver, KeySource, TokenCacheLimits, TokenChecks, TrustedIssuer } from './key-options.js';

/** How tokens travel: in bodies and the `Authorization` header, or in cookies. */
export type Mode = 'JSON' | 'ONE-COOKIE' | 'TWO-COOKIES';

/** What {@link JwtoOptions.throttleLogin} sees of a login, before anything looked at the password. */
export interface LoginAttempt {
  username: string;
  /** The address as the framework gives it. */
  ip: string | null;
}

/** Seconds until the next login, if this one is refused. */
export type LoginDelay = number | false | null | undefined;

/** The lifetimes of one sign-in, each from one second to 3650 days. */
export interface SignInLifetimes {
  refreshTokenLifetime?: Duration | undefined;
  sessionLifetime?: Duration | undefined;
}

/** What {@link JwtoOptions.lifetimes} sees of a sign-in. */
export interface LifetimeContext {
  userId: string;
  username: string;
  mode: Mode;
  /** What the login's body has beside `username`, `password` and `mode`; empty for `TokenService.issue`. */
  body: Readonly<Record<string, unknown>>;
}

/** The answer that {@link JwtoOptions.errorMapper} gives instead of the contract's. */
export interface MappedError {
  status: number;
  body: unknown;
}

/**
 * Every setting. Those that are functions have ten seconds for an answer; one that takes longer has failed.
 *
 * A wrong value or an unknown name stops the start with one message that names them all.
 * Durations are seconds as a number, or text with a unit: `'90s'`, `'5m'`, `'12h'`, `'30d'`.
 */
export interface JwtoOptions {
  /** `JSON`, `ONE-COOKIE`, `TWO-COOKIES`, or a list of which a login may choose; the first is the default. @defaultValue `'JSON'` */
  mode?: Mode | readonly Mode[] | undefined;
  /**
   * HMAC secret, or a private key as PEM text, JWK or KeyObject. Without it the process verifies and issues nothing: no
   * login, no refresh.
   */
  signingKey?: KeyInput | undefined;
  /** Public key of an asymmetric algorithm. @defaultValue derived from the private key */
  verifyingKey?: KeyInput | undefined;
  /**
   * The one algorithm that is signed with and accepted (RFC 8725 §3.1): HS256/384/512, RS256/384/512, PS256/384/512,
   * ES256/384/512, EdDSA or Ed25519 (one algorithm, two names, each accepted for the other). @defaultValue `'HS256'`
   */
  algorithm?: Algorithm | undefined;
  /**
   * HMAC secrets must be as long as their hash (32, 48, 64 bytes), RSA keys 2048 bits. `false` warns instead, for tokens
   * of a system that is being left. @defaultValue `true`
   */
  enforceMinimumKeyLength?: boolean | undefined;
  /**
   * Several keys instead of `signingKey`, `verifyingKey` and `algorithm`:
   * `[{ kid, algorithm, signingKey | verifyingKey, notBefore, expiresAt, withoutKid }]`. One signs, all verify. A function
   * that returns such a list is called at the start, every {@link JwtoOptions.keyPollInterval}, and by
   * `TokenService.reloadKeys()`; what it returns replaces the ring. If it fails later, the ring stays as it is. See
   * docs/keys.md.
   */
  keys?: KeySource | undefined;
  /** How often a function in `keys` is called again, 1 second to 1 day. @defaultValue `'1m'` */
  keyPollInterval?: Duration | undefined;
  /**
   * Keys for single users or tenants, beside the ring: `({ unverifiedHeader, unverifiedClaims }) => ({ key, claims })`.
   * See docs/keys.md.
   */
  resolveKey?: KeyResolver | undefined;
  /**
   * Other issuers, whose access tokens guards accept in the `Authorization` header:
   * `[{ issuer, audience, jwksUri, algorithms, headerType, mapUser }]`. Needs the mode `JSON`. See docs/keys.md.
   */
  issuers?: readonly TrustedIssuer[] | undefined;
  /**
   * The header `typ` of tokens: `JWT`, or `at+jwt` for `at+jwt` and `refresh+jwt` (RFC 9068 §2.1). A token with another
   * `typ` is refused, so switching it ends the tokens from before. @defaultValue `'JWT'`
   */
  headerType?: 'JWT' | 'at+jwt' | undefined;
  /** Issuers that are accepted besides {@link JwtoOptions.iss}; `iss` is then required. */
  acceptedIssuers?: readonly string[] | undefined;
  /** Audiences that are accepted besides {@link JwtoOptions.aud}; `aud` is then required. */
  acceptedAudiences?: readonly string[] | undefined;
  /** `true`: `aud` must be one string, equal to the one audience that is accepted. @defaultValue `false` */
  strictAudience?: boolean | undefined;
  /**
   * Claims without which a token is refused; `null` counts as absent. A claim that our own tokens never have stops the
   * start, and one that the ClaimsProvider leaves out is 503 at the login.
   */
  requiredClaims?: readonly string[] | undefined;
  /**
   * `{ exp, nbf, iat, jti, sub, iss, aud }`: each `false` switches that check of your own tokens off, for those of a system
   * that is being left. @defaultValue all on
   */
  checks?: TokenChecks | undefined;
  /**
   * Verified access tokens in memory: `false` verifies every signature anew; `{ entries, bytes }` are 10 000 and 8 MiB where
   * they are left out. @defaultValue on
   */
  tokenCache?: boolean | TokenCacheLimits | undefined;
  /** Issuer, written and then required (RFC 7519 §4.1.1). */
  iss?: string | undefined;
  /** Subject, written and then required. @defaultValue the user's id as a string */
  sub?: string | undefined;
  /** Audience, written and then required; of a list any one suffices on verify (RFC 7519 §4.1.3). */
  aud?: string | readonly string[] | undefined;
  /** Write and require `iat` in access tokens; refresh tokens always have it. @defaultValue `true` */
  iat?: boolean | undefined;
  /** Write and require `jti` in access tokens; refresh tokens always have it. @defaultValue `true` */
  jti?: boolean | undefined;
  /** How long an access token is valid. @defaultValue `'5m'` */
  accessTokenLifetime?: Duration | undefined;
  /** How long a refresh token is valid. @defaultValue `'1d'` */
  refreshTokenLifetime?: Duration | undefined;
  /** Absolute end of a session, counted from the sign-in; every `exp` is capped by it. @defaultValue `'30d'` */
  sessionLifetime?: Duration | undefined;
  /** A session that is not refreshed for so long ends. */
  idleLifetime?: Duration | undefined;
  /** `nbf` is now + this; 0 writes none. @defaultValue `0` */
  nbfLifetime?: Duration | undefined;
  /** Tolerance for `exp` and `nbf`, at most 60 s. @defaultValue `0` */
  leeway?: Duration | undefined;
  /** `false`: `update_refresh` does not exist. @defaultValue `true` */
  allowRefreshUpdate?: boolean | undefined;
  /**
   * Path of the refresh cookie, and of the refresh endpoints unless {@link JwtoOptions.refreshPath} is given. `/` sends the
   * cookie with every request, for a server that refreshes for its pages (docs/ssr.md). Changing it leaves the old cookie
   * in browsers. @defaultValue `'api/token/refresh'`
   */
  refreshCookiePath?: string | undefined;
  /**
   * Path of the refresh endpoints; the path of the refresh cookie or one below it.
   * @defaultValue as `refreshCookiePath`; `api/token/refresh` if that is `/`
   */
  refreshPath?: string | undefined;
  /** What a proxy strips from the path before the app; becomes part of cookie paths. */
  publicPathPrefix?: string | undefined;
  /** `Lax`, `Strict` or `None`. @defaultValue `'Lax'` */
  sameSite?: 'Lax' | 'Strict' | 'None' | undefined;
  /** `Domain` of the cookies; without it they stay with the very host, which is safer. */
  domain?: string | undefined;
  /** Earlier values of {@link JwtoOptions.domain}, whose cookies are expired. */
  formerDomains?: readonly string[] | undefined;
  /**
   * `false` leaves `Secure` out, for plain-http development; refused with `sameSite: 'None'`, `cookiePrefix` and
   * `NODE_ENV=production`. @defaultValue `true`
   */
  secureCookies?: boolean | undefined;
  /** `host` names the cookies `__Host-…`, the refresh cookie `__Secure-…` (RFC 6265bis §4.1.3); refused with `domain`. */
  cookiePrefix?: 'host' | undefined;
  /**
   * Cookie modes only. `django`: CSRF tokens have Django's form, for clients that mask and unmask them or send the form
   * field `csrfmiddlewaretoken`; they are bound to the session all the same. See docs/csrf.md. @defaultValue `true`
   */
  csrf?: boolean | 'django' | undefined;
  /**
   * At least 32 bytes; needed in cookie modes with a public key only.
   * @defaultValue derived (HKDF) from the signing secret or private key
   */
  csrfSecret?: string | Uint8Array | undefined;
  /** Exact origins, or `https://*.example.com`, that may send requests besides the own one. */
  trustedOrigins?: readonly string[] | undefined;
  /**
   * Refusals by CSRF, and of requests whose session cookies cannot come back, name their likely cause, in a member `hint`
   * of the body and in the log: for development, since a hint shows the `Host` that the application sees. See
   * docs/csrf.md#hints. @defaultValue `true` with `NODE_ENV=development`, else `false`
   */
  hints?: boolean | undefined;
  /** `false`: refresh tokens are not replaced and may be used until they expire, as in djwto. @defaultValue `true` */
  rotation?: boolean | undefined;
  /** How long a replaced refresh token still gets its successor, 0 to 60 s. @defaultValue `'10s'` */
  rotationGrace?: Duration | undefined;
  /**
   * `false`: a refresh token carries neither permissions nor what a ClaimsProvider adds, save for the claims that
   * {@link JwtoOptions.requiredClaims} names: for cookies that pass a proxy's buffers. Nothing is lost, since every refresh
   * loads the user anew; `@JwtRefreshRequired` then sees no permissions. See
   * docs/production.md#cookies-and-the-buffers-of-proxies. @defaultValue `true`
   */
  refreshClaims?: boolean | undefined;
  /** `false` keeps neither IP nor user agent with a session. @defaultValue `true` */
  recordClient?: boolean | undefined;
  /** The oldest sessions beyond this many are revoked at a login. @defaultValue `100` */
  maxSessionsPerUser?: number | undefined;
  /**
   * `replica`: guards ask a copy in memory that follows the database; `database`: one query a request; `refresh`: only
   * where a refresh token is accepted. @defaultValue `'replica'`
   */
  blocklistCheck?: 'replica' | 'database' | 'refresh' | undefined;
  /** How often the copy follows. @defaultValue `'1s'` */
  pollInterval?: Duration | undefined;
  /** How old the copy may be; when it is older, requests wait for a read. @defaultValue `'10s'` */
  maxStaleness?: Duration | undefined;
  /**
   * Each `true`, `false`, which takes the endpoint away, or its path: {@link EndpointName}. Refresh endpoints lie below
   * {@link JwtoOptions.refreshPath}. @defaultValue all on
   */
  endpoints?: Partial<Record<EndpointName, boolean | string>> | undefined;
  /** The version of the routes where the application versions its own. @defaultValue version-neutral */
  version?: string | readonly string[] | undefined;
  /**
   * Gives a sign-in lifetimes of its own ("remember me"), within the bounds of the settings of the same names:
   * `({ userId, username, mode, body }) => ({ refreshTokenLifetime, sessionLifetime })`. What it leaves out is as the
   * settings say. A throw, and lifetimes beyond the bounds, are 503. A form sends text: `'true'`, not `true`.
   *
   * @example `lifetimes: ({ body }) => (body['remember'] === true ? { refreshTokenLifetime: '30d' } : {})`
   */
  lifetimes?: ((signIn: LifetimeContext) => SignInLifetimes | Promise<SignInLifetimes>) | undefined;
  /**
   * `({ username, ip }) => seconds | null`, called before the password is looked at, with a username that can be one: not
   * too long, and without NUL. A number above 0 is the seconds until the next attempt, and refuses this one with 429
   * `login_throttled`; `null`, `undefined` and `false` let it go on. A throw, and anything else, is 503.
   */
  throttleLogin?: ((attempt: LoginAttempt) => LoginDelay | Promise<LoginDelay>) | undefined;
  /**
   * `(error, body) => ({ status, body })` for every refusal that the library answers with, the status from 400 to 599. If
   * it throws, or the body is not JSON, the library's own answer goes out, and the failure is logged.
   */
  errorMapper?: ((error: JwtoError, body: JwtoErrorBody) => MappedError) | undefined;
}
