import { parseDuration, type Duration } from './duration.js';
import type { EndpointName, JwtoOptions, Mode, ResolvedOptions } from './jwto-options.js';

/** The endpoints and their usual paths, djwto's where it has them. */
export const ENDPOINT_PATHS: Readonly<Record<EndpointName, string>> = {
  login: 'login',
  validateAccess: 'validate_access',
  validateRefresh: 'validate_refresh',
  refreshAccess: 'refresh_access',
  updateRefresh: 'update_refresh',
  logout: 'logout',
  csrf: 'csrf',
  sessions: 'sessions',
};

/** Fills in the defaults. The settings must have passed `checkOptions`, save for the keys. */
export function resolveOptions(options: JwtoOptions): ResolvedOptions {
  const modes = [options.mode ?? 'JSON'].flat() as [Mode, ...Mode[]];
  const csrf = options.csrf ?? true;
  const issues = options.signingKey !== undefined;
  const allowRefreshUpdate = options.allowRefreshUpdate ?? true;
  const there: Readonly<Record<EndpointName, boolean>> = {
    login: issues,
    validateAccess: true,
    validateRefresh: true,
    refreshAccess: issues,
    updateRefresh: issues && allowRefreshUpdate,
    logout: true,
    csrf: csrf && modes.some((mode) => mode !== 'JSON'),
    sessions: true,
  };
  return {
    modes,
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
    refreshCookiePath: trimSlashes(options.refreshCookiePath ?? 'api/token/refresh'),
    publicPathPrefix: trimSlashes(options.publicPathPrefix ?? ''),
    sameSite: options.sameSite ?? 'Lax',
    domain: options.domain,
    formerDomains: options.formerDomains ?? [],
    secureCookies: options.secureCookies ?? true,
    cookiePrefix: options.cookiePrefix,
    csrf,
    trustedOrigins: options.trustedOrigins ?? [],
    rotation: options.rotation ?? true,
    rotationGrace: seconds(options.rotationGrace, '10s'),
    recordClient: options.recordClient ?? true,
    maxSessionsPerUser: options.maxSessionsPerUser ?? 100,
    blocklistCheck: options.blocklistCheck ?? 'replica',
    pollInterval: seconds(options.pollInterval, '1s'),
    maxStaleness: seconds(options.maxStaleness, '10s'),
    endpoints: Object.fromEntries(
      Object.entries(ENDPOINT_PATHS).map(([name, path]) => [
        name,
        there[name as EndpointName] && endpointPath(options.endpoints?.[name as EndpointName], path),
      ]),
    ) as Record<EndpointName, string | false>,
    version: options.version,
    lifetimes: options.lifetimes,
    throttleLogin: options.throttleLogin,
    errorMapper: options.errorMapper,
  };
}

function endpointPath(setting: boolean | string | undefined, path: string): string | false {
  if (setting === false) return false;
  return typeof setting === 'string' ? trimSlashes(setting) : path;
}

function seconds(value: Duration | undefined, otherwise: Duration): number {
  const parsed = parseDuration(value ?? otherwise);
  if (parsed === undefined) throw new TypeError('resolveOptions needs options that passed checkOptions');
  return parsed;
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
