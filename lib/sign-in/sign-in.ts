import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { BlocklistRepository } from '../blocklist/blocklist.repository.js';
import { toSeconds, type Clock } from '../clock/clock.js';
import { CredentialsInvalidError, LoginThrottledError } from '../errors/request-errors.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { UserInactiveError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import type { JwtoEvents } from '../events/jwto-events.js';
import type { Mode, SignInLifetimes } from '../options/jwto-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { SessionRepository } from '../sessions/session.repository.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { randomId, type SessionIds } from '../tokens/session-id.js';
import { refreshJti } from '../sessions/standing.js';
import { isWellFormed } from '../store/stored-id.js';
import { assertUser, idText } from '../users/sign-in-user.js';
import type { UserDirectory } from '../users/user-directory.js';
import type { LoginCredentials, SignInUser } from '../users/user-provider.js';
import type { IssuedTokens } from './issued-tokens.js';
import type { Revoker } from './revoker.js';
import type { TokenFactory } from './token-factory.js';

/** Longest credentials in characters; longer ones are refused without hashing (OWASP ASVS 6.2.9). */
const MAX_USERNAME = 150;
const MAX_PASSWORD = 1024;

/** Where and how someone signs in. */
export interface SignInContext {
  mode: Mode;
  request: RequestInfo | null;
  /** What the login's body has beside the credentials. */
  body?: Readonly<Record<string, unknown>>;
  /** Instead of those of the settings and the `lifetimes` hook. */
  lifetimes?: SignInLifetimes | undefined;
  /** Verified claims of sessions that end when this one begins: those whose cookies its cookies overwrite. */
  replaces?: readonly JwtoClaims[];
}

/** Opens sessions. */
export class SignIn {
  private readonly logger = new Logger('Jwto');

  constructor(
    private readonly options: ResolvedOptions,
    private readonly clock: Clock,
    private readonly users: UserDirectory,
    private readonly factory: TokenFactory,
    private readonly sessions: SessionRepository,
    private readonly blocklist: BlocklistRepository,
    private readonly revoker: Revoker,
    private readonly events: JwtoEvents,
    private readonly ids: SessionIds,
  ) {}

  /**
   * Signs in by password.
   *
   * @throws JwtoError `login_throttled`, `credentials_invalid`, `token_too_large`, `store_unavailable`
   */
  async withPassword(
    credentials: Pick<LoginCredentials, 'username' | 'password'>,
    context: SignInContext,
  ): Promise<IssuedTokens> {
    await this.throttle(credentials.username, context.request);
    if (!isPossible(credentials)) throw new CredentialsInvalidError();
    // Read before the password is looked at: a `revokeUser` in between then finds this sign-in to be before it.
    const signedInAt = this.clock.now();
    const { body = {}, request } = context;
    const user = await this.users.authenticate(
      Object.freeze({ ...credentials, body: Object.freeze({ ...body }), request }),
    );
    if (user === null || user.isActive === false) throw new CredentialsInvalidError();
    return this.open(user, signedInAt, context);
  }

  /**
   * Signs in without a password, after an external login.
   *
   * @throws JwtoError `user_inactive`, `token_too_large`, `store_unavailable`; TypeError for a user without what a user needs
   */
  async withoutPassword(user: SignInUser, context: SignInContext): Promise<IssuedTokens> {
    if (assertUser(user).isActive === false) throw new UserInactiveError();
    return this.open(user, this.clock.now(), context);
  }

  private async open(
    user: SignInUser,
    signedInAt: number,
    { mode, request, body = {}, lifetimes: own, replaces = [] }: SignInContext,
  ): Promise<IssuedTokens> {
    const userId = idText(user.id);
    const lifetimes = await this.users.lifetimes(this.options, { userId, username: user.username, mode, body }, own);
    const sid = this.ids.create();
    const now = this.clock.now();
    const iat = toSeconds(now) * 1000;
    const endsAt = iat + lifetimes.session * 1000;
    const expiresAt = Math.min(iat + lifetimes.refresh * 1000, endsAt);
    const refresh = { jti: refreshJti(randomId(), 0), iat, expiresAt };
    const { tokens, keyRealm } = await this.factory.make(user, { sid, mode, now, signedInAt, endsAt, refresh });

    const client = this.options.recordClient ? request : null;
    await this.sessions.insert({
      sid,
      userId,
      mode,
      stamp: stampOf(user),
      keyRealm,
      currentJti: refresh.jti,
      currentIat: iat,
      signedInAt,
      lastUsedAt: now,
      expiresAt,
      refreshLifetime: lifetimes.refresh * 1000,
      endsAt,
      accessUntil: (tokens.accessClaims.exp + this.options.leeway) * 1000,
      userAgent: columnText(client?.userAgent, 256),
      ip: columnText(client?.ip, 64),
    });
    if (await this.settle({ sid, userId, signedInAt }, replaces, request)) {
      await this.revoker.endSession({ sid, userId }, 'user_revoked', request);
      throw new CredentialsInvalidError();
    }
    this.events.emit('jwto.logged_in', { userId, sid, claims: tokens.accessClaims, request });
    return tokens;
  }

  /**
   * Ends what a new session is too many for, or takes the place of.
   *
   * @returns whether the sign-in was revoked meanwhile; then nothing is ended
   */
  private async settle(
    { sid, userId, signedInAt }: { sid: string; userId: string; signedInAt: number },
    replaces: readonly JwtoClaims[],
    request: RequestInfo | null,
  ): Promise<boolean> {
    try {
      if (await this.blocklist.isRevokedSince(userId, signedInAt)) return true;
      await this.revoker.trim(userId, request);
      for (const older of replaces) await this.revoker.endReplaced(older, request);
      return false;
    } catch (error) {
      // Nobody gets its tokens: it must not stand among the user's sessions.
      await this.sessions.remove(sid).catch(() => undefined);
      throw error;
    }
  }

  private async throttle(username: string, request: RequestInfo | null): Promise<void> {
    let retryAfter: number | null | undefined;
    try {
      retryAfter = await this.options.throttleLogin?.({ username, ip: request?.ip ?? null });
    } catch (error) {
      this.logger.error('throttleLogin failed', error instanceof Error ? error.stack : String(error));
      throw new StoreUnavailableError(error);
    }
    if (typeof retryAfter === 'number' && retryAfter > 0) throw new LoginThrottledError(Math.ceil(retryAfter));
  }
}

/** The SHA-256 of a user's stamp, as the session keeps it. */
export function stampOf({ stamp }: SignInUser): string | null {
  return stamp === undefined || stamp === null ? null : createHash('sha256').update(stamp).digest('base64url');
}

/** What comes from a client as a column takes it: PostgreSQL stores no NUL, and no more than fits. */
function columnText(text: string | null | undefined, length: number): string | null {
  return text?.replace(/\p{Cc}/gu, '').slice(0, length) ?? null;
}

/** Whether these can be anybody's credentials at all; no user store ever sees a NUL or half a character. */
function isPossible({ username, password }: Pick<LoginCredentials, 'username' | 'password'>): boolean {
  const short = characters(username) <= MAX_USERNAME && characters(password) <= MAX_PASSWORD;
  return short && !username.includes('\0') && isWellFormed(username);
}

/** Code points: what a person would count, more or less, and never fewer than a database does. */
function characters(text: string): number {
  return Array.from(text).length;
}
