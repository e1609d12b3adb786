import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
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
/** SQLite runs in this process: its clock is ours. */
const EMBEDDED = new Set(['better-sqlite3', 'sqljs', 'sqlite']);
const WORTH_A_WARNING = 2000;

/** How often the clock is corrected where no replica's poll does it more often; milliseconds. */
const INTERVAL = 60_000;

/** Sets a process's clock by the database's, so that all processes on one database agree what time it is. */
export class DatabaseClock implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Jwto');
  private asking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: PrimaryStore,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.synchronize().catch(() => undefined), INTERVAL);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

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
    const [asked, askedMonotonic] = [this.clock.now(), performance.now()];
    const rows = await this.store.query(sql);
    const answered = this.clock.now();
    const server = Number(rows[0]?.['now']);
    this.store.serverTime.learn(server, askedMonotonic, performance.now());
    const ahead = server - (asked + answered) / 2;
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
