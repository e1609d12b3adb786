import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OverdueError } from '../clock/time-limit.js';
import { JwtoError } from '../errors/jwto-error.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { deadlineValues } from './deadline.js';
import { isLostRace, isPastDeadline } from './lost-race.js';
import { ServerClock } from './server-clock.js';
import type { SqlCall, SqlExecutor, SqlResult } from './sql-executor.js';
import { statement, valuesOf, type SqlStatement, type SqlValues } from './sql-statement.js';

/** Longest pause before a statement that lost a race is sent again, in milliseconds. */
const LONGEST_PAUSE = 100;
/** A statement, and the wait for a connection of the pool, may take so long; milliseconds. */
const STATEMENT_LIMIT = 5000;
/** So long after a failure other statements may be unsettled; milliseconds. */
const TROUBLE = 30_000;
/** At most one failure is logged in so many milliseconds. */
const QUIET = 10_000;

/** How a statement is run. */
export interface RunOptions {
  /** How long it may take once it has a connection, in milliseconds. @defaultValue 5000, with the wait for one */
  limit?: number | undefined;
  /** As {@link SqlCall.inIndexOrder}. @defaultValue false */
  inIndexOrder?: boolean;
  /** An error of the driver that is an answer, and rejects as it is. */
  passes?: (error: unknown) => boolean;
}

/**
 * A database as this library uses it. Every statement stands by itself: a transaction would be rolled back by the refusal
 * that it led to, and better-sqlite3 has one for the whole process.
 */
export class SqlDatabase {
  /** By what the database's own clock says a statement is late. */
  readonly serverClock = new ServerClock();
  private readonly logger = new Logger('Jwto');
  private quietUntil = Number.NEGATIVE_INFINITY;
  private failedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly executor: SqlExecutor,
    /** The names of the tables, escaped for SQL. */
    readonly tables: { readonly session: string; readonly blocklist: string },
  ) {}

  /** Whether a statement failed in the last half minute: what was given up may not be settled everywhere. */
  get isTroubled(): boolean {
    return performance.now() - this.failedAt < TROUBLE;
  }

  /** A statement in the database's dialect, to be kept. */
  statement(write: Parameters<typeof statement>[1]): SqlStatement {
    return statement(this.executor.dialect, write);
  }

  /**
   * Runs a statement. One that lost a race is sent again, so it must be right when repeated. What writes has the deadline
   * in its SQL: then it is written by then or never.
   *
   * @param values - computed when the statement is sent
   * @throws StoreUnavailableError whatever the database says; the cause is logged
   */
  async run(sql: SqlStatement, values: SqlValues | (() => SqlValues), options: RunOptions = {}): Promise<SqlResult> {
    const giveUp = performance.now() + STATEMENT_LIMIT;
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.executor.run(this.call(sql, values, giveUp, options));
      } catch (error) {
        if (options.passes?.(error) === true) throw error;
        if (error instanceof JwtoError && !(error instanceof OverdueError)) throw error;
        const isTooLate = performance.now() > giveUp;
        // Refused by its deadline before that: the server's clock was set. Nothing was written.
        if (isPastDeadline(error) && !isTooLate) this.serverClock.forget();
        else if (!isLostRace(error) || isTooLate) throw this.failure(error);
      }
      // A hundred that try again at once lose again at once.
      await sleep(Math.random() * pause);
    }
  }

  /** The rows of a SELECT. @throws StoreUnavailableError */
  async rows(
    sql: SqlStatement,
    values: SqlValues = {},
    options?: RunOptions,
  ): Promise<readonly Record<string, unknown>[]> {
    return (await this.run(sql, values, options)).rows;
  }

  /** How many rows a write changed. @throws StoreUnavailableError */
  async affected(sql: SqlStatement, values: SqlValues | (() => SqlValues), options?: RunOptions): Promise<number> {
    return (await this.run(sql, values, options)).affected;
  }

  private call(
    { timely, untimed }: SqlStatement,
    values: SqlValues | (() => SqlValues),
    giveUp: number,
    { limit = STATEMENT_LIMIT, inIndexOrder = false }: RunOptions,
  ): SqlCall {
    const { serverClock } = this;
    const { dialect } = this.executor;
    const compiled = serverClock.now() === undefined ? untimed : timely;
    const patience = giveUp - performance.now();
    return {
      sql: compiled.text,
      get parameters() {
        const left = Math.min(limit, giveUp - performance.now());
        const deadline = deadlineValues(dialect, left, serverClock.now() ?? 0);
        return valuesOf(compiled, { ...(typeof values === 'function' ? values() : values), ...deadline });
      },
      limit,
      patience,
      inIndexOrder,
    };
  }

  private failure(error: unknown): StoreUnavailableError {
    this.failedAt = performance.now();
    this.log(error instanceof OverdueError ? error.cause : error);
    return error instanceof OverdueError ? error : new StoreUnavailableError(error);
  }

  /** A database that is down fails many statements a second, all for the same reason. */
  private log(error: unknown): void {
    if (performance.now() < this.quietUntil) return;
    this.quietUntil = performance.now() + QUIET;
    const details = error instanceof Error ? error.stack : String(error);
    this.logger.error('The database did not answer a statement of jwto', details);
  }
}
