import { Inject, Injectable } from '@nestjs/common';
import { toSeconds } from '../clock/clock.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { TokenRevokedError, UserInactiveError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import { EVENTS, type JwtoEvents } from '../events/jwto-events.js';
import type { Mode } from '../options/jwto-options.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { SessionStore } from '../store/session-store.js';
import type { Moment, Session, SessionRotation } from '../store/session.js';
import { randomId } from '../tokens/session-id.js';
import { refreshJti } from '../sessions/standing.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { idText } from '../users/sign-in-user.js';
import { UserDirectory } from '../users/user-directory.js';
import type { SignInUser } from '../users/user-provider.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { type AcceptedRefresh, RefreshAcceptance } from './refresh-acceptance.js';
import { Revoker } from '../revocation/revoker.js';
import { Settlements } from './settlements.js';
import { stampOf } from './sign-in.js';
import { TokenFactory } from './token-factory.js';
import type { VerifiedRefresh } from './token-service-options.js';

/** `access`: a new access token; `refresh`: the refresh token's expiry moves too. */
export type RefreshKind = 'access' | 'refresh';

interface Attempt extends VerifiedRefresh {
  readonly request: RequestInfo | null;
  /** Milliseconds since the epoch. */
  readonly arrivedAt: number;
}

const EVENT = { access: 'jwto.access_refreshed', refresh: 'jwto.refresh_updated' } as const;
/** A lost race is looked at again; each look but the last finds that somebody else has got on. */
const LOOKS = 4;

/** Refreshes sessions: whatever can fail comes before the one UPDATE, which is the last step that can. */
@Injectable()
export class Refresh {
  constructor(
    @Inject(OPTIONS) private readonly options: ResolvedOptions,
    private readonly users: UserDirectory,
    private readonly factory: TokenFactory,
    private readonly sessions: SessionStore,
    private readonly acceptance: RefreshAcceptance,
    private readonly revoker: Revoker,
    private readonly settlements: Settlements,
    @Inject(EVENTS) private readonly events: JwtoEvents,
  ) {}

  /** @throws JwtoError `token_revoked`, `token_reused`, `token_expired`, `user_inactive`, `token_too_large`, `store_unavailable` */
  async run(verified: VerifiedRefresh, kind: RefreshKind, request: RequestInfo | null): Promise<IssuedTokens> {
    const { claims } = verified;
    const arrivedAt = this.acceptance.arrival();
    const refusal = `Can't update ${kind} token.`;
    let user: SignInUser | undefined;
    for (let look = 1; look <= LOOKS; look++) {
      const accepted = await this.acceptance.accept(claims, { request, refusal, arrivedAt });
      user ??= await this.reload(accepted.session, claims, refusal, request);
      const tokens = await this.attempt(user, accepted, kind, { ...verified, request, arrivedAt });
      if (tokens !== undefined) return tokens;
    }
    throw new StoreUnavailableError(new Error('a refresh lost every race'));
  }

  /** One try; `undefined` if the session changed meanwhile. */
  private async attempt(
    user: SignInUser,
    { session, standing }: AcceptedRefresh,
    kind: RefreshKind,
    { request, via, assertStands, arrivedAt }: Attempt,
  ): Promise<IssuedTokens | undefined> {
    const rotates = this.options.rotation && standing === 'current';
    const { now } = this.acceptance.moment(arrivedAt);
    const iat = toSeconds(now) * 1000;
    const { sid, signedInAt, endsAt } = session;
    const moved = Math.min(iat + session.refreshLifetime, endsAt);
    const refresh = {
      jti: rotates ? refreshJti(randomId(), session.generation + 1) : session.currentJti,
      iat: rotates ? iat : session.currentIat,
      expiresAt: kind === 'refresh' ? Math.max(moved, session.expiresAt) : session.expiresAt,
    };
    const mode = answerMode(session.mode, via, this.options.modes);
    const { tokens, keyRealm } = await this.factory.make(user, { sid, mode, now, signedInAt, endsAt, refresh });

    if (session.keyRealm !== null && keyRealm !== session.keyRealm) {
      await this.revoker.endSession({ sid, userId: idText(user.id) }, 'key_realm_changed', request);
      throw new TokenRevokedError(`Can't update ${kind} token.`);
    }
    const extension = {
      sid,
      keyRealm,
      currentJti: session.currentJti,
      moment: () => this.acceptance.moment(arrivedAt),
      expiresAt: refresh.expiresAt,
      accessUntil: (tokens.accessClaims.exp + this.options.leeway) * 1000,
      limit: this.writeLimit(),
    };
    await assertStands();
    const written = rotates
      ? await this.rotate(session, { ...extension, successor: refresh })
      : await this.sessions.extend(extension);
    if (!written) return undefined;
    // A replay of refresh_access changes nothing that a listener has not been told.
    if (standing === 'current' || kind === 'refresh') {
      this.events.emit(EVENT[kind], { userId: idText(user.id), sid, claims: tokens.accessClaims, request });
    }
    return tokens;
  }

  /**
   * How long the write of a refresh may take, in milliseconds. It may be written although the answer was 503: together
   * with `Retry-After`, half the grace, it is less than the whole.
   */
  private writeLimit(): number | undefined {
    const { rotationGrace } = this.options;
    return rotationGrace === 0 ? undefined : Math.min(5000, rotationGrace * 400);
  }

  /** Whoever is answered 503 goes on with the token that it has, whatever the database made of the statement. */
  private async rotate(before: Session, rotation: SessionRotation): Promise<boolean> {
    let writtenAt = 0;
    const moment = (): Moment => {
      const at = rotation.moment();
      writtenAt = at.now;
      return at;
    };
    try {
      return await this.sessions.rotate({ ...rotation, moment });
    } catch (error) {
      this.settlements.rotationLost({ before, successor: rotation.successor.jti, writtenAt });
      throw error;
    }
  }

  /** The user as it is now; a session whose user is gone, inactive or has another stamp ends. */
  private async reload(
    session: Session,
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
function answerMode(own: Mode, via: VerifiedRefresh['via'], modes: readonly Mode[]): Mode {
  if (via === 'header') return 'JSON';
  if (via === undefined || (own !== 'JSON' && modes.includes(own))) return own;
  return modes.find((mode) => mode !== 'JSON') ?? own;
}
