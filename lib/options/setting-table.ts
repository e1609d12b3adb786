import { ALGORITHM_NAMES } from './algorithm-names.js';
import { TEN_YEARS } from './duration.js';
import { ENDPOINT_NAMES } from './endpoint-paths.js';
import { count, flag, key, list, text, textOrList } from './env-values.js';
import type { JwtoOptions } from './jwto-options.js';
import {
  anyOf,
  counts,
  isBoolean,
  isHostName,
  isIssuer,
  isKey,
  isListOf,
  isObjectOf,
  isOneOf,
  isOrigin,
  isPath,
  isRing,
  isSecretOf32Bytes,
  isText,
  type Test,
} from './option-values.js';
import {
  aFunction,
  aLifetime,
  aPath,
  aText,
  between,
  texts,
  uptoAMinute,
  yesOrNo,
  type Setting,
} from './setting-kinds.js';

const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'];
const CHECKS = ['exp', 'nbf', 'iat', 'jti', 'sub', 'iss', 'aud'];
const ISSUERS =
  'a list of { issuer, audience, jwksUri } with, if you like, algorithms (asymmetric, one for RSA keys), headerType (JWT or at+jwt) and mapUser; jwksUri is https';

type Row<Value> = Setting<Value, Value>;

/** Every setting. The compiler holds it complete: no other place lists names, rules, defaults or variables. */
export const SETTINGS = {
  mode: {
    accepts: 'JSON, ONE-COOKIE, TWO-COOKIES, or a list of them',
    test: anyOf(isOneOf(...MODES), isListOf(isOneOf(...MODES))),
    env: ['JWTO_MODE', textOrList],
    default: 'JSON',
    isApart: true,
  },
  signingKey: {
    accepts: 'an HMAC secret, or a private key as PEM text, JWK or KeyObject',
    test: isKey,
    env: ['JWTO_SIGNING_KEY', key],
    isSecret: true,
    isApart: true,
  },
  verifyingKey: {
    accepts: 'a public key as PEM text, JWK or KeyObject',
    test: isKey,
    env: ['JWTO_VERIFYING_KEY', key],
    isSecret: true,
    isApart: true,
  },
  algorithm: {
    accepts: ALGORITHM_NAMES.join(', '),
    test: isOneOf(...ALGORITHM_NAMES),
    env: ['JWTO_ALGORITHM', text],
    default: 'HS256',
    isApart: true,
  },
  enforceMinimumKeyLength: { ...yesOrNo, env: ['JWTO_ENFORCE_MINIMUM_KEY_LENGTH', flag], default: true, isApart: true },
  keys: {
    accepts: 'a list of keys like { kid, algorithm, signingKey }, or a function that returns one',
    test: isRing,
    isSecret: true,
    isApart: true,
  },
  keyPollInterval: { ...between(1, 86_400, '1 second to 1 day'), default: '1m' },
  resolveKey: { ...aFunction, isSecret: true },
  issuers: { accepts: ISSUERS, test: isListOf(isIssuer), default: [], isSecret: true },
  headerType: {
    accepts: 'JWT or at+jwt',
    test: isOneOf('JWT', 'at+jwt'),
    env: ['JWTO_HEADER_TYPE', text],
    default: 'JWT',
  },
  acceptedIssuers: { ...texts, env: ['JWTO_ACCEPTED_ISSUERS', list], isApart: true },
  acceptedAudiences: { ...texts, env: ['JWTO_ACCEPTED_AUDIENCES', list], isApart: true },
  strictAudience: { ...yesOrNo, env: ['JWTO_STRICT_AUDIENCE', flag], default: false },
  requiredClaims: {
    accepts: 'a list of names of claims',
    test: isListOf(isText),
    env: ['JWTO_REQUIRED_CLAIMS', list],
    default: [],
  },
  checks: {
    accepts: `an object of ${CHECKS.join(', ')}, each true or false`,
    test: isObjectOf(membersOf(CHECKS, isBoolean)),
    isApart: true,
  },
  /** The longest token that is looked at must fit. */
  tokenCache: {
    accepts: 'true, false, or { entries, bytes } with whole numbers: from 1, and from 8192',
    test: anyOf(isBoolean, isObjectOf({ entries: counts(1, 1_000_000), bytes: counts(8192, 2 ** 30) })),
    isApart: true,
  },
  iss: { ...aText, env: ['JWTO_ISS_CLAIM', text] },
  sub: { ...aText, env: ['JWTO_SUB_CLAIM', text] },
  aud: {
    accepts: 'a non-empty text or a list of them',
    test: anyOf(isText, isListOf(isText)),
    env: ['JWTO_AUD_CLAIM', textOrList],
  },
  iat: { ...yesOrNo, env: ['JWTO_IAT_CLAIM', flag], default: true },
  jti: { ...yesOrNo, env: ['JWTO_JTI_CLAIM', flag], default: true },
  accessTokenLifetime: { ...aLifetime, env: ['JWTO_ACCESS_TOKEN_LIFETIME', text], default: '5m' },
  refreshTokenLifetime: { ...aLifetime, env: ['JWTO_REFRESH_TOKEN_LIFETIME', text], default: '1d' },
  sessionLifetime: { ...aLifetime, env: ['JWTO_SESSION_LIFETIME', text], default: '30d' },
  idleLifetime: aLifetime,
  nbfLifetime: {
    ...between(0, TEN_YEARS, '0 to 3650 days: seconds, or a text like "10s"'),
    env: ['JWTO_NBF_LIFETIME', text],
    default: 0,
  },
  leeway: { ...uptoAMinute, env: ['JWTO_LEEWAY', text], default: 0 },
  allowRefreshUpdate: { ...yesOrNo, env: ['JWTO_ALLOW_REFRESH_UPDATE', flag], default: true },
  refreshCookiePath: {
    ...aPath,
    test: anyOf(isOneOf('/'), isPath),
    env: ['JWTO_REFRESH_COOKIE_PATH', text],
    default: 'api/token/refresh',
  },
  refreshPath: { ...aPath, env: ['JWTO_REFRESH_PATH', text], isApart: true },
  publicPathPrefix: { ...aPath, env: ['JWTO_PUBLIC_PATH_PREFIX', text], default: '' },
  sameSite: {
    accepts: 'Lax, Strict or None',
    test: isOneOf('Lax', 'Strict', 'None'),
    env: ['JWTO_SAME_SITE', text],
    default: 'Lax',
  },
  domain: { accepts: 'a host name like example.com', test: isHostName, env: ['JWTO_DOMAIN', text] },
  formerDomains: {
    accepts: 'a list of host names',
    test: isListOf(isHostName),
    env: ['JWTO_FORMER_DOMAINS', list],
    default: [],
  },
  secureCookies: { ...yesOrNo, env: ['JWTO_SECURE_COOKIES', flag], default: true },
  cookiePrefix: { accepts: '"host" or nothing', test: isOneOf('host'), env: ['JWTO_COOKIE_PREFIX', text] },
  csrf: {
    accepts: 'true, false or "django"',
    test: isOneOf(true, false, 'django'),
    env: ['JWTO_CSRF', flag],
    default: true,
  },
  csrfSecret: {
    accepts: 'at least 32 bytes, as text or bytes',
    test: isSecretOf32Bytes,
    env: ['JWTO_CSRF_SECRET', text],
    isSecret: true,
    isApart: true,
  },
  trustedOrigins: {
    accepts: 'a list of origins like https://example.com or https://*.example.com, without a path',
    test: isListOf(isOrigin),
    env: ['JWTO_TRUSTED_ORIGINS', list],
    default: [],
  },
  hints: { ...yesOrNo, env: ['JWTO_HINTS', flag], isApart: true },
  rotation: { ...yesOrNo, env: ['JWTO_ROTATION', flag], default: true },
  rotationGrace: { ...uptoAMinute, env: ['JWTO_ROTATION_GRACE', text], default: '10s' },
  refreshClaims: { ...yesOrNo, env: ['JWTO_REFRESH_CLAIMS', flag], default: true },
  recordClient: { ...yesOrNo, default: true },
  maxSessionsPerUser: {
    accepts: 'a whole number from 1',
    test: counts(1),
    env: ['JWTO_MAX_SESSIONS_PER_USER', count],
    default: 100,
  },
  blocklistCheck: {
    accepts: 'replica, database or refresh',
    test: isOneOf('replica', 'database', 'refresh'),
    env: ['JWTO_BLOCKLIST_CHECK', text],
    default: 'replica',
  },
  pollInterval: { ...between(1, 60, '1 to 60 seconds'), env: ['JWTO_POLL_INTERVAL', text], default: '1s' },
  maxStaleness: { ...between(1, 3600, '1 second to 1 hour'), env: ['JWTO_MAX_STALENESS', text], default: '10s' },
  endpoints: {
    accepts: `an object of ${ENDPOINT_NAMES.join(', ')}, each true, false or a path`,
    test: isObjectOf(membersOf(ENDPOINT_NAMES, anyOf(isBoolean, isPath))),
    isApart: true,
  },
  version: { accepts: 'a version or a list of versions', test: anyOf(isText, isListOf(isText)) },
  lifetimes: aFunction,
  throttleLogin: aFunction,
  errorMapper: aFunction,
} satisfies { readonly [Name in keyof JwtoOptions]-?: Row<NonNullable<JwtoOptions[Name]>> };

/** {@link SETTINGS} as a list. */
export const SETTING_ROWS = Object.entries<Setting>(SETTINGS) as [keyof JwtoOptions, Setting][];

function membersOf(names: readonly string[], test: Test): Record<string, Test> {
  return Object.fromEntries(names.map((name) => [name, test]));
}
