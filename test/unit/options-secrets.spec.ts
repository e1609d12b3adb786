import { randomBytes } from 'node:crypto';
import { jwtoOptionsFromEnv } from 'jwto';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../support/startup.js';

const SETTINGS = [
  ...[
    'mode',
    'algorithm',
    'enforceMinimumKeyLength',
    'headerType',
    'strictAudience',
    'iat',
    'jti',
    'checks',
    'tokenCache',
  ],
  ...['accessTokenLifetime', 'refreshTokenLifetime', 'sessionLifetime', 'nbfLifetime', 'idleLifetime', 'leeway'],
  ...[
    'allowRefreshUpdate',
    'sameSite',
    'secureCookies',
    'cookiePrefix',
    'csrf',
    'trustedOrigins',
    'hints',
    'rotation',
    'refreshClaims',
  ],
  ...[
    'rotationGrace',
    'recordClient',
    'maxSessionsPerUser',
    'blocklistCheck',
    'pollInterval',
    'maxStaleness',
    'endpoints',
  ],
  ...['lifetimes', 'throttleLogin', 'errorMapper', 'resolveKey', 'issuers', 'keys', 'keyPollInterval', 'formerDomains'],
  ...['acceptedIssuers', 'acceptedAudiences', 'requiredClaims'],
];
const HEX = randomBytes(24).toString('hex');
const NUMBER = 987_654_321_012_345;
/** In forms in which a secret may come into the wrong place. */
const FORMS: [string, unknown][] = [
  ['a text', `${HEX}+/=`],
  ['hexadecimal', HEX],
  ['a short one', HEX.slice(0, 9)],
  ['a list', ['JSON', HEX]],
  ['an object', { secret: HEX, [HEX]: HEX }],
  ['a list of objects', [{ issuer: HEX, audience: HEX, jwksUri: `https://user:${HEX}@a.example` }]],
  ['a number', NUMBER],
];

describe.each(FORMS)('a secret in the place of another setting, as %s', (_name, secret) => {
  it.each(SETTINGS)('is not printed: %s', async (setting) => {
    const { message } = await refusalOf({ [setting]: secret });
    expect(message).toMatch(new RegExp(`${setting}|DataSource`));
    expect(message).not.toContain(HEX.slice(0, 9));
    expect(message).not.toContain(String(NUMBER));
  });
});

describe('a secret in the wrong place', () => {
  it('is not printed where it was swapped with the algorithm, nor from the environment', async () => {
    const environment = jwtoOptionsFromEnv({
      JWTO_ALGORITHM: `${HEX}=`,
      JWTO_SIGNING_KEY: 'HS256',
      JWTO_CSRF: HEX,
      JWTO_MODE: `JSON,${HEX}`,
      JWTO_LEEWAY: HEX,
      JWTO_MAX_SESSIONS_PER_USER: '123456789012345678901234567890123456789012',
    });
    for (const options of [{ algorithm: `${HEX}=`, signingKey: 'HS256', csrf: HEX }, environment]) {
      const { message } = await refusalOf(options);
      expect(message).toMatch(/algorithm.*: got a text of 49 bytes/);
      expect(message).toMatch(/csrf.*: got a text of 48 bytes/);
      expect(message).not.toContain(HEX);
      expect(message).not.toMatch(/1\.?2345/);
    }
  });

  it('is not printed by settings that are wrong together, or as a name', async () => {
    for (const options of [
      { mode: 'ONE-COOKIE', cookiePrefix: 'host', domain: HEX },
      { refreshCookiePath: HEX, refreshPath: `x${HEX}` },
      { endpoints: { login: HEX, validateAccess: HEX } },
      { accessTokenLifetime: '5m', nbfLifetime: '5m' },
      { iss: HEX, issuers: [{ issuer: HEX, audience: 'us', jwksUri: 'https://a.example/jwks' }] },
      { name: `${HEX}=` },
      { dataSource: HEX },
      { dataSource: Symbol(HEX) },
      { strictAudience: true, aud: [HEX, 'b'] },
    ]) {
      const { message } = await refusalOf(options);
      expect(message).not.toContain(HEX);
    }
  });

  it('hides no known word, amount or switch', async () => {
    const { message } = await refusalOf({
      sameSite: 'lax',
      leeway: '61',
      rotationGrace: -1,
      mode: ['JSON', 'JSON'],
      csrf: 'off',
    });
    expect(message).toContain('sameSite: got "lax"');
    expect(message).toContain('leeway: got "61"');
    expect(message).toContain('rotationGrace: got -1');
    expect(message).toContain('mode: got ["JSON", "JSON"]');
    expect(message).toContain('csrf: got "off"');
  });
});
