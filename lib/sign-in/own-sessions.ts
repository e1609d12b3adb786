import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Timekeeper } from '../clock/timekeeper.js';
import type { RequestInfo } from '../events/jwto-event.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { usedAfter } from '../sessions/standing.js';
import { SessionStore } from '../store/session-store.js';
import type { Session } from '../store/session.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { realmOf } from '../tokens/signed-by.js';
import { Revoker } from '../revocation/revoker.js';
import type { SessionInfo } from './token-service-options.js';

const HOUR = 3_600_000;

/**
 * What the holder of an access token may do to sessions: to those of its user that its key speaks for. A tenant who has a
 * key can write any user into a token.
 */
@Injectable()
export class OwnSessions {
  constructor(
    @Inject(OPTIONS) private readonly options: Pick<ResolvedOptions, 'idleLifetime'>,
    private readonly sessions: SessionStore,
    private readonly revoker: Revoker,
    private readonly clock: Clock,
    private readonly timekeeper: Timekeeper,
  ) {}

  /** The live ones, the newest first. @throws JwtoError `store_unavailable` */
  async list(claims: JwtoClaims): Promise<SessionInfo[]> {
    const live = await this.liveOf(String(claims.user.id));
    return live.filter(({ keyRealm }) => keyRealm === realmOf(claims)).map(sessionInfo);
  }

  /** All live ones of a user, whatever key their tokens have. @throws JwtoError `store_unavailable` */
  async listAll(userId: string): Promise<SessionInfo[]> {
    return (await this.liveOf(userId)).map(sessionInfo);
  }

  /** @returns whether it was one of them, and this call ended it. @throws JwtoError `store_unavailable` */
  async revoke(claims: JwtoClaims, sid: string, request: RequestInfo): Promise<boolean> {
    const own = await this.list(claims);
    const session = { sid, userId: String(claims.user.id) };
    return own.some((one) => one.sid === sid) && this.revoker.endSession(session, 'revoked', request);
  }

  /** Ends all of them but the token's own. @returns how many. @throws JwtoError `store_unavailable` */
  async revokeOthers(claims: JwtoClaims, request: RequestInfo): Promise<number> {
    const realm = realmOf(claims);
    await this.timekeeper.settle();
    return this.revoker.endOthers(String(claims.user.id), claims.sid, request, ({ keyRealm }) => keyRealm === realm);
  }

  private async liveOf(userId: string): Promise<Session[]> {
    await this.timekeeper.settle();
    const now = this.clock.now();
    return this.sessions.findLive(userId, now, usedAfter(this.options, now));
  }
}

/** What of a session is shown. `lastUsedAt` is rounded down to the hour, and never to before the sign-in. */
function sessionInfo(session: Session): SessionInfo {
  const { sid, mode, signedInAt, lastUsedAt, expiresAt, endsAt, userAgent, ip } = session;
  const hour = lastUsedAt - (lastUsedAt % HOUR);
  return { sid, mode, signedInAt, lastUsedAt: Math.max(hour, signedInAt), expiresAt, endsAt, userAgent, ip };
}
