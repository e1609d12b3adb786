import type { KeyMaterial } from '../keys/jwto-key.js';
import type { JwtoClaims } from './claims.js';

const KEYS = new WeakMap<JwtoClaims, KeyMaterial>();

/** Notes by which key claims were verified. */
export function noteKey(claims: JwtoClaims, key: KeyMaterial): void {
  KEYS.set(claims, key);
}

/** The key that verified these very claims; `undefined` for a copy, and for what another issuer said. */
export function keyOf(claims: JwtoClaims): KeyMaterial | undefined {
  return KEYS.get(claims);
}

/**
 * Whom the key speaks for that verified these very claims; `null` for a key of the ring.
 *
 * @throws TypeError for claims that no own key verified, which must never be mistaken for the ring's
 */
export function realmOf(claims: JwtoClaims): string | null {
  const key = KEYS.get(claims);
  if (key === undefined) throw new TypeError('These claims were not verified by a key of ours.');
  return key.realm ?? null;
}
