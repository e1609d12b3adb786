import { Inject, Injectable } from '@nestjs/common';
import { Clock, toSeconds } from '../clock/clock.js';
import type { RequestInfo } from '../events/jwto-event.js';
import { EVENTS, type JwtoEvents } from '../events/jwto-events.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { SessionStore } from '../store/session-store.js';
import { RevocationStore } from '../store/revocation-store.js';
import type { Session } from '../store/session.js';
import { usedAfter } from '../sessions/standing.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { KeyBounds } from './key-bounds.js';
import { blockedAs, RevocationCheck } from './revocation-check.js';

/** Why a session was revoked; kept with it and told in `jwto.session_revoked`. */
export type RevocationReason =
  | 'revoked'
  | 'logout'
  | 'user_revoked'
  | 'all_revoked'
  | 'user_inactive'
  | 'stamp_changed'
  | 'key_realm_changed'
  | 'refresh_reused'
  | 'too_many_sessions'
  | 'signed_in_again'
  | (string & {});

/** An entry for everybody stays so long at least, in seconds: no browser keeps a cookie for longer than 400 days. */
const ALL_ENTRY = 400 * 86_400;
/** So many sessions that cannot be ended are passed over: one may be locked, but a database that is gone has no more. */
const PASSED_OVER = 1;

/** A session, and when it ends by itself. */
type BlockedSession = Pick<Session, 'sid' | 'endsAt'>;

/** Ends sessions and blocks tokens. Each ending tells one event, from the process whose statement did it. */
@Injectable()
export class Revoker {
  constructor(
    private readonly sessions: SessionStore,
    private readonly blocklist: RevocationStore,
    @Inject(EVENTS) private readonly events: JwtoEvents,
    private readonly clock: Clock,
    @Inject(OPTIONS) private readonly options: ResolvedOptions,
    private readonly revocations: RevocationCheck,
    private readonly bounds: KeyBounds,
  ) {}

  /** @returns whether this call ended it */
  async endSession(
    { sid, userId }: { sid: string; userId: string | null },
    reason: RevocationReason,
    request: RequestInfo | null = null,
  ): Promise<boolean> {
    const ended = await this.revoke(sid, reason);
    if (ended) this.events.emit('jwto.session_revoked', { sid, userId, reason, request });
    return ended;
  }

  /** Ends a session whose replaced refresh token came back. Of any number of parallel uses one tells of it. */
  async endReused(sid: string, userId: string, request: RequestInfo | null): Promise<void> {
    const reason: RevocationReason = 'refresh_reused';
    if (!(await this.revoke(sid, reason))) return;
    this.events.emit('jwto.refresh_reused', { sid, userId, request });
    this.events.emit('jwto.session_revoked', { sid, userId, reason, request });
  }

  /**
   * Ends the session of a token that its holder gave back.
   *
   * @returns whether this call ended it
   */
  async signOut(claims: JwtoClaims, request: RequestInfo | null): Promise<boolean> {
    const ended = (await this.bounds.reach(claims)) && (await this.revoke(claims.sid, 'logout'));
    if (ended) this.blacklisted(claims, request);
    return ended;
  }

  /** Ends the session of a token whose place a new one takes. */
  async endReplaced(claims: JwtoClaims, request: RequestInfo | null): Promise<void> {
    const { sid, user } = claims;
    if (await this.bounds.reach(claims))
      await this.endSession({ sid, userId: String(user.id) }, 'signed_in_again', request);
  }

  /**
   * Blocks one access token by its `jti` until its own `exp`.
   *
   * @returns whether it was not blocked before
   */
  async blockToken(claims: JwtoClaims, jti: string): Promise<boolean> {
    if (!(await this.bounds.reach(claims))) return false;
    const expiresAt = (claims.exp + this.options.leeway) * 1000;
    const value = blockedAs(claims, jti);
    const entry = { kind: 'token', value, revokedAt: this.clock.now(), expiresAt, reason: 'revoked' } as const;
    const blocked = await this.blocklist.add(entry);
    this.revocations.note({ kind: 'token', value }, { until: expiresAt });
    if (blocked) this.blacklisted(claims, null);
    return blocked;
  }

  /**
   * Ends every sign-in of a user that began before now, one in flight too.
   *
   * @returns how many sessions it ended
   */
  async endUser(userId: string): Promise<number> {
    // Read before the moment is taken: what is there now is before it, also what a clock that was set back left ahead.
    const there = await this.sessions.findSignedInBefore(userId, Number.MAX_SAFE_INTEGER);
    const now = this.clock.now();
    const reason: RevocationReason = 'user_revoked';
    const ahead = there.filter(({ signedInAt }) => signedInAt >= toSeconds(now) * 1000);
    await this.block(ahead, now, reason);
    // Of another process's settings, or of `lifetimes`, some may live longer than ours.
    const expiresAt = Math.max(now + this.options.sessionLifetime * 1000, ...there.map((one) => this.endOf(one)));
    await this.blocklist.add({ kind: 'user', value: userId, revokedAt: now, expiresAt, reason });
    // The entry counts from here on, for those too whom nobody ends one by one after a crash.
    this.revocations.note({ kind: 'user', value: userId }, { revokedAt: now, until: expiresAt });
    // And what was inserted meanwhile by a sign-in that had begun before it.
    const meanwhile = await this.sessions.findSignedInBefore(userId, now);
    const known = new Set(there.map(({ sid }) => sid));
    const sessions = [...there, ...meanwhile.filter(({ sid }) => !known.has(sid))];
    return this.endEach(sessions, userId, reason, null);
  }

  /**
   * Ends every sign-in that began before now, also those that the database does not know any more.
   *
   * @returns how many sessions it ended
   */
  async endAll(): Promise<number> {
    const revokedAt = this.clock.now();
    const reason: RevocationReason = 'all_revoked';
    // A clock that was set back leaves sign-ins ahead of it. No moment tells them from later ones: they are ended by name.
    const ahead = await this.sessions.findSignedInFrom(toSeconds(revokedAt) * 1000);
    await this.block(ahead, revokedAt, reason);
    // Other processes, other settings and `lifetimes` may have given out longer ones.
    const { sessionLifetime, accessTokenLifetime } = this.options;
    const expiresAt = revokedAt + Math.max(sessionLifetime, accessTokenLifetime, ALL_ENTRY) * 1000;
    await this.blocklist.add({ kind: 'all', value: '*', revokedAt, expiresAt, reason });
    // The entry counts from here on, however long the sessions take, and whoever ends them after a crash.
    this.revocations.note({ kind: 'all', value: '*' }, { revokedAt });
    let ended = await this.sessions.revokeAll(reason, revokedAt, () => this.clock.now());
    this.events.emit('jwto.session_revoked', { reason });
    for (const { sid } of ahead) if (await this.revoke(sid, reason)) ended += 1;
    return ended;
  }

  /**
   * Ends the sessions of a user but one.
   *
   * @param isMeant - which of them; all unless told
   * @returns how many it ended
   */
  async endOthers(
    userId: string,
    sid: string,
    request: RequestInfo | null,
    isMeant: (session: Session) => boolean = () => true,
  ): Promise<number> {
    const now = this.clock.now();
    const live = await this.sessions.findLive(userId, now, usedAfter(this.options, now));
    const others = live.filter((session) => session.sid !== sid && isMeant(session));
    return this.endTogether(others, userId, 'revoked', request);
  }

  /**
   * Ends some sessions of a user as a whole or not at all: they are blocked before they are ended row by row.
   *
   * @returns how many it ended
   */
  async endTogether(
    sessions: readonly Session[],
    userId: string,
    reason: RevocationReason,
    request: RequestInfo | null,
  ): Promise<number> {
    if (sessions.length > 1) await this.block(sessions, this.clock.now(), reason);
    return this.endEach(sessions, userId, reason, request);
  }

  /** Blocks sessions whose sign-ins no moment tells from others. */
  private async block(sessions: readonly BlockedSession[], revokedAt: number, reason: RevocationReason): Promise<void> {
    const kind = 'session';
    await this.blocklist.addEach(
      sessions.map((one) => ({ kind, value: one.sid, revokedAt, expiresAt: this.endOf(one), reason })),
    );
    for (const one of sessions) this.revocations.note({ kind, value: one.sid }, { until: this.endOf(one) });
  }

  /** When the last token of a session has ended by itself; milliseconds since the epoch. */
  private endOf({ endsAt }: BlockedSession): number {
    return endsAt + this.options.leeway * 1000;
  }

  private async endEach(
    sessions: readonly Session[],
    userId: string,
    reason: RevocationReason,
    request: RequestInfo | null,
  ): Promise<number> {
    let ended = 0;
    const failures: unknown[] = [];
    for (const { sid } of sessions) {
      try {
        if (await this.endSession({ sid, userId }, reason, request)) ended += 1;
      } catch (error) {
        failures.push(error);
        if (failures.length > PASSED_OVER) break;
      }
    }
    if (failures.length > 0) throw failures[0];
    return ended;
  }

  private async revoke(sid: string, reason: RevocationReason): Promise<boolean> {
    const revoked = await this.sessions.revoke(sid, reason, this.clock.now());
    // Also where another process was first, whose revocation is here only after a poll.
    this.revocations.note({ kind: 'session', value: sid });
    return revoked;
  }

  private blacklisted(claims: JwtoClaims, request: RequestInfo | null): void {
    this.events.emit('jwto.blacklisted', { sid: claims.sid, userId: String(claims.user.id), claims, request });
  }
}
