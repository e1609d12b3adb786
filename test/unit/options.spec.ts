import { describe, expect, it } from 'vitest';
import { refusalOf, wrongSettings } from '../support/startup.js';

const DURATIONS = ['', 'soon', '5 m', '5w', '-1s', '1.5h', -1, 1.5, Number.NaN, Infinity, null, true, {}, '99999999d'];
const BOOLEANS = ['true', 'yes', 1, 0, null, [], {}];
const TEXTS = ['', '  ', 7, null, {}, ['a']];
const PATHS = ['', '/', 'a b', 'a;b', '../a', 'a/./b', 'a//b', ':id', 'a*', 'http://x/y', 'ä', 'a?b', 'a#b', 7, null];
const ISSUER = { issuer: 'https://a.example', audience: 'us', jwksUri: 'https://a.example/jwks' };
/** Keys that come over plain http are anybody's, and an address has no password. */
const URIS = [
  '',
  'a.example/jwks',
  'http://a.example/jwks',
  'http://127.0.0.1.a.example/jwks',
  'http://localhost.a.example/jwks',
  'http://localhost@a.example/jwks',
  'https://user:my-own-secret@a.example/jwks',
  'file:///etc/jwks.json',
  'data:application/json,{"keys":[]}',
  7,
  null,
];
const HOSTS = ['', 'a b', 'https://a.com', 'a.com/x', 'a..com', '-a.com', 'a;b', 7, null];

/** Setting, the values that are wrong, the values that are right, what the message must say, and what else must be set. */
const RULES: [string, { wrong: unknown[]; right: unknown[]; accepts: RegExp; beside?: object }][] = [
  [
    'mode',
    {
      wrong: ['json', 'COOKIE', '', [], ['JSON', 'JSON'], ['JSON', 'x'], null, 1, {}],
      right: ['JSON', 'ONE-COOKIE', 'TWO-COOKIES', ['TWO-COOKIES', 'JSON']],
      accepts: /JSON, ONE-COOKIE, TWO-COOKIES/,
    },
  ],
  [
    'algorithm',
    {
      wrong: ['none', 'hs256', 'HS255', '', null, ['HS256'], 'ES256K'],
      right: ['HS256'],
      accepts: /HS256.*PS384.*EdDSA/,
    },
  ],
  ['enforceMinimumKeyLength', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  ['iss', { wrong: TEXTS, right: ['https://issuer.example'], accepts: /text/ }],
  ['sub', { wrong: TEXTS, right: ['subject'], accepts: /text/ }],
  ['aud', { wrong: ['', 7, null, {}, [], ['a', ''], ['a', 7]], right: ['a', ['a', 'b']], accepts: /text.*list/ }],
  ['iat', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  ['jti', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  [
    'accessTokenLifetime',
    {
      wrong: [...DURATIONS, 0, '0s'],
      right: [60, '60', '90s', '5m', '12h', '7d'],
      accepts: /"5m"/,
      beside: { refreshTokenLifetime: '7d' },
    },
  ],
  ['refreshTokenLifetime', { wrong: [...DURATIONS, 0], right: [3600, '3600', '1d'], accepts: /"5m"/ }],
  ['sessionLifetime', { wrong: [...DURATIONS, 0], right: [3600, '30d'], accepts: /"30d"/ }],
  ['nbfLifetime', { wrong: DURATIONS, right: [0, 10, '10s', '0'], accepts: /"10s"/ }],
  ['leeway', { wrong: [...DURATIONS, 61, '2m', '61'], right: [0, 60, '60s', '1m', '10'], accepts: /0 to 60 s/ }],
  ['allowRefreshUpdate', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  [
    'refreshCookiePath',
    { wrong: PATHS.filter((path) => path !== '/'), right: ['/', 'auth', '/a/b-c/', 'v1.2/~x_y'], accepts: /path/ },
  ],
  ['refreshPath', { wrong: PATHS, right: ['api/token/refresh', '/api/token/refresh/own/'], accepts: /path/ }],
  ['publicPathPrefix', { wrong: PATHS, right: ['backend', '/a/b'], accepts: /path/ }],
  ['sameSite', { wrong: ['lax', '', null, true], right: ['Lax', 'Strict', 'None'], accepts: /Lax, Strict or None/ }],
  ['domain', { wrong: HOSTS, right: ['example.com', 'localhost', 'a-b.example.com'], accepts: /host name/ }],
  [
    'formerDomains',
    { wrong: ['a.com', [], ['a.com', 'a.com'], ['a.com', 'b c'], null], right: [['a.com', 'b.com']], accepts: /list/ },
  ],
  ['secureCookies', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  ['cookiePrefix', { wrong: ['secure', '__Host-', '', null, true], right: ['host'], accepts: /host/ }],
  [
    'csrf',
    {
      wrong: [...BOOLEANS, 'Django', '', ['django']],
      right: [true, false, 'django'],
      accepts: /true, false or "django"/,
    },
  ],
  ['hints', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  [
    'csrfSecret',
    {
      wrong: ['x'.repeat(31), '', Buffer.alloc(31), 7, null],
      right: ['x'.repeat(32), Buffer.alloc(32, 1), 'ü'.repeat(16)],
      accepts: /at least 32 bytes/,
    },
  ],
  [
    'trustedOrigins',
    {
      wrong: [
        'https://a.com',
        [],
        ['a.com'],
        ['https://a.com/'],
        ['https://a.com/x'],
        ['null'],
        ['*'],
        ['https://*'],
        ['https://*.*.a.com'],
        ['https://a.*.com'],
        ['ftp://a.com'],
        ['https://u@a.com'],
        ['https://A.com'],
        ['https://a.com:443'],
        [7],
      ],
      right: [['https://a.com'], ['https://*.example.com', 'http://localhost:3000']],
      accepts: /origins/,
    },
  ],
  [
    'maxSessionsPerUser',
    { wrong: [0, -1, 1.5, Number.NaN, Infinity, 'many', '', null, true], right: [1, 100], accepts: /whole number/ },
  ],
  [
    'blocklistCheck',
    {
      wrong: ['redis', '', null, true],
      right: ['replica', 'database', 'refresh'],
      accepts: /replica.*database.*refresh/,
    },
  ],
  ['refreshClaims', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  ['rotation', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  ['rotationGrace', { wrong: [...DURATIONS, 61, '2m'], right: [0, 60, '10s', '1m', '10'], accepts: /0 to 60 s/ }],
  ['pollInterval', { wrong: [...DURATIONS, 0, 61, '500ms'], right: [1, 10, '5s'], accepts: /1 to 60 s/ }],
  ['maxStaleness', { wrong: [...DURATIONS, 0, 3601, '2h'], right: [1, '10s', '1h'], accepts: /1 second to 1 hour/ }],
  ['idleLifetime', { wrong: [...DURATIONS, 0, '0s'], right: [1, '30m', '14d'], accepts: /"30d"/ }],
  ['recordClient', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/ }],
  ['lifetimes', { wrong: [true, 'x', {}, null], right: [() => ({})], accepts: /function/ }],
  [
    'endpoints',
    {
      wrong: [null, [], 'login', { logIn: false }, { login: 1 }, { login: 'a b' }, { csrf: '' }],
      right: [{}, { login: 'sign-in', csrf: false, logout: true, sessions: 'devices' }],
      accepts: /login.*csrf.*sessions/,
    },
  ],
  ['version', { wrong: ['', 1, [], [1], null], right: ['1', ['1', '2']], accepts: /version/ }],
  ['throttleLogin', { wrong: [true, 'x', {}, null], right: [() => 0], accepts: /function/ }],
  ['errorMapper', { wrong: [true, 'x', {}, null], right: [() => ({ status: 400, body: {} })], accepts: /function/ }],
  ['resolveKey', { wrong: [true, 'x', {}, null, ['k']], right: [() => undefined], accepts: /function/ }],
  [
    'headerType',
    { wrong: ['jwt', 'AT+JWT', 'refresh+jwt', '', null, true], right: ['JWT', 'at+jwt'], accepts: /at\+jwt/ },
  ],
  [
    'acceptedIssuers',
    {
      wrong: ['a', [], [''], ['a', 'a'], [7], null],
      right: [['a', 'https://b']],
      accepts: /list/,
      beside: { iss: 'us' },
    },
  ],
  [
    'acceptedAudiences',
    { wrong: ['a', [], ['  '], ['a', 'a'], null], right: [['a'], ['a', 'b']], accepts: /list/, beside: { aud: 'us' } },
  ],
  ['strictAudience', { wrong: BOOLEANS, right: [true, false], accepts: /true or false/, beside: { aud: 'us' } }],
  [
    'requiredClaims',
    {
      wrong: ['a', [], [''], ['a', 'a'], [7], {}],
      right: [['tenant', 'scope']],
      accepts: /list/,
      beside: { claims: { useValue: { claims: () => ({ tenant: 'a', scope: 'b' }) } } },
    },
  ],
  [
    'checks',
    {
      wrong: [null, [], true, 'exp', { exp: 'no' }, { exp: 0 }, { Exp: false }, { signature: false }, { alg: false }],
      right: [{}, { exp: true }, { nbf: false, iat: false, jti: undefined }, { sub: false, iss: false, aud: false }],
      accepts: /exp.*true or false/,
    },
  ],
  [
    'tokenCache',
    {
      wrong: [
        null,
        [],
        0,
        'yes',
        { entries: 0 },
        { entries: -1 },
        { entries: 1.5 },
        { entries: 1_000_001 },
        { entries: '5' },
        { entries: Infinity },
        { bytes: 8191 },
        { bytes: 2 ** 30 + 1 },
        { size: 5 },
      ],
      right: [true, false, {}, { entries: 1 }, { bytes: 8192 }, { entries: 1_000_000, bytes: 2 ** 30 }],
      accepts: /entries, bytes/,
    },
  ],
  [
    'issuers',
    {
      wrong: [
        null,
        {},
        [],
        ISSUER,
        ['https://a.example'],
        [{}],
        ...(['issuer', 'audience', 'jwksUri'] as const).map((name) => [{ ...ISSUER, [name]: undefined }]),
        ...['', 7, null].map((issuer) => [{ ...ISSUER, issuer }]),
        ...['', [], [''], ['a', 'a'], 7].map((audience) => [{ ...ISSUER, audience }]),
        ...URIS.map((jwksUri) => [{ ...ISSUER, jwksUri }]),
        ...[[], 'RS256', ['HS256'], ['RS256', 'HS512'], ['none'], ['RS256', 'RS256'], ['RS256', 'PS256']].map(
          (algorithms) => [{ ...ISSUER, algorithms }],
        ),
        ...[true, {}, null].map((mapUser) => [{ ...ISSUER, mapUser }]),
        [{ ...ISSUER, clientId: 'x' }],
      ],
      right: [
        [ISSUER],
        [
          {
            ...ISSUER,
            audience: ['a', 'b'],
            algorithms: ['RS512', 'ES256', 'ES384', 'EdDSA'],
            mapUser: () => undefined,
          },
        ],
        [{ ...ISSUER, jwksUri: 'http://127.0.0.1:3000/jwks', algorithms: undefined, mapUser: undefined }],
        [
          { ...ISSUER, jwksUri: 'http://localhost/jwks' },
          { ...ISSUER, issuer: 'b', jwksUri: 'http://[::1]/jwks' },
        ],
      ],
      accepts: /issuer, audience, jwksUri.*https/,
    },
  ],
];

describe.each(RULES)('the setting %s', (setting, { wrong, right, accepts, beside }) => {
  it('accepts what it is for, and being left out', async () => {
    for (const value of [...right, undefined]) {
      expect(await wrongSettings({ ...beside, [setting]: value }), JSON.stringify(value)).toEqual([]);
    }
  });

  it.each(wrong)('stops the start for %j, naming the setting, what it got and what it accepts', async (value) => {
    const { problems, message } = await refusalOf({ ...beside, [setting]: value });
    expect(problems).toEqual([{ setting, got: expect.any(String), accepts: expect.stringMatching(accepts) }]);
    expect(message).toContain(`${setting}: got ${problems[0]?.got ?? ''}; ${problems[0]?.accepts ?? ''}`);
  });
});

describe('the message about wrong settings', () => {
  it('names every wrong setting at once', async () => {
    const wrong = { mode: 'X', leeway: 99, iss: '', csrf: 'no', unheardOf: 1, endpoints: [] };
    const { message, problems } = await refusalOf(wrong);
    expect(problems.map(({ setting }) => setting).sort()).toEqual(Object.keys(wrong).sort());
    for (const setting of Object.keys(wrong)) expect(message).toMatch(new RegExp(`^ +- ${setting}: got `, 'm'));
  });

  it('tells what a setting got', async () => {
    const { message } = await refusalOf({ mode: 'COOKIE', leeway: 99, throttleLogin: { a: 1n } });
    expect(message).toContain('mode: got a text of 6 bytes');
    expect(message).toContain('leeway: got 99');
    expect(message).toContain('throttleLogin: got ');
  });

  it('refuses unknown names, misspelled ones too', async () => {
    expect(await wrongSettings({ singingKey: 'x', accesstokenlifetime: '5m' })).toEqual([
      'singingKey',
      'accesstokenlifetime',
    ]);
  });

  it('refuses an own __proto__, which JSON can have', async () => {
    expect(await wrongSettings(JSON.parse('{"__proto__": {"mode": "JSON"}}') as object)).toEqual(['__proto__']);
  });

  it('looks at the keys too where another setting is wrong', async () => {
    expect(await wrongSettings({ signingKey: 'short', leeway: 99 })).toEqual(['leeway', 'signingKey']);
  });

  it.each([
    ['signingKey', 'my-own-secret'],
    ['verifyingKey', 'my-own-secret'],
    ['csrfSecret', 'my-own-secret'],
    ['signingKey', { kty: 'oct', k: 'my-own-secret' }],
    ['verifyingKey', { kty: 'RSA', d: 'my-own-secret' }],
    ['signingKey', ['my-own-secret']],
    ['csrfSecret', { secret: 'my-own-secret' }],
    ['csrfSecret', Buffer.from('my-own-secret')],
    ['keys', 'my-own-secret'],
    ['keys', { algorithm: 'HS256', signingKey: 'my-own-secret' }],
    ['keys', ['my-own-secret']],
    ['resolveKey', 'my-own-secret'],
    ['resolveKey', { key: { algorithm: 'HS256', signingKey: 'my-own-secret' } }],
    ['issuers', [{ ...ISSUER, jwksUri: 'https://user:my-own-secret@a.example/jwks' }]],
  ])('never shows the value of %s', async (setting, value) => {
    const error = await refusalOf({ ...(setting === 'keys' && { signingKey: undefined }), [setting]: value });
    expect(error.problems.map((problem) => problem.setting)).toEqual([setting]);
    const shown = error.message + JSON.stringify(error) + String(error.stack) + JSON.stringify(error.cause ?? '');
    expect(shown).not.toContain('my-own-secret');
    expect(shown).not.toContain(Buffer.from('my-own-secret').toString('base64url'));
    expect(shown).not.toContain(JSON.stringify([...Buffer.from('my-own-secret')]).slice(1, -1));
  });

  it('asks for users where tokens are issued, and for a name that can be part of a cookie name', async () => {
    expect(await wrongSettings({ users: undefined })).toEqual(['users']);
    for (const name of ['', 'a b', 'ä', 'a;b', '1', 'a_b', 'x'.repeat(33)]) {
      expect(await wrongSettings({ name }), name).toEqual(['name']);
    }
    expect(await wrongSettings({ name: 'admin-2' })).toEqual([]);
  });
});
