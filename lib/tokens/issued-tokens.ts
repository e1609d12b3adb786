import type { Mode } from '../options/jwto-options.js';
import type { JwtoClaims } from './claims.js';

/** Both tokens of a session, and what is in them. */
export interface IssuedTokens {
  sid: string;
  /** How they are meant to travel. */
  mode: Mode;
  access: string;
  refresh: string;
  accessClaims: JwtoClaims;
  refreshClaims: JwtoClaims;
  /** The absolute end of the session, in milliseconds since the epoch. */
  endsAt: number;
}

/**
 * Whether tokens fit where they have to travel, asked before anything is written. The transports know the limits.
 */
export abstract class DeliveryLimits {
  /** @throws JwtoError `token_too_large` */
  abstract check(tokens: IssuedTokens): void;
}
