import { generateKeyPairSync } from 'node:crypto';
import { jwtoOptionsFromEnv } from 'jwto';
import { describe, expect, it } from 'vitest';
import { SIGNING_KEY } from '../support/test-app.js';
import { refusalOf, wrongSettings } from '../support/startup.js';

/** Variable, setting, text, what it is read as. The rows without a reading are texts that the start refuses. */
const VARIABLES: [string, string, ([string, unknown] | [string])[]][] = [
  ['JWTO_MODE', 'mode', [['JSON', 'JSON'], ['TWO-COOKIES, JSON', ['TWO-COOKIES', 'JSON']], ['json'], ['JSON,JSON']]],
  ['JWTO_SIGNING_KEY', 'signingKey', [[SIGNING_KEY, SIGNING_KEY], ['short']]],
  ['JWTO_VERIFYING_KEY', 'verifyingKey', [['{"kty":"RSA"}', { kty: 'RSA' }], ['not a key']]],
  ['JWTO_ALGORITHM', 'algorithm', [['HS512', 'HS512'], ['EdDSA', 'EdDSA'], ['none']]],
  ['JWTO_ENFORCE_MINIMUM_KEY_LENGTH', 'enforceMinimumKeyLength', [['0', false], ['yes']]],
  ['JWTO_HEADER_TYPE', 'headerType', [['JWT', 'JWT'], ['at+jwt', 'at+jwt'], ['AT+JWT'], ['jwt']]],
  ['JWTO_ACCEPTED_ISSUERS', 'acceptedIssuers', [['https://a', ['https://a']], ['a, b', ['a', 'b']], ['a,,b'], ['a,a']]],
  ['JWTO_ACCEPTED_AUDIENCES', 'acceptedAudiences', [['a', ['a']], ['a,b', ['a', 'b']], [','], ['a,']]],
  ['JWTO_STRICT_AUDIENCE', 'strictAudience', [['1', true], ['false', false], ['yes']]],
  ['JWTO_REQUIRED_CLAIMS', 'requiredClaims', [['sub', ['sub']], ['sub, exp', ['sub', 'exp']], ['sub,sub']]],
  ['JWTO_ISS_CLAIM', 'iss', [['https://a,b', 'https://a,b']]],
  ['JWTO_SUB_CLAIM', 'sub', [['1', '1']]],
  ['JWTO_AUD_CLAIM', 'aud', [['a', 'a'], ['a,b , c', ['a', 'b', 'c']], ['a,,b']]],
  ['JWTO_IAT_CLAIM', 'iat', [['false', false], ['on']]],
  ['JWTO_JTI_CLAIM', 'jti', [['true', true], ['2']]],
  ['JWTO_ACCESS_TOKEN_LIFETIME', 'accessTokenLifetime', [['90', '90'], ['5m', '5m'], ['5 minutes'], ['0']]],
  ['JWTO_REFRESH_TOKEN_LIFETIME', 'refreshTokenLifetime', [['2d', '2d'], ['-1']]],
  ['JWTO_SESSION_LIFETIME', 'sessionLifetime', [['12h', '12h'], ['1y']]],
  ['JWTO_NBF_LIFETIME', 'nbfLifetime', [['0', '0'], ['10s', '10s'], ['1e1']]],
  ['JWTO_LEEWAY', 'leeway', [['10', '10'], ['61']]],
  ['JWTO_ALLOW_REFRESH_UPDATE', 'allowRefreshUpdate', [['0', false], ['1', true], ['no']]],
  ['JWTO_REFRESH_COOKIE_PATH', 'refreshCookiePath', [['/a/b', '/a/b'], ['a b']]],
  ['JWTO_REFRESH_PATH', 'refreshPath', [['api/token/refresh/x', 'api/token/refresh/x'], ['a b']]],
  ['JWTO_PUBLIC_PATH_PREFIX', 'publicPathPrefix', [['backend', 'backend'], ['a;b']]],
  ['JWTO_SAME_SITE', 'sameSite', [['Strict', 'Strict'], ['STRICT']]],
  ['JWTO_DOMAIN', 'domain', [['example.com', 'example.com'], ['a/b']]],
  ['JWTO_FORMER_DOMAINS', 'formerDomains', [['a.com', ['a.com']], ['a.com,b.com', ['a.com', 'b.com']], ['a.com,']]],
  ['JWTO_SECURE_COOKIES', 'secureCookies', [['false', false], ['False', false], ['off']]],
  ['JWTO_COOKIE_PREFIX', 'cookiePrefix', [['host', 'host'], ['secure']]],
  ['JWTO_CSRF', 'csrf', [['0', false], ['TRUE', true], ['django', 'django'], ['none'], ['Django']]],
  ['JWTO_HINTS', 'hints', [['1', true], ['false', false], ['on']]],
  ['JWTO_CSRF_SECRET', 'csrfSecret', [['x,'.repeat(16), 'x,'.repeat(16)], ['short']]],
  ['JWTO_TRUSTED_ORIGINS', 'trustedOrigins', [['https://a.com', ['https://a.com']], ['a.com']]],
  ['JWTO_MAX_SESSIONS_PER_USER', 'maxSessionsPerUser', [['5', expect.anything()], ['0'], ['five'], ['1.5']]],
  ['JWTO_BLOCKLIST_CHECK', 'blocklistCheck', [['refresh', 'refresh'], ['replica', 'replica'], ['never']]],
  ['JWTO_REFRESH_CLAIMS', 'refreshClaims', [['0', false], ['false', false], ['TRUE', true], ['off']]],
  ['JWTO_ROTATION', 'rotation', [['0', false], ['false', false], ['TRUE', true], ['off']]],
  ['JWTO_ROTATION_GRACE', 'rotationGrace', [['0', '0'], ['60', '60'], ['1m', '1m'], ['61'], ['short']]],
  ['JWTO_POLL_INTERVAL', 'pollInterval', [['2', '2'], ['10s', '10s'], ['0'], ['61'], ['500ms']]],
  ['JWTO_MAX_STALENESS', 'maxStaleness', [['1', '1'], ['1h', '1h'], ['0'], ['3601']]],
];

/** What must be set too. */
const BESIDE = { iss: 'us', aud: 'us' };

describe.each(VARIABLES)('the variable %s', (variable, setting, rows) => {
  it.each(rows.filter((row): row is [string, unknown] => row.length === 2))(
    `gives ${setting} from %j`,
    async (text, value) => {
      const options = jwtoOptionsFromEnv({ [variable]: text }) as Record<string, unknown>;
      expect(options[setting]).toEqual(value);
      expect(Object.keys(options)).toEqual([setting]);
      // What is wrong with keys is said by the suite about keys.
      if (!/Key|algorithm/.test(setting)) expect(await wrongSettings({ ...BESIDE, ...options })).toEqual([]);
    },
  );

  it.each(rows.filter((row) => row.length === 1).flat())(
    'stops the start for %j, naming setting and variable',
    async (text) => {
      const { problems } = await refusalOf({ ...BESIDE, ...jwtoOptionsFromEnv({ [variable]: text }) });
      expect(problems.map((problem) => problem.setting)).toEqual([`${setting} (${variable})`]);
    },
  );

  it('is unset when empty', () => {
    for (const text of ['', '  ', undefined]) expect(Object.keys(jwtoOptionsFromEnv({ [variable]: text }))).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read into settings that forRoot takes', async () => {
    const environment = {
      JWTO_MODE: 'TWO-COOKIES,JSON',
      JWTO_LEEWAY: '10',
      JWTO_CSRF: 'true',
      PATH: '/bin',
      jwto_mode: 'x',
    };
    expect(await wrongSettings({ ...jwtoOptionsFromEnv(environment) })).toEqual([]);
    expect(await wrongSettings(jwtoOptionsFromEnv({}))).toEqual([]);
    expect(await wrongSettings(jwtoOptionsFromEnv(process.env))).toEqual([]);
  });

  it('is read without a throw, whatever is in it', () => {
    const texts = [
      '',
      '\0',
      '{',
      '{"kty":',
      '-----BEGIN ',
      ',',
      ',,',
      'null',
      '[]',
      '__proto__',
      '\ud800',
      'x'.repeat(100_000),
    ];
    for (const [variable] of VARIABLES) {
      for (const text of texts) expect(() => jwtoOptionsFromEnv({ [variable]: text })).not.toThrow();
    }
  });

  it('stops the start with every bad and every unknown variable in one message', async () => {
    const environment = {
      JWTO_MODE: 'X',
      JWTO_LEEWAY: '99',
      JWTO_ACESS_TOKEN_LIFETIME: 'unseen',
      JWTO_: 'unseen',
      JWTO_mode: 'unseen',
    };
    const { message, problems } = await refusalOf({ ...jwtoOptionsFromEnv(environment), iss: '' });
    expect(problems.map(({ setting }) => setting).sort()).toEqual(
      ['JWTO_', 'JWTO_ACESS_TOKEN_LIFETIME', 'JWTO_mode', 'iss', 'leeway (JWTO_LEEWAY)', 'mode (JWTO_MODE)'].sort(),
    );
    expect(message).toContain('mode (JWTO_MODE): got a text of 1 bytes');
    const { message: ofFlag } = await refusalOf(jwtoOptionsFromEnv({ JWTO_CSRF: '__proto__' }));
    expect(ofFlag).toContain('csrf (JWTO_CSRF): got a text of 9 bytes');
    expect(message).not.toContain('unseen');
  });

  it('never shows a secret', async () => {
    const secrets = {
      JWTO_SIGNING_KEY: 'my-secret',
      JWTO_VERIFYING_KEY: '{"my-secret"',
      JWTO_CSRF_SECRET: 'my-secret',
    };
    const error = await refusalOf(jwtoOptionsFromEnv(secrets));
    expect(error.problems.map(({ setting }) => setting)).toContain('csrfSecret (JWTO_CSRF_SECRET)');
    expect(error.message + JSON.stringify(error)).not.toContain('my-secret');
    const keys = await refusalOf(jwtoOptionsFromEnv({ ...secrets, JWTO_CSRF_SECRET: '' }));
    expect(keys.problems.map(({ setting }) => setting)).toContain('verifyingKey (JWTO_VERIFYING_KEY)');
    expect(keys.message).not.toContain('my-secret');
  });

  it('has keys as PEM text with its line breaks spelled out, and as JWK', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const spelled = { JWTO_ALGORITHM: 'EdDSA', JWTO_SIGNING_KEY: pem.replaceAll('\n', '\\n') };
    expect(
      await wrongSettings({ ...jwtoOptionsFromEnv(spelled), signingKey: undefined, verifyingKey: publicKey }),
    ).toEqual([]);
    expect(await wrongSettings(jwtoOptionsFromEnv(spelled))).toEqual([]);
    expect(await wrongSettings(jwtoOptionsFromEnv({ ...spelled, JWTO_SIGNING_KEY: pem }))).toEqual([]);
    const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
    expect(await wrongSettings(jwtoOptionsFromEnv({ ...spelled, JWTO_SIGNING_KEY: jwk }))).toEqual([]);
  });

  it('gives way to a setting of the application, which is then named alone', async () => {
    const { problems } = await refusalOf({ ...jwtoOptionsFromEnv({ JWTO_LEEWAY: '10' }), leeway: 99 });
    expect(problems.map(({ setting }) => setting)).toEqual(['leeway']);
  });
});
