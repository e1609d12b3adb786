import type { Mode } from '../options/jwto-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';

/** A mode that uses cookies. */
export type CookieMode = Exclude<Mode, 'JSON'>;

/** The names of the cookies of one module instance. */
export interface CookieNames {
  readonly access: Readonly<Record<CookieMode, string>>;
  readonly payload: string;
  readonly refresh: string;
  readonly csrf: string;
}

/** Under which key a module instance provides its {@link CookieNames}. */
export const COOKIE_NAMES = Symbol('jwto.cookie-names');

/**
 * djwto's names; those of a named instance begin with its name, so that two instances on one host never meet.
 * `__Host-` binds a cookie to the very host and to `Path=/`, so the refresh cookie, which has another path, can only be
 * `__Secure-` (RFC 6265bis §4.1.3).
 */
export function cookieNames(instance: string, { cookiePrefix }: Pick<ResolvedOptions, 'cookiePrefix'>): CookieNames {
  const own = instance === 'default' ? '' : `${instance}_`;
  const host = cookiePrefix === undefined ? own : `__Host-${own}`;
  const secure = cookiePrefix === undefined ? own : `__Secure-${own}`;
  return {
    access: { 'ONE-COOKIE': `${host}jwt_access`, 'TWO-COOKIES': `${host}jwt_access_token` },
    payload: `${host}jwt_access_payload`,
    refresh: `${secure}jwt_refresh`,
    csrf: `${host}csrftoken`,
  };
}
