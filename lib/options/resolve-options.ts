import { parseDuration, type Duration } from './duration.js';
import { ENDPOINT_NAMES, ENDPOINT_PATHS, type EndpointName, type OptionContext } from './endpoint-paths.js';
import type { JwtoOptions, Mode } from './jwto-options.js';
import type { KeyResolver, TokenChecks, TrustedIssuer } from './key-options.js';

/** The settings as the rooms read them: complete, in seconds, normalised. */
export interface ResolvedOptions {
  readonly modes: readonly [Mode, ...Mode[]];
  /** Seconds. */
  readonly keyPollInterval: number;
  readonly resolveKey: KeyResolver | undefined;
  readonly issuers: readonly TrustedIssuer[];
  readonly headerType: 'JWT' | 'at+jwt';
  /** With `iss`; empty if none is required. */
  readonly acceptedIssuers: readonly string[];
  /** With `aud`; empty if none is required. */
  readonly acceptedAudiences: readonly string[];
  readonly strictAudience: boolean;
  readonly requiredClaims: readonly string[];
  readonly checks: Readonly<Required<{ [Name in keyof TokenChecks]: boolean }>>;
  readonly tokenCache: { readonly entries: number; readonly bytes: number } | undefined;
  readonly iss: string | undefined;
  readonly sub: string | undefined;
  readonly aud: string | readonly string[] | undefined;
  readonly iat: boolean;
  readonly jti: boolean;
  /** Seconds. */
  readonly accessTokenLifetime: number;
  /** Seconds. */
  readonly refreshTokenLifetime: number;
  /** Seconds. */
  readonly sessionLifetime: number;
  /** Seconds. */
  readonly nbfLifetime: number;
  /** Seconds. */
  readonly idleLifetime: number | undefined;
  /** Seconds. */
  readonly leeway: number;
  readonly allowRefreshUpdate: boolean;
  /** Without slashes at its ends; empty for the root. */
  readonly refreshCookiePath: string;
  /** Without slashes at its ends. */
  readonly refreshPath: string;
  /** Without slashes at its ends; empty if none. */
  readonly publicPathPrefix: string;
  readonly sameSite: 'Lax' | 'Strict' | 'None';
  readonly domain: string | undefined;
  readonly formerDomains: readonly string[];
  readonly secureCookies: boolean;
  readonly cookiePrefix: 'host' | undefined;
  readonly csrf: boolean | 'django';
  readonly trustedOrigins: readonly string[];
  readonly hints: boolean;
  readonly rotation: boolean;
  /** Seconds. */
  readonly rotationGrace: number;
  readonly refreshClaims: boolean;
  readonly recordClient: boolean;
  readonly maxSessionsPerUser: number;
  readonly blocklistCheck: 'replica' | 'database' | 'refresh';
  /** Seconds. */
  readonly pollInterval: number;
  /** Seconds. */
  readonly maxStaleness: number;
  /** `false`, or the path without slashes at its ends. */
  readonly endpoints: Readonly<Record<EndpointName, string | false>>;
  readonly version: string | readonly string[] | undefined;
  readonly lifetimes: JwtoOptions['lifetimes'];
  readonly throttleLogin: JwtoOptions['throttleLogin'];
  readonly errorMapper: JwtoOptions['errorMapper'];
}

/** Every check on, as it is for all tokens but our own. */
export const ALL_CHECKS = { exp: true, nbf: true, iat: true, jti: true, sub: true, iss: true, aud: true };
const REFRESH_PATH = 'api/token/refresh';
const TOKEN_CACHE = { entries: 10_000, bytes: 8 * 1024 * 1024 };

/** Fills in the defaults. The settings must have passed `checkOptions`, save for the keys. */
export function resolveOptions(options: JwtoOptions, context: OptionContext): ResolvedOptions {
  const modes = [options.mode ?? 'JSON'].flat() as [Mode, ...Mode[]];
  const csrf = options.csrf ?? true;
  const allowRefreshUpdate = options.allowRefreshUpdate ?? true;
  const endpoint = (name: EndpointName): string | false => {
    const own = options.endpoints?.[name];
    const { path, isThere } = ENDPOINT_PATHS[name];
    const hasPath = typeof own === 'string';
    const hasCsrf = csrf !== false && modes.some((mode) => mode !== 'JSON');
    if (own === false || isThere?.({ ...context, allowRefreshUpdate, hasCsrf, hasPath }) === false) return false;
    return hasPath ? trimSlashes(own) : path;
  };
  return {
    modes,
    keyPollInterval: seconds(options.keyPollInterval, '1m'),
    resolveKey: options.resolveKey,
    issuers: options.issuers ?? [],
    headerType: options.headerType ?? 'JWT',
    acceptedIssuers: [options.iss ?? [], options.acceptedIssuers ?? []].flat(),
    acceptedAudiences: [options.aud ?? [], options.acceptedAudiences ?? []].flat(),
    strictAudience: options.strictAudience ?? false,
    requiredClaims: options.requiredClaims ?? [],
    checks: { ...ALL_CHECKS, ...withoutUndefined(options.checks ?? {}) },
    tokenCache: tokenCache(options.tokenCache),
    iss: options.iss,
    sub: options.sub,
    aud: options.aud,
    iat: options.iat ?? true,
    jti: options.jti ?? true,
    accessTokenLifetime: seconds(options.accessTokenLifetime, '5m'),
    refreshTokenLifetime: seconds(options.refreshTokenLifetime, '1d'),
    sessionLifetime: seconds(options.sessionLifetime, '30d'),
    nbfLifetime: seconds(options.nbfLifetime, 0),
    idleLifetime: options.idleLifetime === undefined ? undefined : seconds(options.idleLifetime, 0),
    leeway: seconds(options.leeway, 0),
    allowRefreshUpdate,
    refreshCookiePath: trimSlashes(options.refreshCookiePath ?? REFRESH_PATH),
    refreshPath: refreshPath(options),
    publicPathPrefix: trimSlashes(options.publicPathPrefix ?? ''),
    sameSite: options.sameSite ?? 'Lax',
    domain: options.domain,
    formerDomains: options.formerDomains ?? [],
    secureCookies: options.secureCookies ?? true,
    cookiePrefix: options.cookiePrefix,
    csrf,
    trustedOrigins: options.trustedOrigins ?? [],
    hints: options.hints ?? process.env['NODE_ENV'] === 'development',
    rotation: options.rotation ?? true,
    rotationGrace: seconds(options.rotationGrace, '10s'),
    refreshClaims: options.refreshClaims ?? true,
    recordClient: options.recordClient ?? true,
    maxSessionsPerUser: options.maxSessionsPerUser ?? 100,
    blocklistCheck: options.blocklistCheck ?? 'replica',
    pollInterval: seconds(options.pollInterval, '1s'),
    maxStaleness: seconds(options.maxStaleness, '10s'),
    endpoints: Object.fromEntries(ENDPOINT_NAMES.map((name) => [name, endpoint(name)])) as Record<
      EndpointName,
      string | false
    >,
    version: options.version,
    lifetimes: options.lifetimes,
    throttleLogin: options.throttleLogin,
    errorMapper: options.errorMapper,
  };
}

function tokenCache(setting: JwtoOptions['tokenCache']): ResolvedOptions['tokenCache'] {
  if (setting === false) return undefined;
  return { ...TOKEN_CACHE, ...(typeof setting === 'object' && withoutUndefined(setting)) };
}

function withoutUndefined<T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}

function refreshPath({ refreshCookiePath = REFRESH_PATH, refreshPath: own }: JwtoOptions): string {
  const path = trimSlashes(own ?? refreshCookiePath);
  return path === '' ? REFRESH_PATH : path;
}

function seconds(value: Duration | undefined, otherwise: Duration): number {
  const parsed = parseDuration(value ?? otherwise);
  if (parsed === undefined) throw new TypeError('resolveOptions needs options that passed checkOptions');
  return parsed;
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
