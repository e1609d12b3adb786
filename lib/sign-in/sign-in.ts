import { createHash } from 'node:crypto';
import { toSeconds, type Clock } from '../clock/clock.js';
import { CredentialsInvalidError, LoginThrottledError, RequestInvalidError } from '../errors/request-errors.js';
import { UserInactiveError } from '../errors/token-errors.js';
import type { RequestInfo } from '../events/jwto-event.js';
import type { JwtoEvents } from '../events/jwto-events.js';
import type { Mode, SignInLifetimes } from '../options/jwto-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { NewSession } from '../store/session.js';
import type { RevocationStore } from '../store/revocation-store.js';
import type { SessionStore } from '../store/session-store.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { randomId, type SessionIds } from '../tokens/session-id.js';
import { refreshJti } from '../sessions/standing.js';
import { isWellFormed } from '../store/stored-id.js';
import { assertUser, idText } from '../users/sign-in-user.js';
import type { UserDirectory } from '../users/user-directory.js';
import type { LoginCredentials, SignInUser } from '../users/user-provider.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { Revoker } from '../revocation/revoker.js';
import type { SessionLimit } from './session-limit.js';
import type { Settlements } from './settlements.js';
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
  /** Whether the client has closed its connection, so that nobody would get the tokens. */
  hasLeft?: (() => boolean) | undefined;
}

/** What opens a session. */
export interface SignInParts {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly users: UserDirectory;
  readonly factory: TokenFactory;
  readonly sessions: SessionStore;
  readonly blocklist: RevocationStore;
  readonly revoker: Revoker;
  readonly settlements: Settlements;
  readonly events: JwtoEvents;
  readonly ids: SessionIds;
  readonly limit: SessionLimit;
}

/** Opens sessions. */
export class SignIn {
  constructor(private readonly parts: SignInParts) {}

  /**
   * Signs in by password.
   *
   * @throws JwtoError `credentials_invalid`, `login_throttled`, `token_too_large`, `store_unavailable`, and
   * `request_invalid` to a client that has left
   */
  async withPassword(
    credentials: Pick<LoginCredentials, 'username' | 'password'>,
    context: SignInContext,
  ): Promise<IssuedTokens> {
    if (!isPossible(credentials)) throw new CredentialsInvalidError();
    const attempt = { username: credentials.username, ip: context.request?.ip ?? null };
    const retryAfter = await this.parts.users.throttle(this.parts.options, attempt);
    if (retryAfter !== undefined) throw new LoginThrottledError(retryAfter);
    // Read before the password is looked at: a `revokeUser` in between then finds this sign-in to be before it.
    const signedInAt = this.parts.clock.now();
    const { body = {}, request } = context;
    const user = await this.parts.users.authenticate(
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
    return this.open(user, this.parts.clock.now(), context);
  }

  private async open(
    user: SignInUser,
    signedInAt: number,
    { mode, request, body = {}, lifetimes: own, replaces = [], hasLeft = () => false }: SignInContext,
  ): Promise<IssuedTokens> {
    const userId = idText(user.id);
    const lifetimes = await this.parts.users.lifetimes(
      this.parts.options,
      { userId, username: user.username, mode, body },
      own,
    );
    const sid = this.parts.ids.create();
    const now = this.parts.clock.now();
    const iat = toSeconds(now) * 1000;
    const endsAt = iat + lifetimes.session * 1000;
    const expiresAt = Math.min(iat + lifetimes.refresh * 1000, endsAt);
    const refresh = { jti: refreshJti(randomId(), 0), iat, expiresAt };
    const { tokens, keyRealm } = await this.parts.factory.make(user, { sid, mode, now, signedInAt, endsAt, refresh });

    assertWaiting(hasLeft);
    const client = this.parts.options.recordClient ? request : null;
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
      accessUntil: (tokens.accessClaims.exp + this.parts.options.leeway) * 1000,
      userAgent: columnText(client?.userAgent, 256),
      ip: columnText(client?.ip, 64),
    });
    if (await this.settle({ sid, userId, signedInAt }, replaces, request, hasLeft)) {
      await this.parts.revoker.endSession({ sid, userId }, 'user_revoked', request);
      throw new CredentialsInvalidError();
    }
    this.parts.events.emit('jwto.logged_in', { userId, sid, claims: tokens.accessClaims, request });
    return tokens;
  }

  private async insert(session: NewSession): Promise<void> {
    try {
      await this.parts.sessions.insert(session);
    } catch (error) {
      this.parts.settlements.signInLost(session.sid);
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
      if (await this.parts.blocklist.isRevokedSince(userId, signedInAt)) return true;
      await this.parts.limit.keep(userId, request);
      for (const older of replaces) await this.parts.revoker.endReplaced(older, request);
      assertWaiting(hasLeft);
      return false;
    } catch (error) {
      // Nobody gets its tokens: it must not stand among the user's sessions.
      this.parts.settlements.signInLost(sid);
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
