import { markEnvSource } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';

type Read = (text: string) => unknown;

const text: Read = (value) => value;
const list: Read = (value) => value.split(',').map((item) => item.trim());
const textOrList: Read = (value) => (value.includes(',') ? list(value) : value);
/** As with flags, anything else stays text. */
const count: Read = (value) => (/^\d+$/.test(value) ? Number(value) : value);
const FLAGS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);
/** Something else than the four words stays text, so that the check of the options names it with the rest. */
const flag: Read = (value) => FLAGS.get(value.toLowerCase()) ?? value;
/** Environment files often hold PEM text in one line, with `\n` spelled out; a JWK is JSON text. */
const key: Read = (value) => {
  if (value.includes('-----BEGIN ')) return value.replaceAll('\\n', '\n');
  if (!value.trimStart().startsWith('{')) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

/** Every variable, the setting it is, and how it is read. */
const VARIABLES: Readonly<Record<string, readonly [keyof JwtoOptions, Read]>> = {
  JWTO_MODE: ['mode', textOrList],
  JWTO_SIGNING_KEY: ['signingKey', key],
  JWTO_VERIFYING_KEY: ['verifyingKey', key],
  JWTO_ALGORITHM: ['algorithm', text],
  JWTO_ENFORCE_MINIMUM_KEY_LENGTH: ['enforceMinimumKeyLength', flag],
  JWTO_HEADER_TYPE: ['headerType', text],
  JWTO_ACCEPTED_ISSUERS: ['acceptedIssuers', list],
  JWTO_ACCEPTED_AUDIENCES: ['acceptedAudiences', list],
  JWTO_STRICT_AUDIENCE: ['strictAudience', flag],
  JWTO_REQUIRED_CLAIMS: ['requiredClaims', list],
  JWTO_ISS_CLAIM: ['iss', text],
  JWTO_SUB_CLAIM: ['sub', text],
  JWTO_AUD_CLAIM: ['aud', textOrList],
  JWTO_IAT_CLAIM: ['iat', flag],
  JWTO_JTI_CLAIM: ['jti', flag],
  JWTO_ACCESS_TOKEN_LIFETIME: ['accessTokenLifetime', text],
  JWTO_REFRESH_TOKEN_LIFETIME: ['refreshTokenLifetime', text],
  JWTO_SESSION_LIFETIME: ['sessionLifetime', text],
  JWTO_NBF_LIFETIME: ['nbfLifetime', text],
  JWTO_LEEWAY: ['leeway', text],
  JWTO_ALLOW_REFRESH_UPDATE: ['allowRefreshUpdate', flag],
  JWTO_REFRESH_COOKIE_PATH: ['refreshCookiePath', text],
  JWTO_REFRESH_PATH: ['refreshPath', text],
  JWTO_PUBLIC_PATH_PREFIX: ['publicPathPrefix', text],
  JWTO_SAME_SITE: ['sameSite', text],
  JWTO_DOMAIN: ['domain', text],
  JWTO_FORMER_DOMAINS: ['formerDomains', list],
  JWTO_SECURE_COOKIES: ['secureCookies', flag],
  JWTO_COOKIE_PREFIX: ['cookiePrefix', text],
  JWTO_CSRF: ['csrf', flag],
  JWTO_CSRF_SECRET: ['csrfSecret', text],
  JWTO_TRUSTED_ORIGINS: ['trustedOrigins', list],
  JWTO_HINTS: ['hints', flag],
  JWTO_ROTATION: ['rotation', flag],
  JWTO_ROTATION_GRACE: ['rotationGrace', text],
  JWTO_REFRESH_CLAIMS: ['refreshClaims', flag],
  JWTO_MAX_SESSIONS_PER_USER: ['maxSessionsPerUser', count],
  JWTO_BLOCKLIST_CHECK: ['blocklistCheck', text],
  JWTO_POLL_INTERVAL: ['pollInterval', text],
  JWTO_MAX_STALENESS: ['maxStaleness', text],
};

/**
 * Reads the settings from the environment: `JWTO_…`, lists separated by commas, booleans as true, false, 1 or 0, bare
 * numbers as seconds, empty as unset. It never throws: a wrong value, and a `JWTO_…` variable that is no setting, stop
 * the start together with everything else that is wrong.
 *
 * @example
 * ```ts
 * JwtoModule.forRoot({ ...jwtoOptionsFromEnv(process.env), users: UsersService });
 * ```
 */
export function jwtoOptionsFromEnv(environment: Readonly<Record<string, string | undefined>>): JwtoOptions {
  const options: Record<string, unknown> = {};
  const variables: Record<string, { variable: string; value: unknown }> = {};
  const unknown: string[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('JWTO_') || value === undefined || value.trim() === '') continue;
    const known = VARIABLES[variable];
    if (known === undefined) {
      unknown.push(variable);
      continue;
    }
    const [setting, read] = known;
    options[setting] = read(value);
    variables[setting] = { variable, value: options[setting] };
  }
  markEnvSource(options, { variables, unknown });
  return options;
}
