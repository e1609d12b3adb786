import { readFileSync } from 'node:fs';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import type { RingKey } from 'jwto';
import { JwtoError, verifyJws, type Algorithm, type JwsKey } from 'jwto/jws';
import { describe, expect, it } from 'vitest';
import { ALGORITHMS, makeKeys } from '../support/keys.js';
import { ring, ringKey } from '../support/rings.js';
import { signJws } from '../support/sign-jws.js';
import { startApp } from '../support/test-app.js';

interface Vector {
  section: string;
  algorithm: Algorithm;
  /** The section that has it. */
  key: string;
  token: string;
}

/**
 * The examples of RFC 7515 appendix A, 7519, 7520 section 4, 7638, 7797 section 4 and 8037 appendix A. Each one that is
 * to verify was also verified by PyJWT on cryptography when it was written down here.
 */
const RFC = JSON.parse(readFileSync(new URL('../vectors/rfc.json', import.meta.url), 'utf8')) as {
  keys: Record<string, JsonWebKey>;
  verified: (Vector & { payload: string })[];
  refused: (Vector & { why: string; code: string })[];
};

function keyOf({ key, algorithm }: Pick<Vector, 'key' | 'algorithm'>): JwsKey {
  return { algorithm, verifyingKey: jwk(key) };
}

function jwk(section: string): JsonWebKey {
  const found = RFC.keys[section];
  if (found === undefined) throw new Error(`no key of ${section}`);
  return found;
}

/** What becomes of a token: its payload as text, or the code of its refusal. */
function outcomeOf(token: string, key: JwsKey): string {
  try {
    return Buffer.from(verifyJws(token, key).payload).toString('utf8');
  } catch (error) {
    if (error instanceof JwtoError) return error.code;
    throw error;
  }
}

describe('verifies', () => {
  it.each(RFC.verified)('$section: $algorithm', async (vector) => {
    const { header, payload } = verifyJws(vector.token, keyOf(vector));
    expect(Buffer.from(payload).toString('utf8')).toBe(vector.payload);
    const peer = await compactVerify(vector.token, await importJWK(jwk(vector.key), vector.algorithm));
    expect(header).toEqual(peer.protectedHeader);
    expect(Buffer.from(payload)).toEqual(Buffer.from(peer.payload));
  });

  it.each(RFC.verified)('not $section with a bit changed anywhere', ({ token, ...vector }) => {
    const key = keyOf(vector);
    const dots = [token.indexOf('.'), token.lastIndexOf('.')] as const;
    for (let at = 0; at < token.length; at += 7) {
      if (dots.includes(at)) continue;
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(outcomeOf(changed, key), String(at)).toMatch(/^token_(malformed|invalid)$/);
    }
  });

  it.each(RFC.verified)('not $section by another algorithm or another key', (vector) => {
    for (const algorithm of ALGORITHMS.filter((name) => name !== vector.algorithm)) {
      const { verifying } = makeKeys(algorithm);
      expect(outcomeOf(vector.token, { algorithm, verifyingKey: verifying })).toBe('token_invalid');
    }
    const { verifying } = makeKeys(vector.algorithm);
    expect(outcomeOf(vector.token, { algorithm: vector.algorithm, verifyingKey: verifying })).toBe('token_invalid');
  });

  it('the signature of RFC 8037 A.4 by either name of the one algorithm (RFC 9864)', () => {
    const { token, key } = RFC.verified.find(({ section }) => section === 'RFC 8037 A.4') as Vector;
    expect(outcomeOf(token, { algorithm: 'Ed25519', verifyingKey: jwk(key) })).toBe('Example of Ed25519 signing');
  });
});

describe('refuses', () => {
  it.each(RFC.refused)('$section: $why', (vector) => {
    expect(outcomeOf(vector.token, keyOf(vector))).toBe(vector.code);
  });

  it('an own b64, with and without crit, true or false, though the signature is good (RFC 7797 section 7)', () => {
    const { signing } = makeKeys('HS256');
    const key: JwsKey = { algorithm: 'HS256', verifyingKey: signing };
    const header = { alg: 'HS256' };
    expect(outcomeOf(signJws('$02', header, signing, 'HS256'), key)).toBe('$02');
    for (const b64 of [true, false, null, 'true']) {
      for (const crit of [{}, { crit: ['b64'] }]) {
        expect(outcomeOf(signJws('$02', { ...header, b64, ...crit }, signing, 'HS256'), key)).toBe('token_invalid');
      }
    }
  });

  it.each([[['exp']], [[]], [null], ['exp'], [['http://example.com/UNDEFINED']], [{}]])(
    'crit %j, though the signature is good (RFC 7515 4.1.11)',
    (crit) => {
      const { signing } = makeKeys('HS256');
      const header = { alg: 'HS256', crit, exp: 1, 'http://example.com/UNDEFINED': true };
      const token = signJws('{}', header, signing, 'HS256');
      expect(outcomeOf(token, { algorithm: 'HS256', verifyingKey: signing })).toBe('token_invalid');
    },
  );
});

describe('the thumbprint of a key', () => {
  it.each<[string, string, Algorithm, string]>([
    ['RFC 7638 3.1', '7638-3.1', 'RS256', 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'],
    ['RFC 8037 A.3', '8037-A.2', 'EdDSA', 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
  ])('is that of %s, and names the key', async (_section, name, algorithm, thumbprint) => {
    const verifyingKey = { ...jwk(name), kid: 'not-this' };
    const forms: RingKey['verifyingKey'][] = [verifyingKey, createPublicKey({ key: jwk(name), format: 'jwk' })];
    for (const form of forms) {
      const keys = ring(ringKey('own', 'ES256'), { algorithm, verifyingKey: form });
      const test = await startApp({ options: keys });
      const { keys: shown } = (await test.client().get('/.well-known/jwks.json')).json as { keys: { kid: string }[] };
      expect(shown.map(({ kid }) => kid)).toEqual(['own', thumbprint]);
      await test.close();
    }
  });
});
