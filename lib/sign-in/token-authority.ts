import { Inject, Injectable } from '@nestjs/common';
import type { RequestInfo } from '../events/jwto-event.js';
import { AcceptedTokens } from '../issuers/accepted-tokens.js';
import { KeyRing } from '../keys/key-ring.js';
import type { JwtoClaims, TokenType } from '../tokens/claims.js';
import { noteKey } from '../tokens/signed-by.js';
import { TokenVerifier } from '../tokens/token-verifier.js';
import { TokenService, TOKENS } from './token-service.js';
import { Verification } from './verification.js';

/**
 * Judges tokens for guards and endpoints, by `TokenService.verify` where something else was provided for it. The library's
 * own is asked for its parts: they give shared claims, at once where nothing has to be waited for, and CSRF is checked
 * between signature and revocation.
 */
@Injectable()
export class TokenAuthority {
  constructor(
    @Inject(TOKENS) private readonly tokens: Pick<TokenService, 'verify'>,
    private readonly keys: KeyRing,
    private readonly verifier: TokenVerifier,
    private readonly accepted: AcceptedTokens,
    private readonly verification: Verification,
  ) {}

  /** Our own tokens. */
  readonly own: Pick<TokenVerifier, 'verify' | 'stands'> = {
    verify: (token, type) => (this.isReplaced ? this.ask(token, type) : this.verifier.verify(token, type)),
    stands: (claims, type) => !this.isReplaced && this.verifier.stands(claims, type),
  };

  /** Our own tokens, and access tokens of the other issuers. */
  verify(token: string, type: TokenType): JwtoClaims | Promise<JwtoClaims> {
    return this.isReplaced ? this.ask(token, type) : this.accepted.verify(token, type);
  }

  /** @throws JwtoError as {@link Verification.assertNotRevoked}; a `verify` of somebody else has asked already */
  assertNotRevoked(claims: JwtoClaims, request: RequestInfo | null = null): void | Promise<void> {
    return this.isReplaced ? undefined : this.verification.assertNotRevoked(claims, request);
  }

  /** Looked at each time: a test may put a mock on a running application's. */
  private get isReplaced(): boolean {
    return this.tokens.verify !== TokenService.prototype.verify;
  }

  /** The claims count as those of the ring's tokens. */
  private async ask(token: string, type: TokenType): Promise<JwtoClaims> {
    const claims = await this.tokens.verify(token, { type });
    const [key] = this.keys.all;
    if (key !== undefined) noteKey(claims, key);
    return claims;
  }
}
