import { Inject, Injectable } from '@nestjs/common';
import { TokenRevokedError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import { AcceptedTokens } from '../issuers/accepted-tokens.js';
import { KeyRing } from '../keys/key-ring.js';
import { RevocationCheck } from '../revocation/revocation-check.js';
import { copyClaims, type JwtoClaims, type TokenType } from '../tokens/claims.js';
import { isForeign } from '../tokens/foreign-claims.js';
import { RefreshAcceptance } from './refresh-acceptance.js';

/** Judges a token as a guard does: whether it is good, and whether it was revoked. */
@Injectable()
export class Verification {
  constructor(
    private readonly keys: KeyRing,
    @Inject(AcceptedTokens) private readonly accepted: Pick<AcceptedTokens, 'verify'>,
    private readonly acceptance: RefreshAcceptance,
    private readonly revocations: RevocationCheck,
  ) {}

  /** Both at once. @returns a copy of the claims. @throws JwtoError as `TokenService.verify` */
  async verify(token: string, type: TokenType): Promise<JwtoClaims> {
    const { epoch } = this.keys;
    const claims = await this.accepted.verify(token, type);
    await this.assertNotRevoked(claims);
    return this.keys.epoch === epoch ? copyClaims(claims) : this.verify(token, type);
  }

  /**
   * Asks whether a token was revoked whose claims were verified. Synchronous where the answer is in memory.
   *
   * @throws JwtoError `token_revoked`, `store_unavailable`; of a refresh token `token_reused` and `token_expired` too
   */
  assertNotRevoked(claims: JwtoClaims, request: RequestInfo | null = null): void | Promise<void> {
    if (claims.type === 'refresh') return this.acceptance.accept(claims, { request }).then(() => undefined);
    // What another issuer gave out is that issuer's to revoke.
    if (isForeign(claims)) return;
    const revoked = this.revocations.isRevoked(claims);
    if (typeof revoked !== 'boolean') return revoked.then(refuseIf);
    refuseIf(revoked);
  }
}

function refuseIf(revoked: boolean): void {
  if (revoked) throw new TokenRevokedError();
}
