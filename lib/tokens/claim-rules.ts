import {
  TokenExpiredError,
  TokenInvalidError,
  TokenNotYetValidError,
  TokenWrongTypeError,
} from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/jwto-options.js';
import type { JwtoClaims, TokenType } from './claims.js';
import type { JsonObject, Jws } from './strict-jws.js';

/** The settings that decide which claims a token must have. */
export type ClaimRules = Pick<ResolvedOptions, 'iss' | 'sub' | 'aud' | 'iat' | 'jti' | 'leeway'>;

/** How far `iat` may lie ahead, in seconds: clocks behind a load balancer differ. */
const IAT_AHEAD = 60;
/** 9999-12-31T23:59:59Z. A time beyond it is a mistake: milliseconds, or a token that never ends. */
const LAST_SECOND = 253_402_300_799;

/**
 * The shape that every token of ours has, whatever the time: required claims are there and of the right type, and
 * issuer, subject and audience are the configured ones. A check whose claim is absent or of the wrong type refuses.
 *
 * @throws {@link TokenInvalidError}
 */
export function assertShape({ header, payload }: Jws, rules: ClaimRules): JwtoClaims {
  const { user, type } = payload;
  const refresh = type === 'refresh';
  const fits =
    isJwtType(header['typ']) &&
    (type === 'access' || refresh) &&
    isId(payload['sid']) &&
    isTime(payload['exp']) &&
    (rules.iat || refresh ? isTime(payload['iat']) : isAbsentOr(isTime, payload['iat'])) &&
    (rules.jti || refresh ? isId(payload['jti']) : isAbsentOr(isId, payload['jti'])) &&
    isAbsentOr(isTime, payload['nbf']) &&
    isAbsentOr(isTime, payload['refresh_iat']) &&
    isAbsentOr(isTime, payload['auth_time']) &&
    isUser(user) &&
    payload['sub'] === (rules.sub ?? String(user.id)) &&
    (rules.iss === undefined || payload['iss'] === rules.iss) &&
    (rules.aud === undefined || isAudience(payload['aud'], rules.aud));
  if (!fits) throw new TokenInvalidError();
  return payload as unknown as JwtoClaims;
}

/** @throws {@link TokenWrongTypeError} */
export function assertType(claims: JwtoClaims, due: TokenType): void {
  if (claims.type !== due) throw new TokenWrongTypeError(due);
}

/**
 * @param now - milliseconds since the epoch
 * @throws {@link TokenExpiredError}, {@link TokenNotYetValidError}, {@link TokenInvalidError} for an `iat` to come
 */
export function assertTimely(claims: JwtoClaims, rules: ClaimRules, now: number): void {
  const seconds = now / 1000;
  if (claims.exp + rules.leeway <= seconds) throw new TokenExpiredError();
  if (claims.nbf !== undefined && claims.nbf - rules.leeway > seconds) throw new TokenNotYetValidError();
  if (claims.iat !== undefined && claims.iat - IAT_AHEAD > seconds) throw new TokenInvalidError();
}

/** `typ` may be absent; a token that says it is something else than a JWT is not taken for one (RFC 8725 §3.11). */
function isJwtType(typ: unknown): boolean {
  return typ === undefined || (typeof typ === 'string' && typ.toUpperCase() === 'JWT');
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isAbsentOr(test: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || test(value);
}

function isUser(value: unknown): value is JsonObject & { id: string | number } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const id: unknown = (value as JsonObject)['id'];
  return isId(id) || typeof id === 'number';
}

/** Any one of the configured audiences suffices; compared code point by code point (RFC 7519 §4.1.3). */
function isAudience(value: unknown, configured: string | readonly string[]): boolean {
  const named: unknown[] = Array.isArray(value) ? value : [value];
  const accepted = typeof configured === 'string' ? [configured] : configured;
  return named.every((name) => typeof name === 'string') && named.some((name) => accepted.includes(name));
}
