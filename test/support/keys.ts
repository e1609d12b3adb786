import { createSecretKey, generateKeyPairSync, randomBytes, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from 'jwto';

/** A private and a public key, or twice the same secret. */
export interface KeyPair {
  signing: KeyObject;
  verifying: KeyObject;
}

const BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const;
const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

/** The algorithms of the library. */
export const ALGORITHMS: readonly Algorithm[] = [
  ...(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
];

/** The least key that an algorithm accepts; a new one at each call, but for RSA, whose keys are slow to make. */
export function makeKeys(algorithm: Algorithm): KeyPair {
  if (algorithm in BYTES) return makeSecret(BYTES[algorithm as keyof typeof BYTES]);
  if (algorithm in CURVES) return makeEc(CURVES[algorithm as keyof typeof CURVES]);
  return algorithm === 'EdDSA' || algorithm === 'Ed25519' ? pair(generateKeyPairSync('ed25519')) : sharedRsa();
}

/** A random secret. */
export function makeSecret(bytes: number): KeyPair {
  const secret = createSecretKey(randomBytes(bytes));
  return { signing: secret, verifying: secret };
}

/** A pair on a curve. */
export function makeEc(namedCurve: string): KeyPair {
  return pair(generateKeyPairSync('ec', { namedCurve }));
}

/** An RSA pair. */
export function makeRsa(modulusLength: number): KeyPair {
  return pair(generateKeyPairSync('rsa', { modulusLength }));
}

/** A private key as PKCS #8, a public one as SPKI. */
export function pemOf(key: KeyObject): string {
  return key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
}

/** A key as JWK. */
export function jwkOf(key: KeyObject): JsonWebKey {
  return key.export({ format: 'jwk' });
}

let rsa: KeyPair | undefined;
const sharedRsa = (): KeyPair => (rsa ??= makeRsa(2048));

function pair({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): KeyPair {
  return { signing: privateKey, verifying: publicKey };
}
