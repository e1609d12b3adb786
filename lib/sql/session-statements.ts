import { SESSION_COLUMNS } from './session-rows.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqlStatement } from './sql-statement.js';

/** So many sessions are revoked by one statement. */
export const REVOKE_BATCH = 500;

/** What a refresh asks of a session. */
const ALIVE = 'revoked_at IS NULL AND expires_at > :aliveAt AND ends_at > :aliveAt AND last_used_at > :usedAfter';
/** Never backwards: a parallel refresh of the other kind may have moved it meanwhile. */
const EXTENSION =
  'expires_at = CASE WHEN expires_at > :expiresAt THEN expires_at ELSE :expiresAt END,' +
  ' access_until = CASE WHEN access_until > :accessUntil THEN access_until ELSE :accessUntil END';
const CURRENT = 'sid = :sid AND realm = :realm AND current_jti = :currentJti';

/** The statements about sessions, as texts that are made once. */
export class SessionStatements {
  readonly insert: SqlStatement;
  readonly remove: SqlStatement;
  readonly find: SqlStatement;
  readonly findUnblocked: SqlStatement;
  readonly findLive: SqlStatement;
  readonly findSignedInBefore: SqlStatement;
  readonly findSignedInFrom: SqlStatement;
  readonly rotate: SqlStatement;
  readonly extend: SqlStatement;
  readonly takeBack: SqlStatement;
  readonly revoke: SqlStatement;
  /** The next sessions to revoke, by their id. */
  readonly nextToRevoke: SqlStatement;

  constructor(private readonly database: SqlDatabase) {
    const { session, blocklist } = database.tables;
    const columns = Object.values(SESSION_COLUMNS);
    const select = `SELECT ${columns.join(', ')} FROM ${session}`;
    const ofUser = `${select} WHERE user_id = :userId AND realm = :realm AND revoked_at IS NULL`;
    const entry = `SELECT 1 FROM ${blocklist} entry WHERE entry.realm = :realm AND`;
    const ofSignIns = "(entry.kind = 'user' AND entry.value = :userId OR entry.kind = 'all' AND entry.value = '*')";

    this.insert = database.statement(({ zero }) => {
      const values = Object.keys(SESSION_COLUMNS).map((member) =>
        member === 'generation' ? `0 + ${zero}` : `:${member}`,
      );
      return `INSERT INTO ${session} (${columns.join(', ')}) VALUES (${values.join(', ')})`;
    });
    this.remove = database.statement(() => `DELETE FROM ${session} WHERE sid = :sid AND realm = :realm`);
    this.find = database.statement(() => `${select} WHERE sid = :sid AND realm = :realm`);
    this.findUnblocked = database.statement(
      () =>
        `${select} WHERE sid = :sid AND realm = :realm AND user_id = :userId` +
        ` AND NOT EXISTS (${entry} entry.kind = 'session' AND entry.value = :sid)` +
        ` AND NOT EXISTS (${entry} ${ofSignIns} AND entry.revoked_at > signed_in_at)`,
    );
    this.findLive = database.statement(
      () =>
        `${ofUser} AND expires_at > :now AND ends_at > :now AND last_used_at > :usedAfter` +
        ' ORDER BY signed_in_at DESC, sid DESC',
    );
    this.findSignedInBefore = database.statement(() => `${ofUser} AND signed_in_at <= :before`);
    // An index finds them by their access tokens.
    this.findSignedInFrom = database.statement(
      () =>
        `SELECT sid, ends_at FROM ${session} WHERE realm = :realm AND access_until > :moment` +
        ' AND revoked_at IS NULL AND signed_in_at >= :moment',
    );
    this.rotate = database.statement(
      ({ condition }) =>
        // MariaDB assigns from left to right: `previous` comes before `current`.
        `UPDATE ${session} SET key_realm = :keyRealm, ${EXTENSION}, last_used_at = :now, previous_jti = current_jti,` +
        ' current_jti = :successor, current_iat = :successorIat, rotated_at = :now, generation = generation + 1' +
        ` WHERE ${CURRENT} AND ${ALIVE} AND (rotated_at IS NULL OR rotated_at <= :notSince) AND ${condition}`,
    );
    this.extend = database.statement(
      ({ condition }) =>
        // A rotation that is taken back on condition of its moment must not take this one for its own.
        `UPDATE ${session} SET key_realm = :keyRealm, ${EXTENSION}, last_used_at =` +
        ' CASE WHEN last_used_at BETWEEN :now AND :now + 1000 THEN last_used_at + 1 ELSE :now END' +
        ` WHERE ${CURRENT} AND ${ALIVE} AND ${condition}`,
    );
    this.takeBack = database.statement(
      ({ condition }) =>
        `UPDATE ${session} SET key_realm = :keyRealm, current_jti = :currentJti, current_iat = :currentIat,` +
        ' previous_jti = :previousJti, rotated_at = :rotatedAt, generation = :generation' +
        ' WHERE sid = :sid AND realm = :realm AND current_jti = :successor AND rotated_at = :writtenAt' +
        ` AND last_used_at = :writtenAt AND revoked_at IS NULL AND ${condition}`,
    );
    this.revoke = database.statement(
      ({ condition }) =>
        `UPDATE ${session} SET revoked_at = :now, revoked_reason = :reason` +
        ` WHERE sid = :sid AND realm = :realm AND revoked_at IS NULL AND ${condition}`,
    );
    this.nextToRevoke = database.statement(
      () =>
        `SELECT sid FROM ${session} WHERE realm = :realm AND sid > :after AND revoked_at IS NULL` +
        ` AND signed_in_at <= :now ORDER BY sid LIMIT ${String(REVOKE_BATCH)}`,
    );
  }

  /** Revokes so many sessions by their ids, `:sid0` and on. */
  revokeEach(count: number): SqlStatement {
    const sids = Array.from({ length: count }, (_, index) => `:sid${String(index)}`).join(', ');
    return this.database.statement(
      ({ condition }) =>
        `UPDATE ${this.database.tables.session} SET revoked_at = :now, revoked_reason = :reason` +
        ` WHERE realm = :realm AND sid IN (${sids}) AND revoked_at IS NULL AND ${condition}`,
    );
  }
}
