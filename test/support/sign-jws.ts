import { constants, createHmac, sign, type KeyObject } from 'node:crypto';
import type { Algorithm } from 'jwto';
import { segment } from './forge.js';

/** The signature of an algorithm (RFC 7518 §3, RFC 8037 §3.1), by node:crypto and nothing of the library. */
export function signInput(input: string | Uint8Array, key: KeyObject, algorithm: Algorithm): Buffer {
  const hash = `sha${algorithm.slice(-3)}`;
  const bytes = Buffer.from(input);
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(bytes).digest();
  if (algorithm.startsWith('RS')) return sign(hash, bytes, key);
  if (algorithm.startsWith('ES')) return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('Ed')) return sign(null, bytes, key);
  const saltLength = Number(algorithm.slice(-3)) / 8;
  return sign(hash, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

/**
 * A compact JWS of anything, whatever the header says.
 *
 * @param payload - an object, or the exact text or bytes
 * @param header - the same
 */
export function signJws(payload: unknown, header: unknown, key: KeyObject, algorithm: Algorithm): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${signInput(input, key, algorithm).toString('base64url')}`;
}
