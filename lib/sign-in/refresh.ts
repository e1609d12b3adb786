import { toSeconds, type Clock } from '../clock/clock.js';
import { TokenExpiredError, TokenRevokedError, UserInactiveError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import type { JwtoEvents } from '../events/jwto-events.js';
import type { Mode, ResolvedOptions } from '../options/jwto-options.js';
import type { JwtoSession } from '../sessions/session.entity.js';
import type { SessionRepository } from '../sessions/session.repository.js';
import { storedId } from '../store/stored-id.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { UserDirectory } from '../users/user-directory.js';
import type { SignInUser } from '../users/user-provider.js';
import type { IssuedTokens } from './issued-tokens.js';
import type { Revoker } from './revoker.js';
import { stampOf } from './sign-in.js';
import type { TokenFactory } from './token-factory.js';

/** `access`: a new access token; `refresh`: the refresh token's expiry moves too. */
export type RefreshKind = 'access' | 'refresh';

/** Where a refresh came from. */
export interface RefreshContext {
  request: RequestInfo | null;
  /** How the refresh token travelled, and so the new ones; by itself as the session's mode says. */
  via?: 'header' | 'cookie' | undefined;
}

const EVENT = { access: 'jwto.access_refreshed', refresh: 'jwto.refresh_updated' } as const;

/** Refreshes sessions: whatever can fail comes before the one UPDATE, which is the last step that can. */
export class Refresh {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly clock: Clock,
    private readonly users: UserDirectory,
    private readonly factory: TokenFactory,
    private readonly sessions: SessionRepository,
    private readonly revoker: Revoker,
    private readonly events: JwtoEvents,
  ) {}

  /**
   * Whether a refresh token is accepted; the database decides, with the primary's answer.
   *
   * @param claims - of a verified refresh token
   * @returns its session
   * @throws JwtoError `token_revoked`, `token_expired`, `store_unavailable`
   */
  async accept(claims: JwtoClaims, refusal?: string): Promise<JwtoSession> {
    return accepted(await this.sessions.find(claims.sid), claims, this.leewayAgo(), refusal);
  }

  /**
   * @param claims - of a verified refresh token
   * @throws JwtoError `token_revoked`, `token_expired`, `user_inactive`, `token_too_large`, `store_unavailable`
   */
  async run(claims: JwtoClaims, kind: RefreshKind, { request, via }: RefreshContext): Promise<IssuedTokens> {
    const refusal = `Can't update ${kind} token.`;
    const session = await this.accept(claims, refusal);
    const user = await this.reload(session, claims, refusal, request);

    const now = this.clock.now();
    const moved = Math.min(toSeconds(now) * 1000 + this.options.refreshTokenLifetime * 1000, session.endsAt);
    const expiresAt = kind === 'refresh' ? Math.max(moved, session.expiresAt) : session.expiresAt;
    const { sid, signedInAt, endsAt } = session;
    const mode = answerMode(session.mode, via, this.options.modes);
    const refresh = { jti: String(claims.jti), iat: session.currentIat, expiresAt };
    const tokens = await this.factory.make(user, { sid, mode, now, signedInAt, endsAt, refresh });

    const accessUntil = (tokens.accessClaims.exp + this.options.leeway) * 1000;
    const written = await this.sessions.refresh({
      sid,
      presentedJti: refresh.jti,
      now,
      aliveAt: this.leewayAgo(),
      expiresAt,
      accessUntil,
    });
    // Something ended the session meanwhile: a second look says what.
    if (!written) {
      await this.accept(claims, refusal);
      throw new TokenRevokedError(refusal);
    }
    this.events.emit(EVENT[kind], { userId: String(user.id), sid, claims: tokens.accessClaims, request });
    return tokens;
  }

  /** What `exp` is compared with, of a session as of a token. */
  private leewayAgo(): number {
    return this.clock.now() - this.options.leeway * 1000;
  }

  /** The user as it is now; a session whose user is gone, inactive or has another stamp ends. */
  private async reload(
    session: JwtoSession,
    claims: JwtoClaims,
    refusal: string,
    request: RequestInfo | null,
  ): Promise<SignInUser> {
    const userId = String(claims.user.id);
    const { sid } = session;
    const user = await this.users.findById(userId);
    if (user === null || user.isActive === false) {
      await this.revoker.endSession({ sid, userId }, 'user_inactive', request);
      throw new UserInactiveError();
    }
    if (stampOf(user) !== session.stamp) {
      await this.revoker.endSession({ sid, userId }, 'stamp_changed', request);
      throw new TokenRevokedError(refusal);
    }
    return user;
  }
}

/** What came in a cookie is never answered with a token in a body, what came in a header never with a cookie. */
function answerMode(own: Mode, via: RefreshContext['via'], modes: readonly Mode[]): Mode {
  if (via === 'header') return 'JSON';
  if (via === undefined || (own !== 'JSON' && modes.includes(own))) return own;
  return modes.find((mode) => mode !== 'JSON') ?? own;
}

function accepted(session: JwtoSession | null, claims: JwtoClaims, moment: number, refusal?: string): JwtoSession {
  const known = session?.revokedAt === null && session.userId === storedId(String(claims.user.id));
  if (!known) throw new TokenRevokedError(refusal);
  if (session.expiresAt <= moment || session.endsAt <= moment) throw new TokenExpiredError();
  if (session.currentJti !== storedId(String(claims.jti))) throw new TokenRevokedError(refusal);
  return session;
}
