import { randomBytes } from 'node:crypto';
import type { PrimaryStore } from '../store/primary-store.js';
import { storedId } from '../store/stored-id.js';
import { JwtoSession } from './session.entity.js';

/** A session as it is made. */
export type NewSession = Omit<
  JwtoSession,
  'realm' | 'previousJti' | 'rotatedAt' | 'generation' | 'revokedAt' | 'revokedReason'
>;

/** What a refresh writes; times in milliseconds since the epoch. */
export interface SessionRefresh {
  sid: string;
  /** The `jti` that was presented, and must still be the current one. */
  presentedJti: string;
  now: number;
  /** The session must end later than this: now, less the leeway. */
  aliveAt: number;
  /** The new expiry of the refresh token. */
  expiresAt: number;
  /** `exp` of the access token that is given out. */
  accessUntil: number;
}

/** 128 random bits as 22 characters: an id that cannot be guessed. */
export function randomId(): string {
  return randomBytes(16).toString('base64url');
}

/** The sessions of one module instance. Every method throws `store_unavailable` if the database does not answer. */
export class SessionRepository {
  constructor(
    private readonly store: PrimaryStore,
    private readonly realm: string,
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

  find(sid: string): Promise<JwtoSession | null> {
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .where({ sid: idOf(sid), realm: this.realm })
        .getOne(),
    );
  }

  /**
   * The one statement of a refresh, and the last step of it that can fail.
   *
   * @returns whether it was written: the session lives and the presented token is its current one
   */
  async refresh({ sid, presentedJti, now, aliveAt, expiresAt, accessUntil }: SessionRefresh): Promise<boolean> {
    const result = await this.store.run((manager) =>
      manager
        .createQueryBuilder()
        .update(JwtoSession)
        .set({
          expiresAt,
          lastUsedAt: now,
          accessUntil: () => 'CASE WHEN access_until > :accessUntil THEN access_until ELSE :accessUntil END',
        })
        .where({ sid: idOf(sid), realm: this.realm, currentJti: idOf(presentedJti) })
        .andWhere('revoked_at IS NULL AND expires_at > :aliveAt AND ends_at > :aliveAt')
        .setParameters({ aliveAt, accessUntil })
        .execute(),
    );
    return result.affected === 1;
  }

  /** @returns whether this call revoked it: it was there, and not revoked before */
  async revoke(sid: string, reason: string, now: number): Promise<boolean> {
    const result = await this.store.run((manager) =>
      manager
        .createQueryBuilder()
        .update(JwtoSession)
        .set({ revokedAt: now, revokedReason: reason })
        .where({ sid: idOf(sid), realm: this.realm })
        .andWhere('revoked_at IS NULL')
        .execute(),
    );
    return result.affected === 1;
  }

  /** The live sessions of a user, the newest first. */
  findLive(userId: string, now: number): Promise<JwtoSession[]> {
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .where({ userId: idOf(userId), realm: this.realm })
        .andWhere('session.revokedAt IS NULL AND session.expiresAt > :now AND session.endsAt > :now', { now })
        .orderBy('session.signedInAt', 'DESC')
        .addOrderBy('session.sid', 'DESC')
        .getMany(),
    );
  }

  /** The sessions of a user that were signed in before a moment and are not revoked, whatever their expiry. */
  findSignedInBefore(userId: string, before: number): Promise<JwtoSession[]> {
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoSession, 'session')
        .where({ userId: idOf(userId), realm: this.realm })
        .andWhere('session.revokedAt IS NULL AND session.signedInAt <= :before', { before })
        .getMany(),
    );
  }
}

/** `findOneBy({ sid: undefined })` and `''` must never reach a query: the first gives any row. */
function idOf(id: string): string {
  if (typeof id !== 'string' || id === '') throw new TypeError('A session is found by a non-empty string.');
  return storedId(id);
}
