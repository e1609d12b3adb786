import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { PrimaryStore } from './primary-store.js';

/** Milliseconds since the epoch, of the server's own clock and free of its time zone. */
const NOW_SQL: Readonly<Record<string, string>> = {
  postgres: 'SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now',
  mysql: 'SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED) AS now',
  mariadb: 'SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED) AS now',
};
/** SQLite runs in this process: its clock is ours. */
const EMBEDDED = new Set(['better-sqlite3', 'sqljs', 'sqlite']);
const WORTH_A_WARNING = 2000;

/** Sets a process's clock by the database's, so that all processes on one database agree what time it is. */
export class DatabaseClock {
  private readonly logger = new Logger('Jwto');
  private asking: Promise<void> | undefined;

  constructor(
    private readonly store: PrimaryStore,
    private readonly clock: Clock,
  ) {}

  /** Asks the database for its time, and corrects the clock by the difference. Calls at the same time share one question. */
  synchronize(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(): Promise<void> {
    const { type } = this.store.dataSource.options;
    if (EMBEDDED.has(type)) return;
    const sql = NOW_SQL[type];
    if (sql === undefined) {
      throw new JwtoConfigurationError(
        `the database type "${type}" is not supported: use PostgreSQL, MariaDB, MySQL or SQLite`,
      );
    }
    const asked = this.clock.now();
    const rows = await this.store.query(sql);
    const answered = this.clock.now();
    const ahead = Number(rows[0]?.['now']) - (asked + answered) / 2;
    // Less than the way there and back cannot be told from it.
    if (Math.abs(ahead) <= answered - asked + 1) return;
    this.clock.correct(ahead);
    if (Math.abs(ahead) > WORTH_A_WARNING) {
      this.logger.warn(
        `The database's clock is ${String(Math.round(ahead))} ms ahead of this process; its time is used`,
      );
    }
  }
}
