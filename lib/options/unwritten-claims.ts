import { parseDuration } from './duration.js';
import type { JwtoOptions } from './jwto-options.js';
import { SETTINGS } from './setting-table.js';

/**
 * The `requiredClaims` that our own tokens would not have, so that every sign-in ends at its first refresh. What a
 * ClaimsProvider gives is seen when tokens are issued.
 *
 * @returns their places in the list
 */
export function unwrittenClaims(options: JwtoOptions, { hasClaimsProvider }: { hasClaimsProvider: boolean }): number[] {
  const { iss, aud, requiredClaims = [] } = options;
  const {
    iat = SETTINGS.iat.default,
    jti = SETTINGS.jti.default,
    nbfLifetime = SETTINGS.nbfLifetime.default,
  } = options;
  const written: Readonly<Record<string, boolean>> = {
    ...{ sub: true, exp: true, sid: true, type: true, auth_time: true, user: true },
    ...{ iss: iss !== undefined, aud: aud !== undefined, iat, jti, nbf: parseDuration(nbfLifetime) !== 0 },
    // Only access tokens have it.
    refresh_iat: false,
  };
  // Of a wrong value, its own rule tells.
  if (!Array.isArray(requiredClaims)) return [];
  return (requiredClaims as readonly string[]).flatMap((name, index) =>
    (Object.hasOwn(written, name) ? written[name] : hasClaimsProvider) === true ? [] : [index],
  );
}
