import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { PrimaryStore } from './primary-store.js';

/** UTC all the way: `UNIX_TIMESTAMP(NOW(3))` is an hour off while a zone's hour comes twice in autumn. */
const MYSQL_NOW = "SELECT CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS UNSIGNED) AS now";
/** Milliseconds since the epoch, of the server's own clock and free of its time zone. */
const NOW_SQL: Readonly<Record<string, string>> = {
  postgres: 'SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now',
  mysql: MYSQL_NOW,
  mariadb: MYSQL_NOW,
};
/** SQLite runs in this process: its clock is the machine's. */
const EMBEDDED = new Set(['better-sqlite3', 'sqljs', 'sqlite']);

/** Whether the database has no clock but that of this machine. */
export function isEmbedded({ dataSource }: PrimaryStore): boolean {
  return EMBEDDED.has(dataSource.options.type);
}

/**
 * Asks the database's server what time it is.
 *
 * @returns milliseconds since the epoch
 * @throws JwtoError `store_unavailable`
 * @throws JwtoConfigurationError for a database that has no such question
 */
export async function askServerTime(store: PrimaryStore): Promise<number> {
  const { type } = store.dataSource.options;
  const sql = NOW_SQL[type];
  if (sql === undefined) {
    throw new JwtoConfigurationError(
      `the database type "${type}" is not supported: use PostgreSQL, MariaDB, MySQL or SQLite`,
    );
  }
  const asked = performance.now();
  const rows = await store.query(sql);
  const now = Number(rows[0]?.['now']);
  store.serverClock.learn(now, asked, performance.now());
  return now;
}
