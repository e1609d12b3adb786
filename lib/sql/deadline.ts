import type { SqlDialect, SqlValue } from './sql-executor.js';

/** How a statement says its deadline, in SQL with the parameters `:deadline` and `:lockTimeout`. */
export interface DeadlineSql {
  /** For the WHERE of an UPDATE. It holds up to the deadline; afterwards it is an error, and not `false`: "no such row" would be another answer. */
  readonly condition: string;
  /** 0 up to the deadline, and an error afterwards; for a number that is inserted. */
  readonly zero: string;
}

/** For a database that keeps no deadline, and where its clock is not known yet. */
export const NO_DEADLINE: DeadlineSql = { condition: '1 = 1', zero: '0' };

/**
 * `clock_timestamp()` runs on while a statement waits for a table. It is not asked again after a wait for a row that
 * nobody changed, so that wait gets a limit of its own; `true` keeps it to this statement.
 */
const POSTGRES_ZERO = '0 / CASE WHEN clock_timestamp() < to_timestamp(:deadline) THEN 1 ELSE 0 END';
const POSTGRES: DeadlineSql = {
  zero: POSTGRES_ZERO,
  condition: `set_config('lock_timeout', :lockTimeout, true) IS NOT NULL AND ${POSTGRES_ZERO} = 0`,
};

/**
 * `SYSDATE` runs on while a statement waits, `NOW` is its start. Their difference is free of the time zone and its
 * changes, as is `UTC_TIMESTAMP`. `EXP(710)` is out of range, the one error that is raised in every SQL mode.
 */
const MARIADB_ZERO =
  '0 * EXP(IF(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), :deadline) >' +
  ' TIMESTAMPDIFF(MICROSECOND, NOW(6), SYSDATE(6)), 0, 710))';
const MARIADB: DeadlineSql = { zero: MARIADB_ZERO, condition: `${MARIADB_ZERO} = 0` };

/**
 * By when a statement takes effect, or never. It is part of the statement, because nothing else holds: a process that
 * gives a statement up cannot know whether the server gets it later, or has it waiting for a lock.
 */
export const DEADLINE_SQL: Readonly<Record<SqlDialect, DeadlineSql>> = {
  sqlite: NO_DEADLINE,
  postgres: POSTGRES,
  mariadb: MARIADB,
};

/**
 * The parameters of {@link DeadlineSql}.
 *
 * @param milliseconds - from now
 * @param serverNow - what the server's clock says, in milliseconds since the epoch
 */
export function deadlineValues(
  dialect: SqlDialect,
  milliseconds: number,
  serverNow: number,
): Record<'deadline' | 'lockTimeout', SqlValue> {
  const at = serverNow + milliseconds;
  return {
    // PostgreSQL's seconds, as text for their fraction; MariaDB's words of a moment in UTC.
    deadline:
      dialect === 'postgres' ? (at / 1000).toFixed(3) : new Date(at).toISOString().slice(0, -1).replace('T', ' '),
    lockTimeout: String(Math.max(1, Math.round(milliseconds))),
  };
}
