import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../options/algorithm-names.js';

/** A key as `crypto` needs it, with the one algorithm that it is used with (RFC 8725 §3.1). */
export interface KeyMaterial {
  readonly algorithm: Algorithm;
  /** The secret, or the public key. */
  readonly verifying: KeyObject;
  /** The secret, or the private key; absent where the process verifies only. */
  readonly signing?: KeyObject | undefined;
  /** Of a key of `resolveKey`: whom it speaks for; absent for a key of the ring. */
  readonly realm?: string | null;
}

/** A key of a ring. Times are milliseconds since the epoch. */
export interface JwtoKey extends KeyMaterial {
  readonly kid: string;
  /** Whether the tokens that it signs name it; those of a single key do not, as djwto's do not. */
  readonly named: boolean;
  /** Whether it verifies tokens that name no key. */
  readonly withoutKid: boolean;
  readonly notBefore: number;
  readonly expiresAt: number;
  /** What CSRF tokens are signed with while this key signs; absent where only a public key is known. */
  readonly csrfSecret: KeyObject | undefined;
}
