import { setImmediate } from 'node:timers/promises';
import { In, type QueryDeepPartialEntity } from 'typeorm';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { JwtoBlocklistEntry } from '../blocklist/blocklist-entry.entity.js';
import type { PrimaryStore } from '../store/primary-store.js';
import { storedId } from '../store/stored-id.js';
import { JwtoSession } from './session.entity.js';
import type { Moment } from './standing.js';

/** So many rows are revoked by one statement. */
const BATCH = 500;

/** A session as it is made. */
export type NewSession = Omit<
  JwtoSession,
  'realm' | 'previousJti' | 'rotatedAt' | 'generation' | 'revokedAt' | 'revokedReason'
>;

/** What a refresh writes; times in milliseconds since the epoch. */
export interface SessionExtension {
  sid: string;
  /** The `jti` that must still be the current one. */
  currentJti: string;
  /** Whom the key of the new access token speaks for: as the session has it, which may have none yet. */
  keyRealm: string | null;
  /** Asked when the statement is sent: the grace begins then, and not before the wait for a connection. */
  moment: () => Moment;
  /** The new expiry of the refresh token. */
  expiresAt: number;
  /** `exp` of the access token that is given out. */
  accessUntil: number;
}

/** A rotation that was answered 503, and may have been written all the same. */
export interface LostRotation {
  /** The session as it was. */
  readonly before: Readonly<JwtoSession>;
  /** The `jti` that nobody got. */
  readonly successor: string;
  /** What it wrote as its moment; milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** What a rotation writes beside that. */
export interface SessionRotation extends SessionExtension {
  successor: { jti: string; iat: number };
}

/** The sessions of one module instance. Every method throws `store_unavailable` if the database does not answer. */
export class SessionRepository {
  constructor(
    private readonly store: PrimaryStore,
    private readonly realm: string,
    private readonly options: Pick<ResolvedOptions, 'idleLifetime' | 'rotationGrace'>,
  ) {}

  async insert(session: NewSession): Promise<void> {
    await this.store.run((manager, deadline) =>
      manager.insert(JwtoSession, {
        ...session,
        userId: storedId(session.userId),
        realm: this.realm,
        previousJti: null,
        rotatedAt: null,
        generation: deadline.timely(0),
        revokedAt: null,
        revokedReason: null,
      }),
    );
  }

  /** Forgets a session of which nobody has a token. Right at any time, and so without a deadline. */
  async remove(sid: string, limit?: number): Promise<void> {
    const id = idOf(sid);
    await this.store.run((manager) => manager.delete(JwtoSession, { sid: id, realm: this.realm }), limit);
  }

  async find(sid: string): Promise<JwtoSession | null> {
    const id = idOf(sid);
    return this.store.run((manager) =>
      manager.createQueryBuilder(JwtoSession, 'session').where({ sid: id, realm: this.realm }).getOne(),
    );
  }

  /**
   * A session that the blocklist does not block, by itself or with the sign-ins of its user or of everybody. Who ends
   * many sessions blocks them first: where that was interrupted the rows of some do not say yet that they have ended.
   */
  async findUnblocked(sid: string, userId: string): Promise<JwtoSession | null> {
    const id = idOf(sid);
    // One of another user is not found either, so the entries can be looked up before the row is known.
    const owner = { userId: idOf(userId), realm: this.realm };
    const ofSignIns = "entry.kind = 'user' AND entry.value = :userId OR entry.kind = 'all' AND entry.value = '*'";
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .where({ sid: id, ...owner })
        .andWhere(
          `NOT EXISTS (SELECT 1 FROM ${this.store.table(JwtoBlocklistEntry)} entry WHERE entry.realm = :realm` +
            ` AND entry.kind = 'session' AND entry.value = :sid)` +
            ` AND NOT EXISTS (SELECT 1 FROM ${this.store.table(JwtoBlocklistEntry)} entry WHERE entry.realm = :realm` +
            ` AND (${ofSignIns}) AND entry.revoked_at > session.signedInAt)`,
          { sid: id, ...owner },
        )
        .getOne(),
    );
  }

  /**
   * Replaces the refresh token: the one statement of a rotation, and the last step of it that can fail. Of any number
   * of parallel calls one changes the row, at every isolation level.
   *
   * @returns whether this call did
   */
  rotate({ successor, ...extension }: SessionRotation): Promise<boolean> {
    return this.update(extension, '(rotated_at IS NULL OR rotated_at <= :notSince)', ({ now }) => ({
      // MariaDB assigns from left to right: `previous` must come before `current`.
      previousJti: () => 'current_jti',
      currentJti: successor.jti,
      currentIat: successor.iat,
      rotatedAt: now,
      generation: () => 'generation + 1',
    }));
  }

  /**
   * Moves the expiry and notes the access token that is given out, and keeps the refresh token.
   *
   * @returns whether it was written: the session lives and the token is its current one
   */
  extend(extension: SessionExtension): Promise<boolean> {
    return this.update(extension, '1 = 1', ({ now }) => ({
      // A rotation that is taken back on condition of its moment must not take this one for its own.
      lastUsedAt: () => `CASE WHEN last_used_at = ${String(now)} THEN ${String(now + 1)} ELSE ${String(now)} END`,
    }));
  }

  /**
   * Takes back a rotation whose successor nobody got: the token that it replaced is the current one again. One that was
   * not written, was given out since, or was rotated or revoked since, stays as it is.
   */
  async takeBack({ before, successor, writtenAt }: LostRotation, limit?: number): Promise<void> {
    const { sid, keyRealm, currentJti, currentIat, previousJti, rotatedAt, generation } = before;
    await this.store.run(
      (manager, deadline) =>
        manager
          .createQueryBuilder()
          .update(JwtoSession)
          .set({ keyRealm, currentJti, currentIat, previousJti, rotatedAt, generation })
          .where({
            sid,
            realm: this.realm,
            currentJti: storedId(successor),
            rotatedAt: writtenAt,
            lastUsedAt: writtenAt,
          })
          .andWhere(`revoked_at IS NULL AND ${deadline.condition}`)
          .execute(),
      limit,
    );
  }

  private async update(
    { sid, currentJti, keyRealm, moment, expiresAt, accessUntil }: SessionExtension,
    condition: string,
    more: (at: Moment) => QueryDeepPartialEntity<JwtoSession>,
  ): Promise<boolean> {
    const key = { sid: idOf(sid), realm: this.realm, currentJti: idOf(currentJti) };
    const alive = 'revoked_at IS NULL AND expires_at > :aliveAt AND ends_at > :aliveAt AND last_used_at > :usedAfter';
    const result = await this.store.run((manager, deadline) => {
      const at = moment();
      const { now, aliveAt, usedAfter, notSince } = at;
      return manager
        .createQueryBuilder()
        .update(JwtoSession)
        .set({
          keyRealm,
          // Never backwards: a parallel refresh of the other kind may have moved it meanwhile.
          expiresAt: () => 'CASE WHEN expires_at > :expiresAt THEN expires_at ELSE :expiresAt END',
          accessUntil: () => 'CASE WHEN access_until > :accessUntil THEN access_until ELSE :accessUntil END',
          lastUsedAt: now,
          ...more(at),
        })
        .where(key)
        .andWhere(`${alive} AND ${condition} AND ${deadline.condition}`)
        .setParameters({ aliveAt, usedAfter, expiresAt, accessUntil, notSince })
        .execute();
    }, this.refreshLimit());
    return result.affected === 1;
  }

  /** @returns whether this call revoked it: it was there, and not revoked before */
  async revoke(sid: string, reason: string, now: number): Promise<boolean> {
    const id = idOf(sid);
    const result = await this.store.run((manager, deadline) =>
      manager
        .createQueryBuilder()
        .update(JwtoSession)
        .set({ revokedAt: now, revokedReason: reason })
        .where({ sid: id, realm: this.realm })
        .andWhere(`revoked_at IS NULL AND ${deadline.condition}`)
        .execute(),
    );
    return result.affected === 1;
  }

  /**
   * Revokes every session that was signed in up to now and is not revoked, in batches: one UPDATE of a million rows holds
   * an embedded database's process for seconds, and takes longer than a statement may.
   *
   * @param moment - asked for each batch: one that is written a minute after the first says so, or polls pass it over
   * @returns how many this call revoked
   */
  async revokeAll(reason: string, now: number, moment: () => number): Promise<number> {
    let revoked = 0;
    let after = '';
    for (;;) {
      const rows = await this.store.run((manager) =>
        manager
          .createQueryBuilder(JwtoSession, 'session')
          .select('session.sid', 'sid')
          .where({ realm: this.realm })
          .andWhere('session.sid > :after AND session.revokedAt IS NULL AND session.signedInAt <= :now', { after, now })
          .orderBy('session.sid')
          .limit(BATCH)
          .getRawMany<{ sid: string }>(),
      );
      const last = rows.at(-1);
      if (last === undefined) return revoked;
      const sids = rows.map(({ sid }) => sid);
      revoked += await this.store.run(async (manager, deadline) => {
        const update = manager
          .createQueryBuilder()
          .update(JwtoSession)
          .set({ revokedAt: moment(), revokedReason: reason });
        const one = await update
          .where({ realm: this.realm, sid: In(sids) })
          .andWhere(`revoked_at IS NULL AND ${deadline.condition}`)
          .execute();
        return one.affected ?? 0;
      });
      after = last.sid;
      await setImmediate();
    }
  }

  /**
   * How long the UPDATE of a refresh may take, in milliseconds. It may be written although the answer was 503: together
   * with `Retry-After`, half the grace, it is less than the whole.
   */
  private refreshLimit(): number | undefined {
    const { rotationGrace } = this.options;
    return rotationGrace === 0 ? undefined : Math.min(5000, rotationGrace * 400);
  }

  /** A session must have been used later than this; milliseconds since the epoch, as `now`. */
  usedAfter(now: number): number {
    const { idleLifetime } = this.options;
    return idleLifetime === undefined ? Number.MIN_SAFE_INTEGER : now - idleLifetime * 1000;
  }

  /** The live sessions of a user, the newest first. */
  async findLive(userId: string, now: number): Promise<JwtoSession[]> {
    const id = idOf(userId);
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .where({ userId: id, realm: this.realm })
        .andWhere('session.revokedAt IS NULL AND session.expiresAt > :now AND session.endsAt > :now', { now })
        .andWhere('session.lastUsedAt > :usedAfter', { usedAfter: this.usedAfter(now) })
        .orderBy('session.signedInAt', 'DESC')
        .addOrderBy('session.sid', 'DESC')
        .getMany(),
    );
  }

  /** The sessions of a user that were signed in before a moment and are not revoked, whatever their expiry. */
  async findSignedInBefore(userId: string, before: number): Promise<JwtoSession[]> {
    const id = idOf(userId);
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .where({ userId: id, realm: this.realm })
        .andWhere('session.revokedAt IS NULL AND session.signedInAt <= :before', { before })
        .getMany(),
    );
  }

  /** The sessions that were signed in at a moment or later and are not revoked. An index finds them by their access tokens. */
  async findSignedInFrom(moment: number): Promise<Pick<JwtoSession, 'sid' | 'endsAt'>[]> {
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .select(['session.sid', 'session.endsAt'])
        .where({ realm: this.realm })
        .andWhere('session.accessUntil > :moment AND session.revokedAt IS NULL', { moment })
        .andWhere('session.signedInAt >= :moment')
        .getMany(),
    );
  }
}

/** `findOneBy({ sid: undefined })` and `''` must never reach a query: the first gives any row. */
function idOf(id: string): string {
  if (typeof id !== 'string' || id === '')
    throw new TypeError('The id of a session or a user must be a non-empty string.');
  return storedId(id);
}
