import type { SqlDatabase } from './sql-database.js';
import type { SqlDialect } from './sql-executor.js';
import type { SqlStatement } from './sql-statement.js';

const KEY = 'realm = :realm AND kind = :kind AND value = :value';
const COLUMNS = 'realm, kind, value, revoked_at, expires_at, reason';
const OF_SIGN_INS = "(kind = 'user' AND value = :userId OR kind = 'all' AND value = '*')";

/** What is there already stays. MariaDB's `INSERT IGNORE` would ignore the deadline too. */
const KEEP: Readonly<Record<SqlDialect, string>> = {
  sqlite: 'ON CONFLICT DO NOTHING',
  postgres: 'ON CONFLICT DO NOTHING',
  mariadb: 'ON DUPLICATE KEY UPDATE reason = reason',
};
/** The type of a moment, which PostgreSQL does not see in a sum. */
const BIGINT: Readonly<Record<SqlDialect, (value: string) => string>> = {
  sqlite: (value) => value,
  postgres: (value) => `CAST(${value} AS BIGINT)`,
  mariadb: (value) => value,
};

/** The statements about revocations, as texts that are made once. */
export class RevocationStatements {
  readonly insert: SqlStatement;
  /** Moves the times of an entry to later ones. */
  readonly postpone: SqlStatement;
  readonly remove: SqlStatement;
  readonly renew: SqlStatement;
  /** What of a user, or of everybody, was revoked after a moment. */
  readonly findLater: SqlStatement;
  /** What blocks an access token. */
  readonly findBlocking: SqlStatement;

  constructor(private readonly database: SqlDatabase) {
    const { session, blocklist } = database.tables;
    const moment = BIGINT[database.executor.dialect];
    this.insert = database.statement(
      ({ zero }) =>
        `INSERT INTO ${blocklist} (${COLUMNS})` +
        ` VALUES (:realm, :kind, :value, ${moment(':revokedAt')} + ${zero}, :expiresAt, :reason)`,
    );
    this.postpone = database.statement(
      ({ condition }) =>
        `UPDATE ${blocklist} SET revoked_at = :revokedAt, expires_at = :expiresAt, reason = :reason` +
        ` WHERE ${KEY} AND revoked_at < :revokedAt AND ${condition}`,
    );
    this.remove = database.statement(() => `DELETE FROM ${blocklist} WHERE ${KEY}`);
    this.renew = database.statement(
      () =>
        `UPDATE ${blocklist} SET revoked_at = :now, expires_at = :until` +
        ` WHERE ${KEY} AND (expires_at <= :now OR expires_at > :latest)`,
    );
    this.findLater = database.statement(
      () =>
        `SELECT realm FROM ${blocklist} WHERE realm = :realm AND ${OF_SIGN_INS} AND revoked_at > :signedInAt LIMIT 1`,
    );
    this.findBlocking = database.statement(
      () =>
        `SELECT sid AS id FROM ${session} WHERE sid = :sid AND revoked_at IS NOT NULL` +
        ` UNION ALL SELECT realm AS id FROM ${blocklist} WHERE realm = :realm` +
        ` AND (kind = 'token' AND value = :token OR kind = 'session' AND value = :sid` +
        ` OR ${OF_SIGN_INS} AND revoked_at >= :since)`,
    );
  }

  /** Adds so many entries, `:kind0`, `:value0` and on; what is there already stays. */
  insertEach(count: number): SqlStatement {
    const { tables, executor } = this.database;
    const moment = BIGINT[executor.dialect];
    return this.database.statement(({ zero }) => {
      const rows = Array.from({ length: count }, (_, index) => {
        const of = (member: string): string => `:${member}${String(index)}`;
        return `(:realm, ${of('kind')}, ${of('value')}, ${moment(of('revokedAt'))} + ${zero}, ${of('expiresAt')}, ${of('reason')})`;
      });
      return `INSERT INTO ${tables.blocklist} (${COLUMNS}) VALUES ${rows.join(', ')} ${KEEP[executor.dialect]}`;
    });
  }
}
