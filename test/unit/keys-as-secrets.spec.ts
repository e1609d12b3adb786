import { createSecretKey, generateKeyPairSync, randomBytes, randomInt, X509Certificate } from 'node:crypto';
import { JwtoConfigurationError, verifyJws, type KeyInput } from 'jwto/jws';
import { beforeAll, describe, expect, it } from 'vitest';
import { forge } from '../support/forge.js';
import { wrappingsOf } from '../support/key-wrappings.js';
import { jwkOf, makeEc, makeKeys, makeRsa } from '../support/keys.js';
import { certificateFor, type TlsPair } from '../support/tls.js';

const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const ed448 = generateKeyPairSync('ed448');
const KEYS = {
  'RSA 2048': makeKeys('RS256'),
  'RSA 1024': makeRsa(1024),
  'RSA 4096': makeRsa(4096),
  'RSA-PSS': { signing: pss.privateKey, verifying: pss.publicKey },
  'P-256': makeEc('P-256'),
  'P-384': makeEc('P-384'),
  'P-521': makeEc('P-521'),
  secp256k1: makeEc('secp256k1'),
  Ed25519: makeKeys('EdDSA'),
  Ed448: { signing: ed448.privateKey, verifying: ed448.publicKey },
};

/** Why a secret is refused; `undefined` if tokens that it signs verify. */
function refusalOf(signingKey: KeyInput, signedWith: string | Buffer): string | undefined {
  try {
    verifyJws(forge('{}', { alg: 'HS256' }, signedWith), { algorithm: 'HS256', signingKey });
    return undefined;
  } catch (error) {
    if (!(error instanceof JwtoConfigurationError)) throw error;
    return error.problems.map(({ accepts }) => accepts).join();
  }
}

function isTakenForKey(secret: string | Buffer): boolean {
  return (refusalOf(secret, secret) ?? '').includes('the text of a key');
}

describe('a key that is no secret is refused as one, however it is wrapped', () => {
  it.each(Object.entries(KEYS))('%s, public', (_name, { verifying }) => {
    expect(
      wrappingsOf(verifying)
        .filter(([, wrapped]) => !isTakenForKey(wrapped))
        .map(([name]) => name),
    ).toEqual([]);
  });

  it.each(Object.entries(KEYS))('%s, private', (_name, { signing }) => {
    expect(
      wrappingsOf(signing)
        .filter(([, wrapped]) => !isTakenForKey(wrapped))
        .map(([name]) => name),
    ).toEqual([]);
  });

  it('as bytes, as a KeyObject and as a JWK of kty "oct"', () => {
    const der = KEYS['P-256'].verifying.export({ type: 'spki', format: 'der' });
    const wrapped = [new Uint8Array(der), createSecretKey(der), { kty: 'oct', k: der.toString('base64url') }];
    expect(wrapped.map((key) => refusalOf(key, der))).toEqual(Array(3).fill(expect.stringMatching(/text of a key/)));
  });

  describe('by a certificate', () => {
    let tls: TlsPair;
    beforeAll(async () => {
      tls = await certificateFor('localhost');
    });

    it('as PEM, DER, x5c and base64 in quotes', () => {
      const { raw } = new X509Certificate(tls.cert);
      const base64 = raw.toString('base64');
      const x5c = JSON.stringify({ x5c: [base64] });
      expect([tls.cert, raw, base64, `"${base64}"`, x5c, JSON.stringify(x5c)].map(isTakenForKey)).toEqual(
        Array(6).fill(true),
      );
    });
  });

  it.each([
    ['a JWK in YAML', `kty: RSA\nn: ${String(jwkOf(KEYS['RSA 2048'].verifying).n)}\ne: AQAB\n`],
    ['a JWK in Python', `{'kty': 'OKP', 'crv': 'Ed25519', 'x': '${String(jwkOf(KEYS.Ed25519.verifying).x)}'}`],
    ['XML of .NET', `<RSAKeyValue><Modulus>${'A'.repeat(300)}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>`],
    ['an encrypted PEM', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIFHDBOBgkqhki\n-----END ENCRYPTED PRIVATE KEY-----'],
    ['a PEM that was cut', '-----BEGIN PUBLIC KEY-----\nMFkwEwYH'],
    ['DER read as UTF-8', KEYS['RSA 2048'].verifying.export({ type: 'spki', format: 'der' }).toString('utf8')],
    ['DER of a curve read as UTF-8', KEYS['P-384'].verifying.export({ type: 'spki', format: 'der' }).toString('utf8')],
  ])('by %s', (_name, text) => {
    expect(isTakenForKey(text)).toBe(true);
  });
});

describe('a secret is taken', () => {
  it('when it is random: raw, in base64, base64url and hexadecimal digits', () => {
    for (let count = 0; count < 3000; count++) {
      const secret = randomBytes(randomInt(32, 65));
      for (const form of [
        secret,
        secret.toString('base64'),
        secret.toString('base64url'),
        secret.toString('hex'),
        `"${secret.toString('base64')}"\n`,
      ]) {
        expect(refusalOf(form, form), `the secret of ${secret.toString('hex')}`).toBeUndefined();
      }
    }
  });

  it('when it is random and long, and looks like the beginning of DER', () => {
    for (let count = 0; count < 500; count++) {
      const secret = randomBytes(randomInt(32, 1025));
      const length = secret.length - 4;
      Buffer.from([0x30, 0x82, length >> 8, length & 0xff, 0x02, 0x82]).copy(secret);
      for (const form of [secret, secret.toString('base64'), secret.toString('hex')]) {
        expect(refusalOf(form, form), `the secret of ${secret.toString('hex')}`).toBeUndefined();
      }
    }
  });

  it.each([
    ['words', 'correct horse battery staple, and the ssh-rsa key of nobody'],
    ['decimal digits', '0'.repeat(400)],
    ['words of keys', 'kty is the type of a key, and BEGIN PUBLIC KEY is not the beginning of it'],
    ['a UUID twice', '6ba7b810-9dad-11d1-80b4-00c04fd430c8-6ba7b811-9dad-11d1-80b4-00c04fd430c8'],
    ['one letter', 'M'.repeat(600)],
    ['a JSON of random bytes', JSON.stringify(randomBytes(64))],
    ['random bytes in base64 twice', Buffer.from(randomBytes(64).toString('base64')).toString('base64')],
  ])('when it is %s', (_name, secret) => {
    expect(refusalOf(secret, secret)).toBeUndefined();
  });

  it('soon: a secret of 64 kB costs less than a second', () => {
    const secrets = [randomBytes(65_536), '0'.repeat(65_536), 'MI'.repeat(32_768), '0\x81\x80\x02'.repeat(16_384)];
    for (const secret of secrets) {
      const since = performance.now();
      expect(refusalOf(secret, secret)).toBeUndefined();
      expect(performance.now() - since).toBeLessThan(1000);
    }
  });
});
