import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Timekeeper } from '../clock/timekeeper.js';
import { AcceptedTokens } from '../issuers/accepted-tokens.js';
import { KeyFeed } from '../keys/key-feed.js';
import { KeyRing } from '../keys/key-ring.js';
import { Purger, type PurgeResult } from '../revocation/purger.js';
import { Revoker } from '../revocation/revoker.js';
import { copyClaims, type JwtoClaims, type TokenType } from '../tokens/claims.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { TokenVerifier } from '../tokens/token-verifier.js';
import { idText } from '../users/sign-in-user.js';
import type { SignInUser } from '../users/user-provider.js';
import { SessionStore } from '../store/session-store.js';
import { OwnSessions } from './own-sessions.js';
import { OwnSignIn, type SignInReply, type SignInRequest } from './own-sign-in.js';
import { Refresh, type RefreshKind } from './refresh.js';
import { SignIn } from './sign-in.js';
import type {
  IssueOptions,
  RefreshOptions,
  RevokeOptions,
  SessionInfo,
  VerifiedRefresh,
} from './token-service-options.js';
import { Verification } from './verification.js';

/** Under which key the rooms of a module instance find its {@link TokenService}, whatever its name. */
export const TOKENS = Symbol('jwto.tokens');

/** What is behind it. */
interface Parts {
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly keys: KeyRing;
  readonly keyFeed: KeyFeed | undefined;
  readonly accepted: AcceptedTokens;
  readonly verifier: TokenVerifier;
  readonly verification: Verification;
  readonly sessions: SessionStore;
  readonly ownSessions: OwnSessions;
  readonly signIn: SignIn;
  readonly ownSignIn: OwnSignIn;
  readonly refresh: Refresh;
  readonly revoker: Revoker;
  readonly purger: Purger;
}

/**
 * Everything about tokens and sessions, for the application's own code. Inject it; of a named module instance by
 * `@InjectTokenService('name')`. Every method that asks the database throws `store_unavailable` if it does not answer.
 *
 * Tests replace it by `overrideProvider(TokenService)`, or `getTokenServiceToken('name')`. Guards, `AuthGuard('jwto')` and
 * every endpoint that asks for an access token then call the replacement's `verify(token, { type })`, which also decides
 * whether the token was revoked; the login endpoint calls `issue`, the refresh endpoints `verify` and then `refresh` or
 * `updateRefresh`. Log-out and the session endpoints change sessions without it. A mock needs the methods that the test
 * reaches; a class that extends this one needs no constructor.
 *
 * @example
 * ```ts
 * const claims = { sub: '1', exp: 4e9, sid: 's', type: 'access', user: { id: 1, username: 'alice', perms: [] } };
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(TokenService)
 *   .useValue({ verify: () => Promise.resolve(claims) });
 * ```
 */
@Injectable()
export class TokenService {
  /** Nothing of it is shown by `util.inspect` or JSON. */
  readonly #parts: Parts;

  /** @internal */
  constructor(
    clock: Clock,
    timekeeper: Timekeeper,
    keys: KeyRing,
    @Inject(KeyFeed) keyFeed: KeyFeed | undefined,
    accepted: AcceptedTokens,
    verifier: TokenVerifier,
    verification: Verification,
    sessions: SessionStore,
    ownSessions: OwnSessions,
    signIn: SignIn,
    ownSignIn: OwnSignIn,
    refresh: Refresh,
    revoker: Revoker,
    purger: Purger,
  ) {
    const tokens = { keys, keyFeed, accepted, verifier, verification };
    this.#parts = { clock, timekeeper, ...tokens, sessions, ownSessions, signIn, ownSignIn, refresh, revoker, purger };
  }

  /**
   * Signs a user in without a password, for instance after an external login.
   *
   * A route that answers a browser's request calls {@link TokenService.signIn} instead.
   *
   * @throws JwtoError `user_inactive`, `token_too_large`, `store_unavailable`, `request_invalid` for a mode that the
   * settings do not have, and `token_revoked` if the session in `like` is unknown
   *
   * @example
   * ```ts
   * const tokens = await this.tokens.issue(user, { request: requestInfo(request) });
   * this.transport.write(response, tokens); // for cookies; in JSON mode send the tokens
   * ```
   */
  async issue(user: SignInUser, options: IssueOptions = {}): Promise<IssuedTokens> {
    return this.#parts.signIn.issue(user, options);
  }

  /**
   * Signs a user in by a route of the application, as the login endpoint does once the password is right: refuses a
   * request from a foreign page in a cookie mode (login CSRF), opens the session, ends the older one whose cookies the
   * request carries, and writes the cookies. In `JSON` mode send the tokens that it returns.
   *
   * @param request - of Express, Fastify or Node
   * @param reply - to it
   * @throws JwtoError `csrf_origin`, and as {@link TokenService.issue}
   *
   * @example
   * ```ts
   * @Post('google') @Public()
   * async google(@Req() request: Request, @Res({ passthrough: true }) reply: Response) {
   *   await this.tokens.signIn(request, reply, await this.google.verify(request));
   * }
   * ```
   */
  async signIn(
    request: SignInRequest,
    reply: SignInReply,
    user: SignInUser,
    options: Omit<IssueOptions, 'request'> = {},
  ): Promise<IssuedTokens> {
    return this.#parts.ownSignIn.signIn(request, reply, options, (more) => this.issue(user, { ...options, ...more }));
  }

  /**
   * Verifies a token as a guard does: signature, claims, times, and whether it was revoked. Access tokens of the
   * trusted `issuers` are accepted too; their claims have the empty text for `sid`.
   *
   * @param type - which token is due; `access` unless told
   * @returns a copy of the claims, which may be changed
   * @throws JwtoError `token_malformed`, `token_invalid`, `token_wrong_type`, `token_expired`, `token_not_yet_valid`,
   * `token_revoked`, `store_unavailable`
   */
  async verify(token: string, { type = 'access' }: { type?: TokenType } = {}): Promise<JwtoClaims> {
    return this.#parts.verification.verify(token, type);
  }

  /**
   * Gives a new access token; the expiry of the refresh token stays. What `refresh_access` does.
   *
   * @throws JwtoError as {@link TokenService.verify}, and `user_inactive`, `token_too_large`
   */
  refresh(refreshToken: string, options: RefreshOptions = {}): Promise<IssuedTokens> {
    return this.runRefresh(refreshToken, 'access', options);
  }

  /**
   * Gives a new access token and moves the expiry of the refresh token, never past the session's end. What
   * `update_refresh` does.
   *
   * @throws JwtoError as {@link TokenService.refresh}
   */
  updateRefresh(refreshToken: string, options: RefreshOptions = {}): Promise<IssuedTokens> {
    return this.runRefresh(refreshToken, 'refresh', options);
  }

  private async runRefresh(
    token: string,
    kind: RefreshKind,
    { request, verified }: RefreshOptions,
  ): Promise<IssuedTokens> {
    return this.#parts.refresh.run(verified ?? (await this.verifyRefresh(token)), kind, request ?? null);
  }

  private async verifyRefresh(token: string): Promise<VerifiedRefresh> {
    const { keys, verifier } = this.#parts;
    const { epoch } = keys;
    const claims = await verifier.verify(token, 'refresh');
    const assertStands = async (): Promise<void> => {
      if (keys.epoch !== epoch) await verifier.verify(token, 'refresh');
    };
    return { claims, assertStands };
  }

  /**
   * Revokes one token, also an expired one. An access token is blocked until its `exp` and its session lives on; a
   * refresh token takes its session and access tokens with it (RFC 7009 §2.1), as does an access token without `jti`.
   *
   * @returns whether it was not revoked before
   * @throws JwtoError `token_malformed`, `token_invalid`, `store_unavailable`
   */
  async revokeToken(token: string): Promise<boolean> {
    await this.#parts.timekeeper.settle();
    const claims = await this.#parts.verifier.identify(token);
    if (claims.type === 'refresh' || claims.jti === undefined) return this.#parts.revoker.signOut(claims, null);
    return this.#parts.revoker.blockToken(claims, claims.jti);
  }

  /**
   * Ends one session with its access tokens.
   *
   * @returns whether it was there and not revoked before
   */
  async revokeSession(sid: string, { reason = 'revoked', request }: RevokeOptions = {}): Promise<boolean> {
    if (typeof reason !== 'string') throw new TypeError('The reason must be a string.');
    await this.#parts.timekeeper.settle();
    const session = await this.#parts.sessions.find(sid);
    return (
      session !== null && this.#parts.revoker.endSession(session, reason.replace(/\p{Cc}/gu, '').slice(0, 64), request)
    );
  }

  /**
   * Ends every session of a user that was signed in before now, and a login that is under way. A sign-in right after
   * it lives.
   *
   * @returns how many sessions it ended
   */
  async revokeUser(userId: SignInUser['id']): Promise<number> {
    const id = assertId(userId);
    await this.#parts.timekeeper.settle();
    return this.#parts.revoker.endUser(id);
  }

  /**
   * Ends every sign-in before now: after the database was restored from a backup, which forgets sessions and
   * revocations, or a key has leaked. It tells one `jwto.session_revoked` without a `sid`.
   *
   * @returns how many sessions it ended
   */
  async revokeAll(): Promise<number> {
    await this.#parts.timekeeper.settle();
    return this.#parts.revoker.endAll();
  }

  /**
   * Ends the sessions of a user but this one.
   *
   * @returns how many sessions it ended
   */
  async revokeOtherSessions(
    userId: SignInUser['id'],
    sid: string,
    { request }: Pick<RevokeOptions, 'request'> = {},
  ): Promise<number> {
    if (typeof sid !== 'string' || sid === '') throw new TypeError('The id of a session must be a non-empty string.');
    const id = assertId(userId);
    await this.#parts.timekeeper.settle();
    return this.#parts.revoker.endOthers(id, sid, request ?? null);
  }

  /**
   * The live sessions of a user, the newest first. `lastUsedAt` is rounded down to the hour, so that it is no signal for
   * a thief, but never to before the sign-in.
   */
  async listSessions(userId: SignInUser['id']): Promise<SessionInfo[]> {
    return this.#parts.ownSessions.listAll(assertId(userId));
  }

  /**
   * Reads a token **without verifying anything**: what it says may be anybody's words.
   *
   * @throws JwtoError `token_malformed`
   */
  decode(token: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
    return copyClaims(this.#parts.verifier.decode(token));
  }

  /**
   * Calls the function in `keys`, and fetches the keys of the other `issuers`, now instead of at the next interval: after a
   * key has leaked, or was added. When it resolves, no token of a removed key is accepted by this process.
   *
   * @throws JwtoConfigurationError if the function fails or gives bad keys; the ring then stays as it is
   * @throws JwtoError `store_unavailable` if an issuer's keys cannot be had; they then stay as they are
   */
  async reloadKeys(): Promise<void> {
    const { keyFeed, accepted } = this.#parts;
    const own = keyFeed?.reload();
    // Both are asked, whichever fails.
    const [mine, others] = await Promise.allSettled([own, accepted.reloadKeys()]);
    for (const one of [mine, others]) if (one.status === 'rejected') throw one.reason;
  }

  /**
   * Deletes the rows of sessions and blocks that ended more than a day ago, in small batches; a timer does so every ten
   * minutes. While the clocks of database and process disagree, and for a day after, it deletes nothing.
   */
  purge(): Promise<PurgeResult> {
    return this.#parts.purger.purge();
  }
}

/** `String(undefined)` would be somebody's id. */
function assertId(userId: SignInUser['id']): string {
  const given: unknown = userId;
  const isId =
    typeof given === 'string' ||
    typeof given === 'bigint' ||
    Number.isFinite(given) ||
    typeof (given as { toHexString?: unknown } | null | undefined)?.toHexString === 'function';
  const text = isId ? idText(userId) : '';
  if (text !== '') return text;
  throw new TypeError('The id of a user must be a non-empty string, a finite number, a BigInt or an ObjectId.');
}
