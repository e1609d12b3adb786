import { TokenInvalidError } from '../errors/token-errors.js';
import { isAbsentOr, isAudience, isHeaderType, isId, isTime, type OpenedToken } from './claim-rules.js';
import type { ForeignClaims, JwtoClaims, JwtoUser } from './claims.js';
import type { JsonObject } from './json-object.js';

/** What another issuer's access tokens must say. */
export interface ForeignRules {
  readonly issuer: string;
  /** Of which `aud` names one. */
  readonly audiences: readonly string[];
  /** `at+jwt`: the header must say it (RFC 9068 §4). */
  readonly headerType: 'JWT' | 'at+jwt';
}

/** The verified claims of another issuer's access token: the standard ones, and whatever else it says. */
export type OpenedForeignClaims = ForeignClaims & JsonObject;

/**
 * The shape that every access token of another issuer must have: RFC 7519 §4.1, and RFC 9068 §4 where the header's type
 * is demanded.
 *
 * @throws {@link TokenInvalidError}
 */
export function assertForeignShape({ header, payload }: OpenedToken, rules: ForeignRules): OpenedForeignClaims {
  const { typ } = header;
  const fits =
    (rules.headerType === 'JWT' ? isHeaderType(typ, 'jwt', 'at+jwt') : isId(typ) && isHeaderType(typ, 'at+jwt')) &&
    payload['iss'] === rules.issuer &&
    isId(payload['sub']) &&
    isAudience(payload['aud'], { acceptedAudiences: rules.audiences, strictAudience: false }) &&
    isTime(payload['exp']) &&
    isAbsentOr(isTime, payload['nbf']) &&
    isAbsentOr(isTime, payload['iat']) &&
    !isOfAnotherKind(payload);
  if (!fits) throw new TokenInvalidError();
  return payload as OpenedForeignClaims;
}

/**
 * Whether claims are those of another kind of token, which issuers sign with the same keys and often under the same `typ`
 * (RFC 8725 §3.12): a refresh token as jwto writes it, a logout token or another security event (RFC 8417 §2.2), an ID
 * token (OpenID Connect Core §3.1.3.6 and §3.3.2.11). A `nonce` alone some issuers write into access tokens too.
 */
function isOfAnotherKind(payload: JsonObject): boolean {
  const has = (name: string): boolean => Object.hasOwn(payload, name);
  if (has('type') && payload['type'] !== 'access') return true;
  return has('events') || (has('nonce') && (has('at_hash') || has('c_hash')));
}

/**
 * Our claims of another issuer's: our own names as they are for someone who has no session here, and what the issuer says
 * in standard claims in a place of its own, so that nothing of it is taken for ours.
 */
export function claimsOfForeigner(
  { iss, sub, aud, exp, nbf, iat, jti }: OpenedForeignClaims,
  user: JwtoUser,
): JwtoClaims {
  const foreign: ForeignClaims = {
    ...{ iss, sub, aud, exp },
    ...(nbf !== undefined && { nbf }),
    ...(iat !== undefined && { iat }),
    ...(typeof jti === 'string' && { jti }),
  };
  return { sub: String(user.id), exp, sid: '', type: 'access', user, foreign };
}

/** Whether the claims are of another issuer's token, which has no session here. */
export function isForeign({ sid }: JwtoClaims): boolean {
  return sid === '';
}
