import { StoreClock } from '../store/store-clock.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqlDialect } from './sql-executor.js';

/** Milliseconds since the epoch, of the server's own clock and free of its time zone. SQLite's is this machine's, and is not asked. */
const NOW_SQL: Readonly<Record<SqlDialect, string>> = {
  sqlite: "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now",
  postgres: 'SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now',
  // UTC all the way: `UNIX_TIMESTAMP(NOW(3))` is an hour off while a zone's hour comes twice in autumn.
  mariadb: "SELECT CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS UNSIGNED) AS now",
};

/** The clock of a database's server. */
export class SqlClock extends StoreClock {
  override readonly isEmbedded: boolean;
  private readonly sql;

  constructor(private readonly database: SqlDatabase) {
    super();
    const { dialect } = database.executor;
    this.isEmbedded = dialect === 'sqlite';
    this.sql = database.statement(() => NOW_SQL[dialect]);
  }

  override async now(): Promise<number> {
    const asked = performance.now();
    const [row] = await this.database.rows(this.sql);
    const now = Number(row?.['now']);
    if (!this.isEmbedded) this.database.serverClock.learn(now, asked, performance.now());
    return now;
  }
}
