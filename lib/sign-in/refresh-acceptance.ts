import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { TokenExpiredError, TokenReusedError, TokenRevokedError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { SessionStore } from '../store/session-store.js';
import { JwtoStore } from '../store/jwto-store.js';
import type { Moment, Session } from '../store/session.js';
import { standingOf, usedAfter, type Standing } from '../sessions/standing.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { realmOf } from '../tokens/signed-by.js';
import { Revoker } from '../revocation/revoker.js';
import { Settlements } from './settlements.js';

/** After a failure of the database reuse is looked at so often again, with so many milliseconds between. */
const LOOKS = 8;
const PAUSE = 300;

/** A session whose refresh token is accepted. */
export interface AcceptedRefresh {
  session: Session;
  /** `replayed`: it was replaced a moment ago, and gets the same successor again. */
  standing: 'current' | 'replayed';
}

/** How a refusal is told. */
export interface RefusalContext {
  request: RequestInfo | null;
  /** The explanation of `token_revoked`. */
  refusal?: string | undefined;
  /** When the token came, in milliseconds since the epoch. @defaultValue now */
  arrivedAt?: number | undefined;
}

/**
 * Whether a refresh token is accepted. Refreshing, `validate_refresh`, `@JwtRefreshRequired` and `TokenService.verify`
 * all ask here, and get one answer: otherwise a thief polls the lenient one and follows the owner unnoticed.
 */
@Injectable()
export class RefreshAcceptance {
  private readonly logger = new Logger('Jwto');

  constructor(
    @Inject(OPTIONS) private readonly options: Pick<ResolvedOptions, 'leeway' | 'rotationGrace' | 'idleLifetime'>,
    private readonly clock: Clock,
    private readonly sessions: SessionStore,
    private readonly revoker: Revoker,
    private readonly settlements: Settlements,
    @Inject(JwtoStore) private readonly store: Pick<JwtoStore, 'isTroubled'>,
  ) {}

  /** Milliseconds since the epoch, asked when a token comes. */
  arrival(): number {
    return this.clock.now();
  }

  /**
   * The moment at which a token is judged: that of its arrival, so that a slow database does not make it late.
   *
   * @param arrivedAt - milliseconds since the epoch
   */
  moment(arrivedAt: number): Moment {
    const now = this.clock.now();
    const { leeway, rotationGrace } = this.options;
    return {
      now,
      aliveAt: arrivedAt - leeway * 1000,
      usedAfter: usedAfter(this.options, arrivedAt),
      // Without a grace what is replaced while a request waits is replaced.
      notSince: rotationGrace === 0 ? now : arrivedAt - rotationGrace * 1000,
    };
  }

  /**
   * Asks the database, and ends a session whose replaced token came back.
   *
   * @param claims - of a verified refresh token
   * @throws JwtoError `token_revoked`, `token_reused`, `token_expired`, `store_unavailable`
   */
  async accept(
    claims: JwtoClaims,
    { request, refusal, arrivedAt = this.clock.now() }: RefusalContext,
  ): Promise<AcceptedRefresh> {
    const userId = String(claims.user.id);
    const { session, standing } = await this.look(claims, userId, arrivedAt);
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

  /** What looks like reuse may be a rotation that was answered 503 and is not taken back yet, here or in another process. */
  private async look(
    claims: JwtoClaims,
    userId: string,
    arrivedAt: number,
  ): Promise<{ session: Session | null; standing: Standing }> {
    const presented = { jti: String(claims.jti), userId, keyRealm: realmOf(claims) };
    for (let looks = 1; ; looks++) {
      const session = await this.sessions.findUnblocked(claims.sid, userId);
      const standing = standingOf(session, presented, this.moment(arrivedAt));
      if (standing !== 'reused') return { session, standing };
      if (await this.settlements.settle(claims.sid)) continue;
      if (!this.store.isTroubled || looks > LOOKS) return { session, standing };
      await sleep(PAUSE);
    }
  }
}
