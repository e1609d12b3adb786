import { createHmac, sign, timingSafeEqual, verify } from 'node:crypto';
import { specOf, withPadding } from './algorithms.js';
import type { KeyMaterial } from './jwto-key.js';

/**
 * Signs bytes with the private part of a key.
 *
 * @throws if the key has no private part
 */
export function signBytes(key: KeyMaterial, data: string): Buffer {
  const { signing } = key;
  if (signing === undefined) throw new TypeError('This key verifies only.');
  const spec = specOf(key.algorithm);
  if (spec.family === 'hmac')
    return createHmac(spec.hash ?? '', signing)
      .update(data)
      .digest();
  return sign(spec.hash, Buffer.from(data), withPadding(spec, signing));
}

/** Whether a signature is this key's over this text; `false` for anything that cannot be one. */
export function isSignatureOf(key: KeyMaterial, data: string, signature: Buffer): boolean {
  const spec = specOf(key.algorithm);
  if (spec.signatureBytes !== undefined && signature.length !== spec.signatureBytes) return false;
  if (spec.family === 'hmac') {
    return timingSafeEqual(
      createHmac(spec.hash ?? '', key.verifying)
        .update(data)
        .digest(),
      signature,
    );
  }
  try {
    return verify(spec.hash, Buffer.from(data), withPadding(spec, key.verifying), signature);
  } catch {
    return false;
  }
}
