import { JwtoError } from '../errors/jwto-error.js';
import type { JwtoClaims, TokenType } from '../tokens/claims.js';
import type { TokenVerifier } from '../tokens/token-verifier.js';
import type { RemoteIssuer } from './remote-issuer.js';

/** The tokens that guards accept: our own, and access tokens of the other issuers that the settings name. */
export class AcceptedTokens {
  /** @param issuers - by their `iss` */
  constructor(
    private readonly own: TokenVerifier,
    private readonly issuers: ReadonlyMap<string, RemoteIssuer>,
  ) {}

  /**
   * As {@link TokenVerifier.verify}. A token that is not an own one is verified by the issuer that its `iss` names, with
   * that issuer's keys. Its claims have the empty string as `sid`.
   */
  verify(token: string, due: TokenType): JwtoClaims | Promise<JwtoClaims> {
    if (this.issuers.size === 0 || due !== 'access') return this.own.verify(token, due);
    return this.verifyAny(token);
  }

  /**
   * Fetches the keys of every other issuer now.
   *
   * @throws JwtoError `store_unavailable` if those of one cannot be had, once all have been asked
   */
  async reloadKeys(): Promise<void> {
    const reloads = await Promise.allSettled([...this.issuers.values()].map((issuer) => issuer.reload()));
    for (const one of reloads) if (one.status === 'rejected') throw one.reason;
  }

  private async verifyAny(token: string): Promise<JwtoClaims> {
    try {
      return await this.own.verify(token, 'access');
    } catch (error) {
      if (!(error instanceof JwtoError) || error.code !== 'token_invalid') throw error;
      const { iss } = this.own.decode(token).payload;
      const issuer = typeof iss === 'string' ? this.issuers.get(iss) : undefined;
      if (issuer === undefined) throw error;
      return issuer.verify(token);
    }
  }
}
