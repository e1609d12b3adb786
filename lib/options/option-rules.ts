import { ValidateBy, validateSync } from 'class-validator';
import type { SettingProblem } from '../errors/configuration-error.js';
import { ALGORITHM_NAMES } from './algorithm-names.js';
import { parseDuration } from './duration.js';
import { envVariableOf, unknownVariablesOf } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';
import { checkTogether } from './option-conflicts.js';
import { ENDPOINT_PATHS } from './resolve-options.js';

const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'];
const ENDPOINTS = Object.keys(ENDPOINT_PATHS);
/** Settings whose value must never be shown. */
const SECRET = new Set(['signingKey', 'verifyingKey', 'csrfSecret']);
/** The segments that both adapters take literally, and that a cookie's Path may have (RFC 6265 §4.1.1). */
const PATH = /^\/?[\w.~-]+(?:\/[\w.~-]+)*\/?$/;
const HOST_NAME = /^\.?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

/** One rule: what a setting accepts, as a sentence, and the test. An absent setting always passes. */
function Accepts(what: string, test: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy(
    { name: 'accepts', validator: { validate: (value: unknown) => value === undefined || test(value) } },
    { message: `accepts ${what}` },
  );
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isOneOf =
  (...values: readonly unknown[]) =>
  (value: unknown) =>
    values.includes(value);
const isListOf = (test: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(test) && new Set(value).size === value.length;
const isKey = (value: unknown): boolean => (typeof value === 'object' && value !== null) || isText(value);
const lasts = (least: number, most: number) => (value: unknown) => {
  const seconds = parseDuration(value);
  return seconds !== undefined && seconds >= least && seconds <= most;
};

const YES_OR_NO = 'true or false';
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
  @Accepts('a path of letters, digits, ".", "_", "~", "-" between slashes', isPath)
  refreshCookiePath: unknown;
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
  @Accepts(YES_OR_NO, isBoolean)
  csrf: unknown;
  @Accepts('at least 32 bytes, as text or bytes', isSecretOf32Bytes)
  csrfSecret: unknown;
  @Accepts('a list of origins like https://example.com or https://*.example.com, without a path', isListOf(isOrigin))
  trustedOrigins: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  rotation: unknown;
  @Accepts('0 to 60 seconds', lasts(0, 60))
  rotationGrace: unknown;
  @Accepts(YES_OR_NO, isBoolean)
  recordClient: unknown;
  @Accepts('a whole number from 1', (v) => Number.isSafeInteger(v) && Number(v) >= 1)
  maxSessionsPerUser: unknown;
  @Accepts('replica, database or refresh', isOneOf('replica', 'database', 'refresh'))
  blocklistCheck: unknown;
  @Accepts('1 to 60 seconds', lasts(1, 60))
  pollInterval: unknown;
  @Accepts('1 second to 1 hour', lasts(1, 3600))
  maxStaleness: unknown;
  @Accepts(`an object of ${ENDPOINTS.join(', ')}, each true, false or a path`, isEndpoints)
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
 * Checks every setting by itself and, where each is right, together.
 *
 * @returns one problem for each wrong or unknown setting; none if all are right
 */
export function checkOptions(options: JwtoOptions): SettingProblem[] {
  const rules = new OptionRules();
  const names = Object.keys(rules) as (keyof JwtoOptions)[];
  const isKnown = (name: string): boolean => names.some((known) => known === name);
  const unknown = [...Object.keys(options).filter((name) => !isKnown(name)), ...unknownVariablesOf(options)];
  for (const name of names) rules[name] = options[name];
  const problems = [
    ...unknown.map((setting) => ({ setting, got: 'a value', accepts: 'there is no such setting' })),
    ...validateSync(rules).map(({ property, value, constraints = {} }) => ({
      setting: nameOf(options, property),
      got: describe(property, value),
      accepts: constraints['accepts'] ?? '',
    })),
  ];
  return problems.length > 0 ? problems : checkTogether(options);
}

/** The name that the application used, which is the environment variable's where the value came from there. */
export function nameOf(options: JwtoOptions, setting: string): string {
  const variable = envVariableOf(options, setting, (options as Record<string, unknown>)[setting]);
  return variable === undefined ? setting : `${setting} (${variable})`;
}

/** What a setting got, for a message; of a secret only its kind and size. */
export function describe(setting: string, value: unknown): string {
  if (SECRET.has(setting)) {
    if (typeof value === 'string') return `a text of ${String(Buffer.byteLength(value))} bytes`;
    if (value instanceof Uint8Array) return `${String(value.byteLength)} bytes`;
    return value === null ? 'null' : `a ${typeof value}`;
  }
  if (typeof value === 'function') return 'a function';
  try {
    // JSON has no word for undefined, a symbol or NaN.
    return ['object', 'string'].includes(typeof value) ? JSON.stringify(value) : String(value);
  } catch {
    return `a ${typeof value}`;
  }
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && PATH.test(value) && !/(^|\/)\.{1,2}(\/|$)/.test(value);
}

function isHostName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 253 && HOST_NAME.test(value);
}

function isSecretOf32Bytes(value: unknown): boolean {
  return (
    (typeof value === 'string' && Buffer.byteLength(value) >= 32) ||
    (value instanceof Uint8Array && value.byteLength >= 32)
  );
}

function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !/^https?:\/\//.test(value)) return false;
  const plain = value.replace('://*.', '://wildcard.');
  return URL.canParse(plain) && new URL(plain).origin === plain && !plain.includes('*');
}

function isEndpoints(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, path]) => ENDPOINTS.includes(name) && (path === undefined || isBoolean(path) || isPath(path)),
  );
}
