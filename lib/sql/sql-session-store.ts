import { setImmediate } from 'node:timers/promises';
import { SessionStore } from '../store/session-store.js';
import type { LostRotation, NewSession, Session, SessionExtension, SessionRotation } from '../store/session.js';
import { assertStoredId, storedId } from '../store/stored-id.js';
import { purgeRows } from './purge.js';
import { sessionOf } from './session-rows.js';
import { SessionStatements } from './session-statements.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqlValues } from './sql-statement.js';

/** The sessions of one module instance in SQL. */
export class SqlSessionStore extends SessionStore {
  private readonly sql: SessionStatements;

  constructor(
    private readonly database: SqlDatabase,
    private readonly realm: string,
  ) {
    super();
    this.sql = new SessionStatements(database);
  }

  override async insert(session: NewSession): Promise<void> {
    const made = { previousJti: null, rotatedAt: null, revokedAt: null, revokedReason: null };
    const userId = storedId(session.userId);
    await this.database.run(this.sql.insert, { ...session, ...made, userId, realm: this.realm });
  }

  override async remove(sid: string, limit?: number): Promise<void> {
    await this.database.run(this.sql.remove, this.key(sid), { limit });
  }

  override async find(sid: string): Promise<Session | null> {
    return one(await this.database.rows(this.sql.find, this.key(sid)));
  }

  override async findUnblocked(sid: string, userId: string): Promise<Session | null> {
    const values = { ...this.key(sid), userId: assertStoredId(userId) };
    return one(await this.database.rows(this.sql.findUnblocked, values));
  }

  override async rotate({ successor, ...extension }: SessionRotation): Promise<boolean> {
    const more = { successor: successor.jti, successorIat: successor.iat };
    const values = this.extension(extension);
    const options = { limit: extension.limit };
    return (await this.database.affected(this.sql.rotate, () => ({ ...values(), ...more }), options)) === 1;
  }

  override async extend(extension: SessionExtension): Promise<boolean> {
    const options = { limit: extension.limit };
    return (await this.database.affected(this.sql.extend, this.extension(extension), options)) === 1;
  }

  override async takeBack({ before, successor, writtenAt }: LostRotation, limit?: number): Promise<void> {
    const { sid, keyRealm, currentJti, currentIat, previousJti, rotatedAt, generation } = before;
    const restored = { keyRealm, currentJti, currentIat, previousJti, rotatedAt, generation };
    const values = { ...this.key(sid), ...restored, successor: storedId(successor), writtenAt };
    await this.database.run(this.sql.takeBack, values, { limit });
  }

  override async revoke(sid: string, reason: string, now: number): Promise<boolean> {
    return (await this.database.affected(this.sql.revoke, { ...this.key(sid), reason, now })) === 1;
  }

  /**
   * In batches: one UPDATE of a million rows holds an embedded database's process for seconds, and takes longer than a
   * statement may. One that is written a minute after the first says so, or polls pass it over.
   */
  override async revokeAll(reason: string, now: number, moment: () => number): Promise<number> {
    const { realm } = this;
    let revoked = 0;
    for (let after = ''; ;) {
      const rows = await this.database.rows(this.sql.nextToRevoke, { realm, after, now });
      const last = rows.at(-1);
      if (last === undefined) return revoked;
      const sids = Object.fromEntries(rows.map(({ sid }, index) => [`sid${String(index)}`, sid as string]));
      revoked += await this.database.affected(this.sql.revokeEach(rows.length), () => {
        return { ...sids, realm, reason, now: moment() };
      });
      after = last['sid'] as string;
      await setImmediate();
    }
  }

  override async findLive(userId: string, now: number, usedAfter: number): Promise<Session[]> {
    const values = { ...this.owner(userId), now, usedAfter };
    return (await this.database.rows(this.sql.findLive, values)).map(sessionOf);
  }

  override async findSignedInBefore(userId: string, before: number): Promise<Session[]> {
    const values = { ...this.owner(userId), before };
    return (await this.database.rows(this.sql.findSignedInBefore, values)).map(sessionOf);
  }

  override async findSignedInFrom(moment: number): Promise<Pick<Session, 'sid' | 'endsAt'>[]> {
    const rows = await this.database.rows(this.sql.findSignedInFrom, { realm: this.realm, moment });
    return rows.map((row) => ({ sid: row['sid'] as string, endsAt: Number(row['ends_at']) }));
  }

  override purge(before: number, isStopped: () => boolean): Promise<number> {
    const ended = 'realm = :realm AND expires_at < :before AND access_until < :before';
    const rows = { table: this.database.tables.session, key: ['sid'], ended };
    return purgeRows(this.database, rows, { realm: this.realm, before }, isStopped);
  }

  private key(sid: string): SqlValues {
    return { sid: assertStoredId(sid), realm: this.realm };
  }

  private owner(userId: string): SqlValues {
    return { userId: assertStoredId(userId), realm: this.realm };
  }

  private extension({ sid, currentJti, keyRealm, moment, expiresAt, accessUntil }: SessionExtension): () => SqlValues {
    const known = { ...this.key(sid), currentJti: assertStoredId(currentJti), keyRealm, expiresAt, accessUntil };
    return () => ({ ...known, ...moment() });
  }
}

function one([row]: readonly Record<string, unknown>[]): Session | null {
  return row === undefined ? null : sessionOf(row);
}
