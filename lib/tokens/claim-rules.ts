import { TokenExpiredError, TokenInvalidError, TokenNotYetValidError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { JwtoClaims } from './claims.js';
import type { JsonObject } from './json-object.js';

/** The settings that decide which claims a token must have. */
export type ClaimRules = Pick<
  ResolvedOptions,
  | 'sub'
  | 'iat'
  | 'jti'
  | 'leeway'
  | 'headerType'
  | 'acceptedIssuers'
  | 'acceptedAudiences'
  | 'strictAudience'
  | 'requiredClaims'
  | 'checks'
> & {
  /** Which sessions are the module instance's own, by their id. */
  readonly isOwnSession: (sid: string) => boolean;
};

/** The two JSON objects of a token. */
export interface OpenedToken {
  readonly header: JsonObject;
  readonly payload: JsonObject;
}

type HeaderType = 'jwt' | 'at+jwt' | 'refresh+jwt';

/** How far `iat` may lie ahead, in seconds: clocks behind a load balancer differ. */
const IAT_AHEAD = 60;
/** 9999-12-31T23:59:59Z. A time beyond it is a mistake: milliseconds, or a token that never ends. */
const LAST_SECOND = 253_402_300_799;

/**
 * The shape that every own token has, whatever the time: required claims are there and of the right type, and
 * issuer, subject and audience are the configured ones. A check whose claim is absent or of the wrong type refuses.
 *
 * @throws {@link TokenInvalidError}
 */
export function assertShape({ header, payload }: OpenedToken, rules: ClaimRules): JwtoClaims {
  const { user, type } = payload;
  const refresh = type === 'refresh';
  const { checks } = rules;
  const fits =
    (refresh || type === 'access') &&
    isHeaderType(header['typ'], rules.headerType === 'JWT' ? 'jwt' : refresh ? 'refresh+jwt' : 'at+jwt') &&
    isId(payload['sid']) &&
    rules.isOwnSession(payload['sid']) &&
    isTime(payload['exp']) &&
    (rules.iat || refresh ? isTime(payload['iat']) : isAbsentOr(isTime, payload['iat'])) &&
    ((rules.jti && checks.jti) || refresh ? isId(payload['jti']) : isAbsentOr(isId, payload['jti'])) &&
    isAbsentOr(isTime, payload['nbf']) &&
    isAbsentOr(isTime, payload['refresh_iat']) &&
    isAbsentOr(isTime, payload['auth_time']) &&
    isUser(user) &&
    (!checks.sub || payload['sub'] === (rules.sub ?? String(user.id))) &&
    (!checks.iss || isIssuer(payload['iss'], rules.acceptedIssuers)) &&
    (!checks.aud || isAudience(payload['aud'], rules)) &&
    missingClaims(payload, rules.requiredClaims).length === 0;
  if (!fits) throw new TokenInvalidError();
  return payload as unknown as JwtoClaims;
}

/** The required claims that a token does not have; `null` is as good as absent. */
export function missingClaims(payload: Readonly<Record<string, unknown>>, required: readonly string[]): string[] {
  return required.filter((name) => !Object.hasOwn(payload, name) || payload[name] === null);
}

/**
 * @param now - milliseconds since the epoch
 * @throws {@link TokenExpiredError}, {@link TokenNotYetValidError}: also for an `iat` far ahead, which a clock that was set
 * back leaves behind and which must not end a sign-in
 */
export function assertTimely(
  claims: { exp: number; nbf?: number; iat?: number },
  rules: Pick<ClaimRules, 'leeway' | 'checks'>,
  now: number,
): void {
  const seconds = now / 1000;
  const { checks } = rules;
  if (checks.exp && claims.exp + rules.leeway <= seconds) throw new TokenExpiredError();
  if (checks.nbf && claims.nbf !== undefined && claims.nbf - rules.leeway > seconds) throw new TokenNotYetValidError();
  if (checks.iat && claims.iat !== undefined && claims.iat - IAT_AHEAD > seconds) throw new TokenNotYetValidError();
}

/** Whether {@link assertTimely} accepts them. */
export function isTimely(...judged: Parameters<typeof assertTimely>): boolean {
  try {
    assertTimely(...judged);
    return true;
  } catch {
    return false;
  }
}

/**
 * `typ` may be absent; a token that says it is something else is not taken for one (RFC 8725 §3.11). Media types compare
 * without regard to case and may have their `application/` (RFC 7515 §4.1.9).
 */
export function isHeaderType(typ: unknown, specific: HeaderType, other: HeaderType = specific): boolean {
  // What our own signer writes, without a look at its letters.
  if (typ === undefined || typ === specific || (typ === 'JWT' && specific === 'jwt')) return true;
  if (typeof typ !== 'string') return false;
  const name = typ.toLowerCase().replace(/^application\//, '');
  return name === specific || name === other;
}

/** A NumericDate (RFC 7519 §2), from 1970 to 9999. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}

/** Text of at least one character. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a claim that may be absent is right where it is there. */
export function isAbsentOr(test: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || test(value);
}

function isUser(value: unknown): value is JsonObject & { id: string | number } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const id: unknown = (value as JsonObject)['id'];
  return isId(id) || typeof id === 'number';
}

/** Compared code point by code point (RFC 7519 §4.1.1). */
function isIssuer(value: unknown, accepted: readonly string[]): boolean {
  return accepted.length === 0 || (typeof value === 'string' && accepted.includes(value));
}

/** Any one of the accepted audiences suffices (RFC 7519 §4.1.3), unless `aud` must be the one audience alone. */
export function isAudience(
  value: unknown,
  { acceptedAudiences: accepted, strictAudience }: Pick<ClaimRules, 'acceptedAudiences' | 'strictAudience'>,
): boolean {
  if (accepted.length === 0) return true;
  if (strictAudience) return value === accepted[0];
  if (typeof value === 'string') return accepted.includes(value);
  return (
    Array.isArray(value) &&
    value.every((name) => typeof name === 'string') &&
    value.some((name: string) => accepted.includes(name))
  );
}
