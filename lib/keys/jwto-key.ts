import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../options/algorithm-names.js';

/** A key with the one algorithm that it is used with (RFC 8725 §3.1). */
export interface JwtoKey {
  readonly algorithm: Algorithm;
  /** The secret, or the public key. */
  readonly verifying: KeyObject;
  /** The secret, or the private key; absent where the process verifies only. */
  readonly signing?: KeyObject | undefined;
}
