import type { QueryDeepPartialEntity } from 'typeorm';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { PrimaryStore } from '../store/primary-store.js';
import { assertStoredId, storedId } from '../store/stored-id.js';
import { JwtoSession } from '../typeorm/session.entity.js';
import type { Moment } from './standing.js';

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

/** What a refresh does to the session of one module instance. Every method throws `store_unavailable` if the database does not answer. */
export class RotationRepository {
  constructor(
    private readonly store: PrimaryStore,
    private readonly realm: string,
    private readonly options: Pick<ResolvedOptions, 'rotationGrace'>,
  ) {}

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
      lastUsedAt: () =>
        `CASE WHEN last_used_at BETWEEN ${String(now)} AND ${String(now + 1000)} THEN last_used_at + 1 ELSE ${String(now)} END`,
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
    const key = { sid: assertStoredId(sid), realm: this.realm, currentJti: assertStoredId(currentJti) };
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

  /**
   * How long the UPDATE of a refresh may take, in milliseconds. It may be written although the answer was 503: together
   * with `Retry-After`, half the grace, it is less than the whole.
   */
  private refreshLimit(): number | undefined {
    const { rotationGrace } = this.options;
    return rotationGrace === 0 ? undefined : Math.min(5000, rotationGrace * 400);
  }
}
