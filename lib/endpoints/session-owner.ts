import { TokenInvalidError } from '../errors/token-errors.js';
import type { Authenticated, Authenticator } from '../authentication/authenticator.js';
import type { Carrier } from '../http/carrier.js';
import { isForeign } from '../tokens/foreign-claims.js';

/**
 * Who the sessions of a request belong to. Another issuer's user has no sessions here, and must not reach those of a
 * namesake.
 *
 * @throws JwtoError as `Authenticator.authenticate`, and `token_invalid` for another issuer's token
 */
export async function authenticateOwner(authenticator: Authenticator, carrier: Carrier): Promise<Authenticated> {
  const authenticated = await authenticator.authenticate(carrier, 'access');
  if (isForeign(authenticated.claims)) throw new TokenInvalidError();
  return authenticated;
}
