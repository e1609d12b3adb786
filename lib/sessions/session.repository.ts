import { setImmediate } from 'node:timers/promises';
import { In, type QueryDeepPartialEntity } from 'typeorm';
import type { ResolvedOptions } from '../options/resolve-options.js';
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
    await this.store.run((manager) =>
      manager.insert(JwtoSession, {
        ...session,
        userId: storedId(session.userId),
        realm: this.realm,
        previousJti: null,
        rotatedAt: null,
        generation: 0,
        revokedAt: null,
        revokedReason: null,
      }),
    );
  }

  /** Forgets a session of which nobody has a token. */
  async remove(sid: string): Promise<void> {
    const id = idOf(sid);
    await this.store.run((manager) => manager.delete(JwtoSession, { sid: id, realm: this.realm }));
  }

  async find(sid: string): Promise<JwtoSession | null> {
    const id = idOf(sid);
    return this.store.run((manager) =>
      manager.createQueryBuilder(JwtoSession, 'session').where({ sid: id, realm: this.realm }).getOne(),
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
    return this.update(extension, '1 = 1', () => ({}));
  }

  private async update(
    { sid, currentJti, keyRealm, moment, expiresAt, accessUntil }: SessionExtension,
    condition: string,
    more: (at: Moment) => QueryDeepPartialEntity<JwtoSession>,
  ): Promise<boolean> {
    const key = { sid: idOf(sid), realm: this.realm, currentJti: idOf(currentJti) };
    const alive = 'revoked_at IS NULL AND expires_at > :aliveAt AND ends_at > :aliveAt AND last_used_at > :usedAfter';
    const result = await this.store.run((manager) => {
      const at = moment();
      const { now, aliveAt, usedAfter, grace } = at;
      return manager
        .createQueryBuilder()
        .update(JwtoSession)
        .set({
          ...more(at),
          keyRealm,
          // Never backwards: a parallel refresh of the other kind may have moved it meanwhile.
          expiresAt: () => 'CASE WHEN expires_at > :expiresAt THEN expires_at ELSE :expiresAt END',
          accessUntil: () => 'CASE WHEN access_until > :accessUntil THEN access_until ELSE :accessUntil END',
          lastUsedAt: now,
        })
        .where(key)
        .andWhere(`${alive} AND ${condition}`)
        .setParameters({ aliveAt, usedAfter, expiresAt, accessUntil, notSince: now - grace })
        .execute();
    }, this.refreshLimit());
    return result.affected === 1;
  }

  /** @returns whether this call revoked it: it was there, and not revoked before */
  async revoke(sid: string, reason: string, now: number): Promise<boolean> {
    const id = idOf(sid);
    const result = await this.store.run((manager) =>
      manager
        .createQueryBuilder()
        .update(JwtoSession)
        .set({ revokedAt: now, revokedReason: reason })
        .where({ sid: id, realm: this.realm })
        .andWhere('revoked_at IS NULL')
        .execute(),
    );
    return result.affected === 1;
  }

  /**
   * Revokes every session that was signed in up to now and is not revoked, in batches: one UPDATE of a million rows holds
   * an embedded database's process for seconds, and takes longer than a statement may.
   *
   * @returns how many this call revoked
   */
  async revokeAll(reason: string, now: number): Promise<number> {
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
      revoked += await this.store.run(async (manager) => {
        const update = manager.createQueryBuilder().update(JwtoSession).set({ revokedAt: now, revokedReason: reason });
        const one = await update
          .where({ realm: this.realm, sid: In(sids) })
          .andWhere('revoked_at IS NULL')
          .execute();
        return one.affected ?? 0;
      });
      after = last.sid;
      await setImmediate();
    }
  }

  /**
   * How long the UPDATE of a refresh may take, in milliseconds. It may be written although the answer was 503; a client
   * that asks again after half the grace, as it is told to, must then still be inside the grace.
   */
  private refreshLimit(): number | undefined {
    const { rotationGrace } = this.options;
    return rotationGrace === 0 ? undefined : Math.min(5000, rotationGrace * 250);
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

  /** The ids of sessions that were signed in at a moment or later and are not revoked. An index finds them by their access tokens. */
  async findSignedInFrom(moment: number): Promise<string[]> {
    const rows = await this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .select('session.sid', 'sid')
        .where({ realm: this.realm })
        .andWhere('session.accessUntil > :moment AND session.revokedAt IS NULL', { moment })
        .andWhere('session.signedInAt >= :moment')
        .getRawMany<{ sid: string }>(),
    );
    return rows.map(({ sid }) => sid);
  }
}

/** `findOneBy({ sid: undefined })` and `''` must never reach a query: the first gives any row. */
function idOf(id: string): string {
  if (typeof id !== 'string' || id === '')
    throw new TypeError('The id of a session or a user must be a non-empty string.');
  return storedId(id);
}
