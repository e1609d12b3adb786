import type { SettingProblem } from '../errors/configuration-error.js';
import { ALGORITHM_NAMES } from './algorithm-names.js';
import { TEN_YEARS } from './duration.js';
import { ENDPOINT_NAMES } from './endpoint-paths.js';
import { copyEnvSource, unknownVariablesOf } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';
import { checkTogether, type CheckTogether } from './option-conflicts.js';
import {
  anyOf,
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
import { readOnce, type Members } from './read-once.js';
import { describe, nameOf } from './setting-in-message.js';

const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'];
const CHECKS = ['exp', 'nbf', 'iat', 'jti', 'sub', 'iss', 'aud'];

const YES_OR_NO = 'true or false';
const ISSUERS =
  'a list of { issuer, audience, jwksUri } with, if you like, algorithms (asymmetric, one for RSA keys), headerType (JWT or at+jwt) and mapUser; jwksUri is https';
const LIFETIME = 'at least one second and at most 3650 days: seconds, or a text like "5m", "12h", "30d"';

/** What a setting accepts: as a sentence, and as a test, which an absent one always passes. */
interface Rule {
  readonly sentence: string;
  readonly test: Test;
}

const accepts = (what: string, test: Test): Rule => ({ sentence: `accepts ${what}`, test });

/** The rule of every setting. */
const RULES: Readonly<Record<keyof JwtoOptions, Rule>> = {
  mode: accepts(
    'JSON, ONE-COOKIE, TWO-COOKIES, or a list of them',
    anyOf(isOneOf(...MODES), isListOf(isOneOf(...MODES))),
  ),
  signingKey: accepts('an HMAC secret, or a private key as PEM text, JWK or KeyObject', isKey),
  verifyingKey: accepts('a public key as PEM text, JWK or KeyObject', isKey),
  algorithm: accepts(ALGORITHM_NAMES.join(', '), isOneOf(...ALGORITHM_NAMES)),
  enforceMinimumKeyLength: accepts(YES_OR_NO, isBoolean),
  keys: accepts('a list of keys like { kid, algorithm, signingKey }, or a function that returns one', isRing),
  keyPollInterval: accepts('1 second to 1 day', lasts(1, 86_400)),
  resolveKey: accepts('a function', isFunction),
  issuers: accepts(ISSUERS, isListOf(isIssuer)),
  headerType: accepts('JWT or at+jwt', isOneOf('JWT', 'at+jwt')),
  acceptedIssuers: accepts('a list of non-empty texts', isListOf(isText)),
  acceptedAudiences: accepts('a list of non-empty texts', isListOf(isText)),
  strictAudience: accepts(YES_OR_NO, isBoolean),
  requiredClaims: accepts('a list of names of claims', isListOf(isText)),
  checks: accepts(`an object of ${CHECKS.join(', ')}, each true or false`, isObjectOf(membersOf(CHECKS, isBoolean))),
  /** The longest token that is looked at must fit. */
  tokenCache: accepts(
    'true, false, or { entries, bytes } with whole numbers: from 1, and from 8192',
    anyOf(isBoolean, isObjectOf({ entries: counts(1, 1_000_000), bytes: counts(8192, 2 ** 30) })),
  ),
  iss: accepts('a non-empty text', isText),
  sub: accepts('a non-empty text', isText),
  aud: accepts('a non-empty text or a list of them', anyOf(isText, isListOf(isText))),
  iat: accepts(YES_OR_NO, isBoolean),
  jti: accepts(YES_OR_NO, isBoolean),
  accessTokenLifetime: accepts(LIFETIME, lasts(1, TEN_YEARS)),
  refreshTokenLifetime: accepts(LIFETIME, lasts(1, TEN_YEARS)),
  sessionLifetime: accepts(LIFETIME, lasts(1, TEN_YEARS)),
  nbfLifetime: accepts('0 to 3650 days: seconds, or a text like "10s"', lasts(0, TEN_YEARS)),
  idleLifetime: accepts(LIFETIME, lasts(1, TEN_YEARS)),
  leeway: accepts('0 to 60 seconds', lasts(0, 60)),
  allowRefreshUpdate: accepts(YES_OR_NO, isBoolean),
  refreshCookiePath: accepts(
    'a path of letters, digits, ".", "_", "~", "-" between slashes',
    anyOf(isOneOf('/'), isPath),
  ),
  refreshPath: accepts('a path of letters, digits, ".", "_", "~", "-" between slashes', isPath),
  publicPathPrefix: accepts('a path of letters, digits, ".", "_", "~", "-" between slashes', isPath),
  sameSite: accepts('Lax, Strict or None', isOneOf('Lax', 'Strict', 'None')),
  domain: accepts('a host name like example.com', isHostName),
  formerDomains: accepts('a list of host names', isListOf(isHostName)),
  secureCookies: accepts(YES_OR_NO, isBoolean),
  cookiePrefix: accepts('"host" or nothing', isOneOf('host')),
  csrf: accepts('true, false or "django"', isOneOf(true, false, 'django')),
  csrfSecret: accepts('at least 32 bytes, as text or bytes', isSecretOf32Bytes),
  trustedOrigins: accepts(
    'a list of origins like https://example.com or https://*.example.com, without a path',
    isListOf(isOrigin),
  ),
  hints: accepts(YES_OR_NO, isBoolean),
  rotation: accepts(YES_OR_NO, isBoolean),
  rotationGrace: accepts('0 to 60 seconds', lasts(0, 60)),
  refreshClaims: accepts(YES_OR_NO, isBoolean),
  recordClient: accepts(YES_OR_NO, isBoolean),
  maxSessionsPerUser: accepts('a whole number from 1', counts(1)),
  blocklistCheck: accepts('replica, database or refresh', isOneOf('replica', 'database', 'refresh')),
  pollInterval: accepts('1 to 60 seconds', lasts(1, 60)),
  maxStaleness: accepts('1 second to 1 hour', lasts(1, 3600)),
  endpoints: accepts(
    `an object of ${ENDPOINT_NAMES.join(', ')}, each true, false or a path`,
    isObjectOf(membersOf(ENDPOINT_NAMES, anyOf(isBoolean, isPath))),
  ),
  version: accepts('a version or a list of versions', anyOf(isText, isListOf(isText))),
  lifetimes: accepts('a function', isFunction),
  throttleLogin: accepts('a function', isFunction),
  errorMapper: accepts('a function', isFunction),
};

const NAMES = Object.keys(RULES) as (keyof JwtoOptions)[];

/** The settings by name, and the members of those that are objects. */
export const OPTION_MEMBERS: Members = Object.fromEntries(
  NAMES.map((name) => [name, RULES[name].test.members ?? null]),
);

/** Reads the settings once, into a plain object: whatever is asked of them later is asked of that. */
export function readOptions(given: object): JwtoOptions {
  const options = readOnce(given, OPTION_MEMBERS);
  copyEnvSource(given, options);
  return options;
}

/**
 * Checks every setting by itself, and those that are right together.
 *
 * @param options - as {@link readOptions} gave them
 * @param more - what a room above knows of settings that are wrong together
 * @returns one problem for each wrong or unknown setting; none if all are right
 */
export function checkOptions(options: JwtoOptions, more: CheckTogether): SettingProblem[] {
  const unknown = [
    ...Object.keys(options).filter((name) => !Object.hasOwn(RULES, name)),
    ...unknownVariablesOf(options),
  ];
  const wrong = NAMES.filter((name) => options[name] !== undefined && !RULES[name].test(options[name]));
  return [
    ...unknown.map((setting) => ({ setting, got: 'a value', accepts: 'there is no such setting' })),
    ...wrong.map((name) => ({
      setting: nameOf(options, name),
      got: describe(name, options[name]),
      accepts: RULES[name].sentence,
    })),
    ...checkTogether(options, new Set(wrong), more),
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
