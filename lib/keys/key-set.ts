import type { JsonWebKey } from 'node:crypto';
import type { KeyRing } from './key-ring.js';
import { publicJwk } from './thumbprint.js';

/** A JWK Set (RFC 7517 §5). */
export interface JwkSet {
  keys: JsonWebKey[];
}

/**
 * The public keys of a ring, for those who verify its tokens; also those that do not sign yet, so that they are known
 * when they do. Secrets are not in it, and keys that have expired.
 *
 * @param now - milliseconds since the epoch
 */
export function publicKeySet({ all }: KeyRing, now: number): JwkSet {
  const keys = all.flatMap(({ kid, algorithm, verifying, expiresAt }) => {
    if (verifying.type === 'secret' || expiresAt <= now) return [];
    return [{ ...publicJwk(verifying), kid, alg: algorithm, use: 'sig' }];
  });
  return { keys };
}
