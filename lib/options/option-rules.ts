import { ValidateBy, validateSync } from 'class-validator';
import type { SettingProblem } from '../errors/configuration-error.js';
import { ALGORITHM_NAMES } from './algorithm-names.js';
import { unknownVariablesOf } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';
import { checkTogether } from './option-conflicts.js';
import {
  counts,
  isBoolean,
  isFunction,
  isHostName,
  isIssuer,
  isKey,
  isListOf,
  isObjectOf,
  isOneOf,
  isOrigin,
  isPath,
  isSecretOf32Bytes,
  isText,
  lasts,
  type Test,
} from './option-values.js';
import { ENDPOINT_PATHS } from './resolve-options.js';
import { describe, nameOf } from './setting-in-message.js';

const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'];
const ENDPOINTS = Object.keys(ENDPOINT_PATHS);
const CHECKS = ['exp', 'nbf', 'iat', 'jti', 'sub', 'iss', 'aud'];

/** One rule: what a setting accepts, as a sentence, and the test. An absent setting always passes. */
function Accepts(what: string, test: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy(
    { name: 'accepts', validator: { validate: (value: unknown) => value === undefined || test(value) } },
    { message: `accepts ${what}` },
  );
}

const YES_OR_NO = 'true or false';
const ISSUERS =
  'a list of { issuer, audience, jwksUri } with, if you like, algorithms (asymmetric, one for RSA keys), headerType (JWT or at+jwt) and mapUser; jwksUri is https';
const TEN_YEARS = 315_360_000;
const LIFETIME = 'at least one second and at most 3650 days: seconds, or a text like "5m", "12h", "30d"';

/** The rules of every setting, as class-validator decorators. */
class OptionRules implements Record<keyof JwtoOptions, unknown> {
  @Accepts(
    'JSON, ONE-COOKIE, TWO-COOKIES, or a list of them',
    (v) => isOneOf(...MODES)(v) || isListOf(isOneOf(...MODES))(v),
  )
  mode: unknown;
  @Accepts('an HMAC secret, or a private key as PEM text, JWK or KeyObject', isKey)
  signingKey: unknown;
  @Accepts('a public key as PEM text, JWK or KeyObject', isKey)
  verifyingKey: unknown;
  @Accepts(ALGORITHM_NAMES.join(', '), isOneOf(...ALGORITHM_NAMES))
  algorithm: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  enforceMinimumKeyLength: unknown;
  @Accepts('a list of keys like { kid, algorithm, signingKey }, or a function that returns one', isRing)
  keys: unknown;
  @Accepts('1 second to 1 day', lasts(1, 86_400))
  keyPollInterval: unknown;
  @Accepts('a function', isFunction)
  resolveKey: unknown;
  @Accepts(ISSUERS, isListOf(isIssuer))
  issuers: unknown;
  @Accepts('JWT or at+jwt', isOneOf('JWT', 'at+jwt'))
  headerType: unknown;
  @Accepts('a list of non-empty texts', isListOf(isText))
  acceptedIssuers: unknown;
  @Accepts('a list of non-empty texts', isListOf(isText))
  acceptedAudiences: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  strictAudience: unknown;
  @Accepts('a list of names of claims', isListOf(isText))
  requiredClaims: unknown;
  @Accepts(`an object of ${CHECKS.join(', ')}, each true or false`, isObjectOf(membersOf(CHECKS, isBoolean)))
  checks: unknown;
  @Accepts('true, false, or { entries, bytes } with whole numbers: from 1, and from 8192', isTokenCache)
  tokenCache: unknown;
  @Accepts('a non-empty text', isText)
  iss: unknown;
  @Accepts('a non-empty text', isText)
  sub: unknown;
  @Accepts('a non-empty text or a list of them', (v) => isText(v) || isListOf(isText)(v))
  aud: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  iat: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  jti: unknown;
  @Accepts(LIFETIME, lasts(1, TEN_YEARS))
  accessTokenLifetime: unknown;
  @Accepts(LIFETIME, lasts(1, TEN_YEARS))
  refreshTokenLifetime: unknown;
  @Accepts(LIFETIME, lasts(1, TEN_YEARS))
  sessionLifetime: unknown;
  @Accepts('0 to 3650 days: seconds, or a text like "10s"', lasts(0, TEN_YEARS))
  nbfLifetime: unknown;
  @Accepts(LIFETIME, lasts(1, TEN_YEARS))
  idleLifetime: unknown;
  @Accepts('0 to 60 seconds', lasts(0, 60))
  leeway: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  allowRefreshUpdate: unknown;
  @Accepts('a path of letters, digits, ".", "_", "~", "-" between slashes', (v) => v === '/' || isPath(v))
  refreshCookiePath: unknown;
  @Accepts('a path of letters, digits, ".", "_", "~", "-" between slashes', isPath)
  refreshPath: unknown;
  @Accepts('a path of letters, digits, ".", "_", "~", "-" between slashes', isPath)
  publicPathPrefix: unknown;
  @Accepts('Lax, Strict or None', isOneOf('Lax', 'Strict', 'None'))
  sameSite: unknown;
  @Accepts('a host name like example.com', isHostName)
  domain: unknown;
  @Accepts('a list of host names', isListOf(isHostName))
  formerDomains: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  secureCookies: unknown;
  @Accepts('"host" or nothing', isOneOf('host'))
  cookiePrefix: unknown;
  @Accepts('true, false or "django"', isOneOf(true, false, 'django'))
  csrf: unknown;
  @Accepts('at least 32 bytes, as text or bytes', isSecretOf32Bytes)
  csrfSecret: unknown;
  @Accepts('a list of origins like https://example.com or https://*.example.com, without a path', isListOf(isOrigin))
  trustedOrigins: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  hints: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  rotation: unknown;
  @Accepts('0 to 60 seconds', lasts(0, 60))
  rotationGrace: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  recordClient: unknown;
  @Accepts('a whole number from 1', counts(1))
  maxSessionsPerUser: unknown;
  @Accepts('replica, database or refresh', isOneOf('replica', 'database', 'refresh'))
  blocklistCheck: unknown;
  @Accepts('1 to 60 seconds', lasts(1, 60))
  pollInterval: unknown;
  @Accepts('1 second to 1 hour', lasts(1, 3600))
  maxStaleness: unknown;
  @Accepts(
    `an object of ${ENDPOINTS.join(', ')}, each true, false or a path`,
    isObjectOf(membersOf(ENDPOINTS, (v) => isBoolean(v) || isPath(v))),
  )
  endpoints: unknown;
  @Accepts('a version or a list of versions', (v) => isText(v) || isListOf(isText)(v))
  version: unknown;
  @Accepts('a function', isFunction)
  lifetimes: unknown;
  @Accepts('a function', isFunction)
  throttleLogin: unknown;
  @Accepts('a function', isFunction)
  errorMapper: unknown;
}

/**
 * Checks every setting by itself, and those that are right together.
 *
 * @returns one problem for each wrong or unknown setting; none if all are right
 */
export function checkOptions(options: JwtoOptions): SettingProblem[] {
  const rules = new OptionRules();
  const names = Object.keys(rules) as (keyof JwtoOptions)[];
  const isKnown = (name: string): boolean => names.some((known) => known === name);
  const unknown = [...Object.keys(options).filter((name) => !isKnown(name)), ...unknownVariablesOf(options)];
  for (const name of names) rules[name] = options[name];
  const wrong = validateSync(rules);
  return [
    ...unknown.map((setting) => ({ setting, got: 'a value', accepts: 'there is no such setting' })),
    ...wrong.map(({ property, value, constraints = {} }) => ({
      setting: nameOf(options, property),
      got: describe(property, value),
      accepts: constraints['accepts'] ?? '',
    })),
    ...checkTogether(options, new Set(wrong.map(({ property }) => property))),
  ];
}

function membersOf(names: readonly string[], test: Test): Record<string, Test> {
  return Object.fromEntries(names.map((name) => [name, test]));
}

/** What is in the keys, their loader says. */
function isRing(value: unknown): boolean {
  return (
    isFunction(value) ||
    (Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === 'object' && key !== null))
  );
}

/** The longest token that is looked at must fit. */
function isTokenCache(value: unknown): boolean {
  return isBoolean(value) || isObjectOf({ entries: counts(1, 1_000_000), bytes: counts(8192, 2 ** 30) })(value);
}
