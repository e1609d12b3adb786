import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import { TokenExpiredError, TokenReusedError, TokenRevokedError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { JwtoSession } from '../sessions/session.entity.js';
import type { SessionRepository } from '../sessions/session.repository.js';
import { standingOf, type Moment } from '../sessions/standing.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { realmOf } from '../tokens/signed-by.js';
import type { Revoker } from './revoker.js';

/** A session whose refresh token is accepted. */
export interface AcceptedRefresh {
  session: JwtoSession;
  /** `replayed`: it was replaced a moment ago, and gets the same successor again. */
  standing: 'current' | 'replayed';
}

/** How a refusal is told. */
export interface RefusalContext {
  request: RequestInfo | null;
  /** The explanation of `token_revoked`. */
  refusal?: string | undefined;
}

/**
 * Whether a refresh token is accepted. Refreshing, `validate_refresh`, `@JwtRefreshRequired` and `TokenService.verify`
 * all ask here, and get one answer: otherwise a thief polls the lenient one and follows the owner unnoticed.
 */
export class RefreshAcceptance {
  private readonly logger = new Logger('Jwto');

  constructor(
    private readonly options: Pick<ResolvedOptions, 'leeway' | 'rotationGrace'>,
    private readonly clock: Clock,
    private readonly sessions: SessionRepository,
    private readonly revoker: Revoker,
  ) {}

  /** The moment at which a token is judged. */
  moment(): Moment {
    const now = this.clock.now();
    const { leeway, rotationGrace } = this.options;
    return { now, aliveAt: now - leeway * 1000, usedAfter: this.sessions.usedAfter(now), grace: rotationGrace * 1000 };
  }

  /**
   * Asks the database, and ends a session whose replaced token came back.
   *
   * @param claims - of a verified refresh token
   * @throws JwtoError `token_revoked`, `token_reused`, `token_expired`, `store_unavailable`
   */
  async accept(claims: JwtoClaims, { request, refusal }: RefusalContext): Promise<AcceptedRefresh> {
    const userId = String(claims.user.id);
    const session = await this.sessions.find(claims.sid);
    const presented = { jti: String(claims.jti), userId, keyRealm: realmOf(claims) };
    const standing = standingOf(session, presented, this.moment());
    if (session !== null && (standing === 'current' || standing === 'replayed')) return { session, standing };
    if (standing === 'expired') throw new TokenExpiredError();
    if (standing === 'reused') {
      await this.revoker.endReused(claims.sid, userId, request);
      throw new TokenReusedError();
    }
    if (standing === 'ahead') {
      this.logger.error(
        'A refresh token is newer than its session: the database was restored from a backup. Call revokeAll() to end what it lost.',
      );
    }
    throw new TokenRevokedError(refusal);
  }
}
