import { JwtoError } from '../errors/jwto-error.js';
import type { Clock } from '../clock/clock.js';
import type { KeyRing } from '../keys/key-ring.js';
import { assertShape, assertTimely, assertType, type ClaimRules } from './claim-rules.js';
import type { JwtoClaims, TokenType } from './claims.js';
import { readUnverified, verifyJws, type Jws } from './strict-jws.js';

/** Says whether a token is one of ours and good now; knows nothing of revocation. */
export class TokenVerifier {
  constructor(
    private readonly keys: KeyRing,
    private readonly rules: ClaimRules,
    private readonly clock: Clock,
  ) {}

  /**
   * Signature, claims, type, then times.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`, `token_wrong_type`, `token_expired`, `token_not_yet_valid`
   */
  verify(token: string, due: TokenType): JwtoClaims {
    const claims = this.identify(token);
    assertType(claims, due);
    assertTimely(claims, this.rules, this.clock.now());
    return claims;
  }

  /**
   * The claims of a token of ours, whatever its times and type.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`
   */
  identify(token: string): JwtoClaims {
    return assertShape(
      verifyJws(token, (header) => this.keys.select(header)),
      this.rules,
    );
  }

  /** The claims of those tokens that are ours, one for each session. */
  identifyAll(tokens: readonly string[]): JwtoClaims[] {
    const bySession = new Map<string, JwtoClaims>();
    for (const token of tokens) {
      try {
        const claims = this.identify(token);
        if (!bySession.has(claims.sid)) bySession.set(claims.sid, claims);
      } catch (error) {
        if (!(error instanceof JwtoError)) throw error;
      }
    }
    return [...bySession.values()];
  }

  /** @throws JwtoError `token_malformed`; nothing is verified */
  decode(token: string): Jws {
    return readUnverified(token);
  }
}
