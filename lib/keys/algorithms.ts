import { constants, type SignKeyObjectInput, type KeyObject } from 'node:crypto';
import type { Algorithm } from '../options/algorithm-names.js';

interface AnySpec {
  /** Least bytes of an HMAC secret (RFC 7518 §3.2). */
  readonly secretBytes?: number;
  /** The one curve (RFC 7518 §3.4), in OpenSSL's name. */
  readonly curve?: string;
  /** Length of a signature in bytes, where it is fixed. */
  readonly signatureBytes?: number;
  /** PSS padding with this salt length in bytes (RFC 7518 §3.5). */
  readonly pssSalt?: number;
}

/**
 * What one algorithm needs of its key, and how node:crypto is called for it (RFC 7518 §3, RFC 8037 §3.1): the name of
 * the hash, `null` where the algorithm has its own.
 */
export type AlgorithmSpec = AnySpec &
  (
    | { readonly family: 'hmac' | 'rsa' | 'ec'; readonly hash: string }
    | { readonly family: 'ed25519'; readonly hash: null }
  );

/** Least bits of an RSA modulus (RFC 7518 §3.3). */
export const RSA_BITS = 2048;

const SPECS: Readonly<Record<Algorithm, AlgorithmSpec>> = {
  HS256: { family: 'hmac', hash: 'sha256', secretBytes: 32, signatureBytes: 32 },
  HS384: { family: 'hmac', hash: 'sha384', secretBytes: 48, signatureBytes: 48 },
  HS512: { family: 'hmac', hash: 'sha512', secretBytes: 64, signatureBytes: 64 },
  RS256: { family: 'rsa', hash: 'sha256' },
  RS384: { family: 'rsa', hash: 'sha384' },
  RS512: { family: 'rsa', hash: 'sha512' },
  PS256: { family: 'rsa', hash: 'sha256', pssSalt: 32 },
  PS384: { family: 'rsa', hash: 'sha384', pssSalt: 48 },
  PS512: { family: 'rsa', hash: 'sha512', pssSalt: 64 },
  ES256: { family: 'ec', hash: 'sha256', curve: 'prime256v1', signatureBytes: 64 },
  ES384: { family: 'ec', hash: 'sha384', curve: 'secp384r1', signatureBytes: 96 },
  ES512: { family: 'ec', hash: 'sha512', curve: 'secp521r1', signatureBytes: 132 },
  EdDSA: { family: 'ed25519', hash: null, signatureBytes: 64 },
  Ed25519: { family: 'ed25519', hash: null, signatureBytes: 64 },
};

/** The needs of an algorithm. */
export function specOf(algorithm: Algorithm): AlgorithmSpec {
  return SPECS[algorithm];
}

/**
 * Whether a name in a header or a JWK is that of an algorithm. `EdDSA` and `Ed25519` are two names of one (RFC 9864 §2.2),
 * for our keys of that family are all Ed25519.
 */
export function isNameOf(name: unknown, algorithm: Algorithm): boolean {
  if (name === algorithm) return true;
  return SPECS[algorithm].family === 'ed25519' && (name === 'EdDSA' || name === 'Ed25519');
}

/** A key as `crypto.sign` and `crypto.verify` take it for an asymmetric algorithm. */
export function withPadding(spec: AlgorithmSpec, key: KeyObject): SignKeyObjectInput {
  if (spec.family === 'ec') return { key, dsaEncoding: 'ieee-p1363' };
  if (spec.pssSalt !== undefined) return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: spec.pssSalt };
  return { key };
}
