import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { RevocationStore } from '../store/revocation-store.js';
import { Clock, toSeconds } from '../clock/clock.js';
import { Timekeeper } from '../clock/timekeeper.js';
import { CredentialsInvalidError, LoginThrottledError, RequestInvalidError } from '../errors/request-errors.js';
import { UserInactiveError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import { EVENTS, type JwtoEvents } from '../events/jwto-events.js';
import type { Mode } from '../options/jwto-options.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { SessionStore } from '../store/session-store.js';
import type { NewSession } from '../store/session.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { randomId, SESSION_IDS, type SessionIds } from '../tokens/session-id.js';
import { refreshJti } from '../sessions/standing.js';
import { isWellFormed } from '../store/stored-id.js';
import { assertUser, idText } from '../users/sign-in-user.js';
import { UserDirectory } from '../users/user-directory.js';
import type { LoginCredentials, SignInUser } from '../users/user-provider.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { likenessOf } from './likeness.js';
import { Revoker } from '../revocation/revoker.js';
import { SessionLimit } from './session-limit.js';
import { Settlements } from './settlements.js';
import { TokenFactory } from './token-factory.js';
import type { IssueOptions } from './token-service-options.js';

/** Longest credentials in characters; longer ones are refused without hashing (OWASP ASVS 6.2.9). */
const MAX_USERNAME = 150;
const MAX_PASSWORD = 1024;

/** Somebody whose password was right, and when that was asked; milliseconds since the epoch. */
export interface PasswordSignIn {
  readonly user: SignInUser;
  readonly signedInAt: number;
}

@Injectable()
export class SignIn {
  constructor(
    @Inject(OPTIONS) private readonly options: ResolvedOptions,
    private readonly clock: Clock,
    private readonly timekeeper: Timekeeper,
    private readonly users: UserDirectory,
    private readonly factory: TokenFactory,
    private readonly sessions: SessionStore,
    private readonly blocklist: RevocationStore,
    private readonly revoker: Revoker,
    private readonly limit: SessionLimit,
    private readonly settlements: Settlements,
    @Inject(EVENTS) private readonly events: JwtoEvents,
    @Inject(SESSION_IDS) private readonly ids: SessionIds,
  ) {}

  /**
   * Asks the application whose credentials these are.
   *
   * @throws JwtoError `credentials_invalid`, `login_throttled`, `store_unavailable`
   */
  async authenticate(
    credentials: Pick<LoginCredentials, 'username' | 'password'>,
    { body, request }: { body: Readonly<Record<string, unknown>>; request: RequestInfo },
  ): Promise<PasswordSignIn> {
    await this.timekeeper.settle();
    if (!isPossible(credentials)) throw new CredentialsInvalidError();
    const retryAfter = await this.users.throttle(this.options, { username: credentials.username, ip: request.ip });
    if (retryAfter !== undefined) throw new LoginThrottledError(retryAfter);
    // Read before the password is looked at: a `revokeUser` in between then finds this sign-in to be before it.
    const signedInAt = this.clock.now();
    const user = await this.users.authenticate(
      Object.freeze({ ...credentials, body: Object.freeze({ ...body }), request }),
    );
    if (user === null || user.isActive === false) throw new CredentialsInvalidError();
    return { user, signedInAt };
  }

  /**
   * Opens a session.
   *
   * @throws JwtoError `user_inactive`, `token_too_large`, `store_unavailable`, `token_revoked` for an unknown session in
   * `like`, and `request_invalid` for an unknown mode and to a client that has left
   * @throws TypeError for a user without what a user needs
   */
  async issue(user: SignInUser, options: IssueOptions): Promise<IssuedTokens> {
    await this.timekeeper.settle();
    const { modes } = this.options;
    const like = options.like === undefined ? undefined : likenessOf(await this.sessions.find(options.like.sid));
    const mode = options.mode ?? like?.mode ?? modes[0];
    if (!modes.includes(mode)) throw new RequestInvalidError(`mode must be one of ${modes.join(', ')}.`);
    if (assertUser(user).isActive === false) throw new UserInactiveError();
    return this.open(user, mode, { ...options, lifetimes: options.lifetimes ?? like?.lifetimes });
  }

  private async open(
    user: SignInUser,
    mode: Mode,
    {
      lifetimes: own,
      replaces = [],
      hasLeft = () => false,
      request: from,
      signedInAt = this.clock.now(),
      body = {},
    }: IssueOptions,
  ): Promise<IssuedTokens> {
    const userId = idText(user.id);
    const request = from ?? null;
    const lifetimes = await this.users.lifetimes(this.options, { userId, username: user.username, mode, body }, own);
    const sid = this.ids.create();
    const now = this.clock.now();
    const iat = toSeconds(now) * 1000;
    const endsAt = iat + lifetimes.session * 1000;
    const expiresAt = Math.min(iat + lifetimes.refresh * 1000, endsAt);
    const refresh = { jti: refreshJti(randomId(), 0), iat, expiresAt };
    const { tokens, keyRealm } = await this.factory.make(user, { sid, mode, now, signedInAt, endsAt, refresh });

    assertWaiting(hasLeft);
    const client = this.options.recordClient ? request : null;
    await this.insert({
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
    if (await this.settle({ sid, userId, signedInAt }, replaces, request, hasLeft)) {
      await this.revoker.endSession({ sid, userId }, 'user_revoked', request);
      throw new CredentialsInvalidError();
    }
    this.events.emit('jwto.logged_in', { userId, sid, claims: tokens.accessClaims, request });
    return tokens;
  }

  private async insert(session: NewSession): Promise<void> {
    try {
      await this.sessions.insert(session);
    } catch (error) {
      this.settlements.signInLost(session.sid);
      throw error;
    }
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
    hasLeft: () => boolean,
  ): Promise<boolean> {
    try {
      assertWaiting(hasLeft);
      if (await this.blocklist.isRevokedSince(userId, signedInAt)) return true;
      await this.limit.keep(userId, request);
      for (const older of replaces) await this.revoker.endReplaced(older, request);
      assertWaiting(hasLeft);
      return false;
    } catch (error) {
      // Nobody gets its tokens: it must not stand among the user's sessions.
      this.settlements.signInLost(sid);
      throw error;
    }
  }
}

/** A session whose tokens nobody gets must not stand among the user's. */
function assertWaiting(hasLeft: () => boolean): void {
  if (hasLeft()) throw new RequestInvalidError('The connection was closed before the sign-in was answered.');
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
