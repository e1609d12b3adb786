import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { RingKey } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { jwkOf, makeEc, makeKeys, makeRsa, makeSecret, pemOf } from '../support/keys.js';
import { ring, ringKey } from '../support/rings.js';
import { refusalOf, startError, wrongSettings } from '../support/startup.js';
import { startApp } from '../support/test-app.js';

const good = ringKey('good');
const ec = makeKeys('ES256');
const rsa = makeKeys('RS256');
const secret = makeSecret(32).signing;
const text = randomBytes(32).toString('base64url');
const HS = { algorithm: 'HS256', signingKey: secret };
const ES = { algorithm: 'ES256', signingKey: ec.signing };

/** What is wrong with an entry, the entry, the member that is named; none where it is the entry itself. */
const BAD: [string, unknown, string][] = [
  ['no object', 7, ''],
  ['null', null, ''],
  ['a list', [good], ''],
  ['the bare secret', text, ''],
  ['no algorithm', { signingKey: secret }, '.algorithm'],
  ['none', { ...HS, algorithm: 'none' }, '.algorithm'],
  ['another case', { ...HS, algorithm: 'hs256' }, '.algorithm'],
  ['a list of algorithms', { ...HS, algorithm: ['HS256', 'HS384'] }, '.algorithm'],
  ['the secret for an algorithm', { algorithm: text, signingKey: secret }, '.algorithm'],
  ['a misspelled member', { ...HS, singingKey: text }, '.singingKey'],
  ['a member that is named like the secret', { ...HS, alg: text }, '.alg'],
  [
    'an own __proto__',
    JSON.parse(`{"__proto__": "${text}", "algorithm": "HS256", "signingKey": "${text}"}`),
    '.__proto__',
  ],
  ['no key', { kid: 'a', algorithm: 'HS256' }, '.signingKey'],
  ['an empty secret', { ...HS, signingKey: '' }, '.signingKey'],
  ['a number for a key', { ...HS, signingKey: 12_345_678 }, '.signingKey'],
  ['null for a key', { ...HS, signingKey: null }, '.signingKey'],
  ['31 bytes', { ...HS, signingKey: text.slice(0, 31) }, '.signingKey'],
  ['31 bytes to verify with', { algorithm: 'HS256', verifyingKey: text.slice(0, 31) }, '.verifyingKey'],
  ['47 bytes', { algorithm: 'HS384', signingKey: randomBytes(47) }, '.signingKey'],
  ['a JWK of another algorithm', { ...HS, signingKey: { ...jwkOf(secret), alg: 'HS512' } }, '.signingKey'],
  ['a JWK for encryption', { ...HS, signingKey: { ...jwkOf(secret), use: 'enc' } }, '.signingKey'],
  ['a private key as a secret', { ...HS, signingKey: pemOf(ec.signing) }, '.signingKey'],
  ['a public key as a secret', { ...HS, signingKey: pemOf(rsa.verifying) }, '.signingKey'],
  ['a public key as a verifying secret', { algorithm: 'HS256', verifyingKey: pemOf(rsa.verifying) }, '.verifyingKey'],
  ['a secret as a private key', { ...ES, signingKey: text }, '.signingKey'],
  ['a public key to sign with', { ...ES, signingKey: ec.verifying }, '.signingKey'],
  ['a private key to verify with', { algorithm: 'ES256', verifyingKey: pemOf(ec.signing) }, '.verifyingKey'],
  ['a private JWK to verify with', { algorithm: 'ES256', verifyingKey: jwkOf(ec.signing) }, '.verifyingKey'],
  ['another curve', { ...ES, signingKey: makeEc('P-384').signing }, '.signingKey'],
  ['another kind of key', { ...ES, signingKey: jwkOf(rsa.signing) }, '.signingKey'],
  ['RSA of 1024 bits', { algorithm: 'RS256', signingKey: makeRsa(1024).signing }, '.signingKey'],
  ['broken PEM', { ...ES, signingKey: pemOf(ec.signing).replace('MIG', 'AAA') }, '.signingKey'],
  ['a pair of two keys', { ...ES, verifyingKey: makeKeys('ES256').verifying }, '.verifyingKey'],
  ['a pair of two secrets', { ...HS, verifyingKey: makeSecret(32).signing }, '.verifyingKey'],
  ['an empty kid', { ...HS, kid: '' }, '.kid'],
  ['a kid of 129 characters', { ...HS, kid: 'k'.repeat(129) }, '.kid'],
  ['a kid that is a number', { ...HS, kid: 7 }, '.kid'],
  ['a kid that is null', { ...HS, kid: null }, '.kid'],
  ['the private key for a kid', { ...HS, kid: pemOf(rsa.signing) }, '.kid'],
  ['the private JWK for a kid', { ...HS, kid: jwkOf(ec.signing) }, '.kid'],
  ['seconds for notBefore', { ...HS, notBefore: 1_700_000_000 }, '.notBefore'],
  ['text that is no time', { ...HS, notBefore: 'tomorrow' }, '.notBefore'],
  ['the secret for a time', { ...HS, notBefore: text }, '.notBefore'],
  ['a time without a zone', { ...HS, expiresAt: '2030-01-01T00:00:00' }, '.expiresAt'],
  ['a day', { ...HS, expiresAt: '2030-01-01' }, '.expiresAt'],
  ['a day that is not there', { ...HS, expiresAt: '2030-13-01T00:00:00Z' }, '.expiresAt'],
  ['an invalid Date', { ...HS, expiresAt: new Date(Number.NaN) }, '.expiresAt'],
  ['NaN', { ...HS, expiresAt: Number.NaN }, '.expiresAt'],
  ['half a millisecond', { ...HS, expiresAt: 1_700_000_000_000.5 }, '.expiresAt'],
  ['null for a time', { ...HS, expiresAt: null }, '.expiresAt'],
  ['an end at the start', { ...HS, notBefore: 1_700_000_000_000, expiresAt: 1_700_000_000_000 }, '.expiresAt'],
  ['text for withoutKid', { ...HS, withoutKid: 'true' }, '.withoutKid'],
  ['the secret for withoutKid', { ...HS, withoutKid: text }, '.withoutKid'],
  ['the kid of another', { ...HS, kid: 'good' }, '.kid'],
];

/** Every text by which one of the secrets of this file could be known. */
const SECRETS = [
  secret.export(),
  Buffer.from(text),
  ec.signing.export({ type: 'pkcs8', format: 'der' }),
  rsa.signing.export({ type: 'pkcs8', format: 'der' }),
]
  .flatMap((bytes) => [
    bytes.toString('latin1'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ])
  .concat([ec.signing, rsa.signing].flatMap((key) => [jwkOf(key).d ?? '', jwkOf(key).p ?? '']))
  .concat(pemOf(ec.signing).split('\n').slice(1, 3), pemOf(rsa.signing).split('\n').slice(1, 20))
  .flatMap((all) => [all.slice(0, 12), all.slice(-12)])
  .filter((part) => part.length === 12 && !part.includes('='));

function expectNoSecret(shown: string): void {
  expect(SECRETS.filter((part) => shown.includes(part))).toEqual([]);
}

describe('a bad key of a ring', () => {
  it.each(BAD)('stops the start, naming the member and not showing a key: %s', async (what, entry, member) => {
    // A list of things that are no objects is seen to be no ring before it is looked into.
    const isEntry = typeof entry === 'object' && entry !== null;
    const error = await refusalOf({ signingKey: undefined, keys: [good, entry] });
    expect(error.problems).toEqual([
      { setting: isEntry ? `keys[1]${member}` : 'keys', got: expect.any(String), accepts: expect.any(String) },
    ]);
    const inFunction = await refusalOf({ signingKey: undefined, keys: () => [entry, entry, good] as RingKey[] });
    const index = what === 'the kid of another' ? [1, 2] : [0, 1];
    expect(inFunction.problems.map(({ setting }) => setting)).toEqual(
      index.map((at) => `keys[${String(at)}]${member}`),
    );
    for (const { message, stack, problems, cause } of [error, inFunction]) {
      expectNoSecret([message, stack, JSON.stringify(problems), String(cause)].join('\n'));
    }
  });

  it('is told of with all the others, and with other wrong settings', async () => {
    const keys = [{ ...HS, kid: '', notBefore: 'x' }, good, { ...HS, algorithm: 'none', color: 1 }];
    expect(await wrongSettings({ signingKey: undefined, keys, leeway: 99 })).toEqual([
      'leeway',
      'keys[0].kid',
      'keys[2].color',
      'keys[2].algorithm',
    ]);
  });

  it.each<[string, unknown]>([
    ['an empty list', []],
    ['null', null],
    ['an object', { good }],
    ['text', text],
    ['a Map', new Map([['good', good]])],
  ])('stops the start where the ring is %s, given or returned', async (_what, keys) => {
    for (const given of [keys, () => keys, () => Promise.resolve(keys)]) {
      const { problems, message } = await refusalOf({ signingKey: undefined, keys: given });
      expect(problems.map(({ setting }) => setting)).toEqual(['keys']);
      expectNoSecret(message);
    }
  });

  it('stops the start where two keys are marked for tokens without kid', async () => {
    const keys = [
      { ...good, withoutKid: true },
      { ...ringKey('b'), withoutKid: true },
    ];
    expect(await wrongSettings({ signingKey: undefined, keys })).toEqual(['keys[1].withoutKid']);
  });

  it('stops the start where one key stands there twice, once without a kid', async () => {
    const { signingKey } = good;
    const keys = [
      { algorithm: 'HS256', signingKey },
      { algorithm: 'HS256', signingKey },
    ] as const;
    expect(await wrongSettings(ring(...keys))).toEqual(['keys[1].kid']);
  });

  // RFC 8725 §3.1 and RFC 7518 §8.5: a key serves one algorithm.
  const long = makeSecret(64).signing;
  it.each<[string, RingKey, RingKey]>([
    ['a secret', { algorithm: 'HS256', signingKey: long }, { algorithm: 'HS512', signingKey: long.export() }],
    ['an RSA key', { algorithm: 'RS256', signingKey: rsa.signing }, { algorithm: 'PS256', signingKey: rsa.signing }],
    [
      'its public half',
      { algorithm: 'PS256', signingKey: rsa.signing },
      { algorithm: 'RS256', verifyingKey: rsa.verifying },
    ],
  ])('stops the start where %s stands there for two algorithms', async (_what, first, second) => {
    const keys = ring(good, { ...first, kid: 'first' }, { ...second, kid: 'second' });
    const error = await refusalOf(keys);
    expect(error.problems.map(({ setting }) => setting)).toEqual(['keys[2].algorithm']);
    expect(error.message).toMatch(/"first".*RFC 8725/);
    expectNoSecret(error.message);
  });
});

describe('keys', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(['signingKey', 'verifyingKey', 'algorithm'])('do not stand beside %s', async (setting) => {
    const value = { signingKey: text, verifyingKey: pemOf(ec.verifying), algorithm: 'HS256' }[setting];
    for (const keys of [[good], () => [good]]) {
      const { problems, message } = await refusalOf({ signingKey: undefined, keys, [setting]: value });
      expect(problems.map((problem) => problem.setting)).toEqual([setting]);
      expectNoSecret(message);
    }
  });

  it('are read again only where they are a function', async () => {
    expect(await wrongSettings({ ...ring(good), keyPollInterval: '1m' })).toEqual(['keyPollInterval']);
    expect(await wrongSettings({ keyPollInterval: '1m' })).toEqual(['keyPollInterval']);
    expect(await wrongSettings({ signingKey: undefined, keys: () => [good], keyPollInterval: '1m' })).toEqual([]);
  });

  it('need users where one can sign, and no users where none can', async () => {
    expect(await wrongSettings({ ...ring(good), users: undefined })).toEqual(['users']);
    const verifier = { algorithm: 'HS256' as const, verifyingKey: secret };
    expect(await wrongSettings({ ...ring(verifier), users: undefined })).toEqual([]);
  });

  it('need a csrfSecret in cookie modes where all of them are public', async () => {
    const keys = ring({ algorithm: 'ES256', verifyingKey: ec.verifying });
    expect(await wrongSettings({ ...keys, mode: 'ONE-COOKIE' })).toEqual(['csrfSecret']);
    expect(await wrongSettings({ ...keys, mode: 'ONE-COOKIE', csrfSecret: 'x'.repeat(32) })).toEqual([]);
  });

  it('take weak ones with a warning that names them, where the minimum is not enforced', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const weak = { kid: 'weak', algorithm: 'HS256' as const, signingKey: text.slice(0, 8) };
    expect(await wrongSettings({ ...ring(good, weak), enforceMinimumKeyLength: false })).toEqual([]);
    const warned = warn.mock.calls.flat().map(String);
    expect(warned).toEqual([expect.stringContaining('"weak"')]);
    expect(warned.join()).not.toContain(text.slice(0, 8));
  });

  it('warn of CSRF tokens that a process without the private key cannot check', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const es = ringKey('es', 'ES256');
    await wrongSettings({ ...ring(es), mode: 'TWO-COOKIES' });
    expect(warn.mock.calls.flat().join()).toContain('csrfSecret');
    warn.mockClear();
    await wrongSettings({ ...ring(es), mode: 'TWO-COOKIES', csrfSecret: 'x'.repeat(32) });
    await wrongSettings({ ...ring(es) });
    await wrongSettings({ ...ring(good), mode: 'TWO-COOKIES' });
    expect(warn).not.toHaveBeenCalled();
  });

  it('from a function that fails stop the start', async () => {
    const failure = new Error('the vault is sealed');
    const failing = [
      () => Promise.reject(failure),
      (): never => {
        throw failure;
      },
    ];
    for (const keys of failing) {
      const error = await startError(() => startApp({ options: { signingKey: undefined, keys } }));
      expect(error.message).toMatch(/keys/);
      expect(error.cause).toBe(failure);
    }
  });
});
