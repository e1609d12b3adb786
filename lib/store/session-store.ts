import type { LostRotation, NewSession, Session, SessionExtension, SessionRotation } from './session.js';

/**
 * The sessions of one module instance.
 *
 * Every method is one atomic step for whoever looks from another process, and rejects with a `JwtoError`
 * `store_unavailable` where the store does not answer in time. What rejects so may have happened or not, but it never
 * happens later than its limit (5 s, or `limit` milliseconds): a write that arrives later has no effect. A process that
 * dies half-way leaves a write done or not done. What a method has confirmed, the next call of any process sees.
 *
 * An id is a non-empty string; anything else is a `TypeError` before the store is asked. It is compared byte by byte, and
 * stored as {@link storedId} gives it.
 */
export abstract class SessionStore {
  /** Adds a session that has never rotated and is not revoked. */
  abstract insert(session: NewSession): Promise<void>;

  /**
   * Forgets a session of which nobody has a token. Right at any time, also after its limit.
   *
   * @param limit - milliseconds
   */
  abstract remove(sid: string, limit?: number): Promise<void>;

  abstract find(sid: string): Promise<Session | null>;

  /**
   * A session of this user that no revocation blocks: neither one of the session, nor one of the sign-ins of its user or
   * of everybody that is later than `signedInAt`. Both are looked at in one moment. A bulk revocation blocks sessions
   * before it ends them, so one that was interrupted leaves rows that do not say yet that they have ended.
   */
  abstract findUnblocked(sid: string, userId: string): Promise<Session | null>;

  /**
   * Replaces the refresh token: `current` becomes `previous`, the successor `current`, and the generation grows by one.
   * Only where the presented token is still the current one, the session is not revoked, has not ended, was used lately,
   * and was not rotated inside the grace, all by `moment()`. Of any number of parallel calls, in any number of processes,
   * one returns `true`. `expiresAt` and `accessUntil` never go back.
   *
   * @returns whether this call did
   */
  abstract rotate(rotation: SessionRotation): Promise<boolean>;

  /**
   * Moves the expiry and notes the access token that is given out, and keeps the refresh token. Under the conditions of
   * {@link SessionStore.rotate} but for the grace. `lastUsedAt` becomes another one than before, so that
   * {@link SessionStore.takeBack} does not take this write for its own.
   *
   * @returns whether it was written
   */
  abstract extend(extension: SessionExtension): Promise<boolean>;

  /**
   * Takes back a rotation whose successor nobody got: the session is as it was before. One that was not written, was given
   * out or replaced since, or whose session was revoked since, stays as it is.
   *
   * @param limit - milliseconds
   */
  abstract takeBack(rotation: LostRotation, limit?: number): Promise<void>;

  /**
   * Revokes a session that is not revoked yet. Of any number of parallel calls one returns `true`.
   *
   * @param now - milliseconds since the epoch
   */
  abstract revoke(sid: string, reason: string, now: number): Promise<boolean>;

  /**
   * Revokes every session that was signed in up to now and is not revoked, in batches, each of which is a step of its own.
   *
   * @param moment - asked for each batch, which is stamped with it
   * @returns how many this call revoked
   */
  abstract revokeAll(reason: string, now: number, moment: () => number): Promise<number>;

  /**
   * The sessions of a user that are not revoked, have not ended and were used lately, the newest first.
   *
   * @param now - milliseconds since the epoch, as `usedAfter`
   */
  abstract findLive(userId: string, now: number, usedAfter: number): Promise<Session[]>;

  /** The sessions of a user that were signed in up to a moment and are not revoked, expired ones too. */
  abstract findSignedInBefore(userId: string, before: number): Promise<Session[]>;

  /** The sessions that were signed in at a moment or later and are not revoked. */
  abstract findSignedInFrom(moment: number): Promise<Pick<Session, 'sid' | 'endsAt'>[]>;

  /**
   * Deletes sessions whose `expiresAt` and `accessUntil` are both before a moment, in small batches. One that was renewed
   * meanwhile stays. A store whose rows end by themselves has nothing to do.
   *
   * @param isStopped - asked before each batch
   * @returns how many
   */
  abstract purge(before: number, isStopped: () => boolean): Promise<number>;
}
