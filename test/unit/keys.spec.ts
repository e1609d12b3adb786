import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Algorithm, KeyInput } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { jwkOf, makeEc, makeKeys, makeRsa, makeSecret, pemOf } from '../support/keys.js';
import { refusalOf, wrongSettings } from '../support/startup.js';
import { startApp } from '../support/test-app.js';

const rsa = makeKeys('RS256');
const weakRsa = makeRsa(1024);
const ec = makeKeys('ES256');
const ed = makeKeys('EdDSA');
const secret = makeSecret(64);
const ed448 = generateKeyPairSync('ed448');
const x25519 = generateKeyPairSync('x25519');
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const smallExponent = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });

/** Why it is wrong, the algorithm, the signing key, the verifying key, the setting that is named. */
const BAD: [string, Algorithm, KeyInput | undefined, KeyInput | undefined, 'signingKey' | 'verifyingKey'][] = [
  ['no key', 'HS256', undefined, undefined, 'signingKey'],
  ['no key', 'RS256', undefined, undefined, 'signingKey'],
  ['31 bytes of text', 'HS256', 's'.repeat(31), undefined, 'signingKey'],
  ['31 bytes', 'HS256', Buffer.alloc(31, 7), undefined, 'signingKey'],
  ['31 bytes as JWK', 'HS256', jwkOf(makeSecret(31).signing), undefined, 'signingKey'],
  ['31 bytes as KeyObject', 'HS256', makeSecret(31).signing, undefined, 'signingKey'],
  ['47 bytes', 'HS384', 's'.repeat(47), undefined, 'signingKey'],
  ['63 bytes', 'HS512', 's'.repeat(63), undefined, 'signingKey'],
  ['an empty secret', 'HS256', Buffer.alloc(0), undefined, 'signingKey'],
  ['an empty text', 'HS256', '', undefined, 'signingKey'],
  ['a text of spaces', 'HS256', ' '.repeat(64), undefined, 'signingKey'],
  ['an empty secret as JWK', 'HS256', { kty: 'oct', k: '' }, undefined, 'signingKey'],
  ['an empty secret as KeyObject', 'HS256', createSecretKey(Buffer.alloc(0)), undefined, 'signingKey'],
  ['a private PEM as secret', 'HS256', pemOf(rsa.signing), undefined, 'signingKey'],
  ['a public PEM as secret', 'HS256', pemOf(rsa.verifying), undefined, 'signingKey'],
  ['a public PEM as bytes as secret', 'HS256', Buffer.from(pemOf(rsa.verifying)), undefined, 'signingKey'],
  [
    'a public PEM inside a KeyObject as secret',
    'HS256',
    createSecretKey(Buffer.from(pemOf(rsa.verifying))),
    undefined,
    'signingKey',
  ],
  [
    'a secret JWK that only verifies',
    'HS256',
    { ...jwkOf(secret.signing), key_ops: ['verify'] },
    undefined,
    'signingKey',
  ],
  ['a secret JWK that only signs', 'HS256', { ...jwkOf(secret.signing), key_ops: ['sign'] }, undefined, 'signingKey'],
  ['a JWK that encrypts', 'RS256', { ...jwkOf(rsa.signing), key_ops: ['encrypt'] }, undefined, 'signingKey'],
  [
    'a private JWK that only verifies',
    'RS256',
    { ...jwkOf(rsa.signing), key_ops: ['verify'] },
    undefined,
    'signingKey',
  ],
  ['a public JWK that does nothing', 'RS256', undefined, { ...jwkOf(rsa.verifying), key_ops: [] }, 'verifyingKey'],
  [
    'a public JWK whose key_ops is no list',
    'RS256',
    undefined,
    { ...jwkOf(rsa.verifying), key_ops: 'verify' },
    'verifyingKey',
  ],
  ['the text of a JWK as secret', 'HS256', ` ${JSON.stringify(jwkOf(rsa.verifying))}`, undefined, 'signingKey'],
  ['the text of a secret JWK as secret', 'HS256', JSON.stringify(jwkOf(secret.signing)), undefined, 'signingKey'],
  ['an RSA key as secret', 'HS256', rsa.signing, undefined, 'signingKey'],
  ['an RSA JWK as secret', 'HS256', jwkOf(rsa.signing), undefined, 'signingKey'],
  ['a verifyingKey beside a secret', 'HS256', secret.signing, secret.signing, 'verifyingKey'],
  ['a secret', 'RS256', secret.signing, undefined, 'signingKey'],
  ['the text of a secret', 'ES256', 's'.repeat(64), undefined, 'signingKey'],
  ['bytes', 'RS256', Buffer.alloc(64, 7), undefined, 'signingKey'],
  ['1024 bits', 'RS256', pemOf(weakRsa.signing), undefined, 'signingKey'],
  ['1024 bits', 'PS512', weakRsa.signing, undefined, 'signingKey'],
  ['1024 bits', 'RS256', undefined, pemOf(weakRsa.verifying), 'verifyingKey'],
  ['an EC key', 'RS256', pemOf(ec.signing), undefined, 'signingKey'],
  ['an RSA-PSS key for PKCS #1', 'RS256', pss.privateKey, undefined, 'signingKey'],
  ['an RSA key', 'ES256', pemOf(rsa.signing), undefined, 'signingKey'],
  ['an RSA key', 'EdDSA', pemOf(rsa.signing), undefined, 'signingKey'],
  ['Ed448', 'EdDSA', ed448.privateKey, undefined, 'signingKey'],
  ['X25519', 'EdDSA', x25519.privateKey, undefined, 'signingKey'],
  ['Ed25519', 'ES256', ed.signing, undefined, 'signingKey'],
  ['P-384', 'ES256', makeEc('P-384').signing, undefined, 'signingKey'],
  ['P-256', 'ES384', pemOf(ec.signing), undefined, 'signingKey'],
  ['P-384 as JWK', 'ES512', jwkOf(makeEc('P-384').signing), undefined, 'signingKey'],
  ['secp256k1', 'ES256', makeEc('secp256k1').signing, undefined, 'signingKey'],
  ['P-384 as verifyingKey', 'ES256', undefined, makeEc('P-384').verifying, 'verifyingKey'],
  ['a public key', 'RS256', pemOf(rsa.verifying), undefined, 'signingKey'],
  ['a public JWK', 'ES256', jwkOf(ec.verifying), undefined, 'signingKey'],
  ['a public KeyObject', 'EdDSA', ed.verifying, undefined, 'signingKey'],
  ['a private PEM as verifyingKey', 'RS256', rsa.signing, pemOf(rsa.signing), 'verifyingKey'],
  ['a private JWK as verifyingKey', 'ES256', ec.signing, jwkOf(ec.signing), 'verifyingKey'],
  ['a private KeyObject as verifyingKey', 'EdDSA', undefined, ed.signing, 'verifyingKey'],
  ['a pair of two keys', 'RS256', rsa.signing, makeRsa(2048).verifying, 'verifyingKey'],
  ['a pair of two keys', 'ES256', ec.signing, makeEc('P-256').verifying, 'verifyingKey'],
  ['a pair of two keys', 'EdDSA', ed.signing, makeKeys('EdDSA').verifying, 'verifyingKey'],
  ['broken PEM', 'RS256', pemOf(rsa.signing).replace('MII', 'AAA'), undefined, 'signingKey'],
  ['an encrypted PEM', 'RS256', encrypted(rsa.signing), undefined, 'signingKey'],
  ['a broken JWK', 'ES256', { kty: 'EC', crv: 'P-256', d: 'AA', x: 'AA', y: 'AA' }, undefined, 'signingKey'],
  ['a JWK of nothing', 'RS256', {}, undefined, 'signingKey'],
  ['a JWK with another alg', 'RS256', { ...jwkOf(rsa.signing), alg: 'RS512' }, undefined, 'signingKey'],
  ['a JWK with another alg', 'HS256', { ...jwkOf(secret.signing), alg: 'HS512' }, undefined, 'signingKey'],
  ['a JWK for encryption', 'RS256', { ...jwkOf(rsa.signing), use: 'enc' }, undefined, 'signingKey'],
  ['a JWK for encryption', 'RS256', rsa.signing, { ...jwkOf(rsa.verifying), use: 'enc' }, 'verifyingKey'],
];

function encrypted(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
}

describe('a key that does not fit', () => {
  it.each(BAD)('stops the start: %s for %s', async (_why, algorithm, signingKey, verifyingKey, setting) => {
    const error = await refusalOf({ algorithm, signingKey, verifyingKey });
    expect(error.problems).toEqual([{ setting, got: expect.any(String), accepts: expect.stringMatching(/\w/) }]);
    const shown = error.message + JSON.stringify(error) + String(error.stack) + String(error.cause);
    for (const text of [signingKey, verifyingKey].flatMap(secretsOf)) expect(shown).not.toContain(text);
  });

  it('is told of both keys at once', async () => {
    const swapped = { signingKey: undefined, verifyingKey: 's'.repeat(64) };
    expect(await wrongSettings(swapped)).toEqual(['signingKey', 'verifyingKey']);
    const both = { algorithm: 'RS256', signingKey: weakRsa.signing, verifyingKey: pemOf(ec.verifying) };
    expect(await wrongSettings(both)).toEqual(['signingKey', 'verifyingKey']);
  });
});

/** Pieces of a key that no message may show. */
function secretsOf(key: KeyInput | undefined): string[] {
  if (key === undefined || (typeof key === 'object' && 'export' in key)) return [];
  if (key instanceof Uint8Array) return key.length < 9 ? [] : [Buffer.from(key).toString('base64').slice(0, 12)];
  const texts = typeof key === 'string' ? key.split('\n') : Object.values(key).map(String);
  return texts.map((text) => text.trim().slice(0, 24)).filter((text) => text.length > 8 && !text.startsWith('-----'));
}

describe('a key that fits', () => {
  it.each<[string, object]>([
    ['exactly 32 bytes', { signingKey: 's'.repeat(32) }],
    ['32 bytes in 16 characters', { signingKey: 'ü'.repeat(16) }],
    ['48 bytes for HS384', { algorithm: 'HS384', signingKey: Buffer.alloc(48, 7) }],
    ['an RSA-PSS key for PS256', { algorithm: 'PS256', signingKey: pss.privateKey }],
    ['an RSA key of exponent 3', { algorithm: 'RS256', signingKey: smallExponent.privateKey }],
    ['PKCS #1', { algorithm: 'RS256', signingKey: rsa.signing.export({ type: 'pkcs1', format: 'pem' }).toString() }],
    ['SEC 1', { algorithm: 'ES256', signingKey: ec.signing.export({ type: 'sec1', format: 'pem' }).toString() }],
    ['PEM with literal line breaks', { algorithm: 'RS256', signingKey: pemOf(rsa.signing).replaceAll('\n', '\\n') }],
    ['a secret JWK that signs and verifies', { signingKey: { ...jwkOf(secret.signing), key_ops: ['verify', 'sign'] } }],
    ['a private JWK that signs', { algorithm: 'RS256', signingKey: { ...jwkOf(rsa.signing), key_ops: ['sign'] } }],
    [
      'a public JWK that verifies',
      {
        algorithm: 'RS256',
        signingKey: undefined,
        verifyingKey: { ...jwkOf(rsa.verifying), key_ops: ['verify'] },
        users: undefined,
      },
    ],
    ['PEM with spaces around it', { algorithm: 'EdDSA', signingKey: `\n  ${pemOf(ed.signing)}\n\n` }],
    [
      'a public key alone',
      { algorithm: 'ES256', signingKey: undefined, verifyingKey: jwkOf(ec.verifying), users: undefined },
    ],
  ])('is accepted: %s', async (_what, options) => {
    expect(await wrongSettings(options)).toEqual([]);
  });
});

describe('enforceMinimumKeyLength false', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, Algorithm, KeyInput]>([
    ['a short secret', 'HS256', 'djwto'],
    ['1024 bits of RSA', 'RS256', weakRsa.signing],
    ['1024 bits of RSA for PSS', 'PS256', pemOf(weakRsa.signing)],
  ])('lets %s pass for %s, with a warning that does not show it', async (_what, algorithm, signingKey) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const test = await startApp({ options: { algorithm, signingKey, enforceMinimumKeyLength: false } });
    expect(warn.mock.calls.flat().join('\n')).toMatch(/enforceMinimumKeyLength is false/);
    expect(warn.mock.calls.flat().join('\n')).not.toContain('djwto');
    const client = test.client();
    await client.login();
    expect((await client.get('/testapp/protect')).status).toBe(200);
    await test.close();
  });

  it('lets neither an empty secret nor a key of another kind pass', async () => {
    for (const signingKey of ['', Buffer.alloc(0), pemOf(rsa.verifying), rsa.signing]) {
      expect(await wrongSettings({ signingKey, enforceMinimumKeyLength: false })).toEqual(['signingKey']);
    }
  });

  it('warns of nothing where the key is long enough', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    expect(await wrongSettings({ enforceMinimumKeyLength: false })).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
  });
});
