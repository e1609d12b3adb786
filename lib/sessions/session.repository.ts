import { setImmediate } from 'node:timers/promises';
import { In } from 'typeorm';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { JwtoBlocklistEntry } from '../typeorm/blocklist-entry.entity.js';
import type { PrimaryStore } from '../store/primary-store.js';
import { assertStoredId, storedId } from '../store/stored-id.js';
import { JwtoSession } from '../typeorm/session.entity.js';

/** So many rows are revoked by one statement. */
const BATCH = 500;

/** A session as it is made. */
export type NewSession = Omit<
  JwtoSession,
  'realm' | 'previousJti' | 'rotatedAt' | 'generation' | 'revokedAt' | 'revokedReason'
>;

/** The sessions of one module instance. Every method throws `store_unavailable` if the database does not answer. */
export class SessionRepository {
  constructor(
    private readonly store: PrimaryStore,
    private readonly realm: string,
    private readonly options: Pick<ResolvedOptions, 'idleLifetime'>,
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
    const id = assertStoredId(sid);
    await this.store.run((manager) => manager.delete(JwtoSession, { sid: id, realm: this.realm }), limit);
  }

  async find(sid: string): Promise<JwtoSession | null> {
    const id = assertStoredId(sid);
    return this.store.run((manager) =>
      manager.createQueryBuilder(JwtoSession, 'session').where({ sid: id, realm: this.realm }).getOne(),
    );
  }

  /**
   * A session that the blocklist does not block, by itself or with the sign-ins of its user or of everybody. Who ends
   * many sessions blocks them first: where that was interrupted the rows of some do not say yet that they have ended.
   */
  async findUnblocked(sid: string, userId: string): Promise<JwtoSession | null> {
    const id = assertStoredId(sid);
    // One of another user is not found either, so the entries can be looked up before the row is known.
    const owner = { userId: assertStoredId(userId), realm: this.realm };
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

  /** @returns whether this call revoked it: it was there, and not revoked before */
  async revoke(sid: string, reason: string, now: number): Promise<boolean> {
    const id = assertStoredId(sid);
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

  /** A session must have been used later than this; milliseconds since the epoch, as `now`. */
  usedAfter(now: number): number {
    const { idleLifetime } = this.options;
    return idleLifetime === undefined ? Number.MIN_SAFE_INTEGER : now - idleLifetime * 1000;
  }

  /** The live sessions of a user, the newest first. */
  async findLive(userId: string, now: number): Promise<JwtoSession[]> {
    const id = assertStoredId(userId);
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
    const id = assertStoredId(userId);
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
