import type { JwtoErrorCode } from '../errors/error-table.js';
import type { JwtoError } from '../errors/jwto-error.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { realmOf } from '../tokens/signed-by.js';

/** From the most telling code on. */
const TELLING: readonly JwtoErrorCode[] = ['token_expired', 'token_not_yet_valid', 'token_wrong_type', 'token_invalid'];

/**
 * Of the good tokens of one session the newest; `undefined` if they are of several. What one tenant's key says of a
 * session, and what another's does, are two.
 */
export function newestOfOneSession(claims: readonly JwtoClaims[]): JwtoClaims | undefined {
  const [first] = claims;
  const isOfAnother = (one: JwtoClaims): boolean =>
    first !== undefined && (one.sid !== first.sid || realmOf(one) !== realmOf(first));
  if (claims.some(isOfAnother)) return undefined;
  return claims.reduce((newest, one) => (one.exp > newest.exp ? one : newest));
}

/** Of the refusals of several bad tokens the one that tells their owner most. */
export function mostTelling(errors: readonly JwtoError[]): JwtoError {
  const rank = ({ code }: JwtoError): number => {
    const index = TELLING.indexOf(code);
    return index === -1 ? TELLING.length : index;
  };
  return errors.reduce((best, error) => (rank(error) < rank(best) ? error : best));
}
