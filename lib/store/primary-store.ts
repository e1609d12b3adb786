import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { JwtoError } from '../errors/jwto-error.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { endOf, OverdueError, within } from '../clock/time-limit.js';
import { managerOf } from '../typeorm/brief-lock.js';
import { connectionsBeingMade, discard } from '../typeorm/connections.js';
import { Deadline } from './deadline.js';
import { inIndexOrder } from './index-order.js';
import { isLostRace, isPastDeadline } from './lost-race.js';
import { watchPools } from '../typeorm/pool-errors.js';
import { ServerClock } from './server-clock.js';
import { escapeSql } from '../typeorm/typeorm-versions.js';

/** Longest pause before a statement that lost a race is sent again, in milliseconds. */
const LONGEST_PAUSE = 100;
/** A statement, and the wait for a connection of the pool, may take so long; milliseconds. */
const STATEMENT_LIMIT = 5000;
/** So long after a failure other statements may be unsettled; milliseconds. */
const TROUBLE = 30_000;
/** At most one failure is logged in so many milliseconds. */
const QUIET = 10_000;

/** Work that throws at once rejects like any other, so that what follows it always runs. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

/**
 * The database as this library uses it. Every statement, a read too, runs on the primary: TypeORM sends SELECTs to a
 * slave otherwise, and a slave that is behind forgets revocations. Every statement stands by itself: a transaction
 * would be rolled back by the refusal that it led to, and better-sqlite3 has one for the whole process.
 *
 * A statement that does not answer in time loses its connection: given back to the pool it would hold the application
 * up, and nothing that is said on it later could be believed.
 */
export class PrimaryStore {
  /** By what the database's own clock says a statement is late. */
  readonly serverClock = new ServerClock();
  private readonly logger = new Logger('Jwto');
  private quietUntil = Number.NEGATIVE_INFINITY;
  private failedAt = Number.NEGATIVE_INFINITY;
  /** Those that have a statement, or wait for a connection for one. */
  private readonly held = new Set<QueryRunner>();
  private becameIdle: (() => void) | undefined;

  constructor(readonly dataSource: DataSource) {
    watchPools(dataSource);
  }

  /** Whether a statement failed in the last half minute: what was given up may not be settled everywhere. */
  get isTroubled(): boolean {
    return performance.now() - this.failedAt < TROUBLE;
  }

  /**
   * Runs SQL with `:name` parameters on the primary, for what TypeORM's query builder cannot say.
   *
   * @throws {@link StoreUnavailableError} whatever the database says
   */
  query(sql: string, parameters: Record<string, string | number> = {}): Promise<Record<string, unknown>[]> {
    const [escaped, values] = escapeSql(this.dataSource, sql, parameters);
    return this.run((manager) => manager.query(escaped, values));
  }

  /**
   * The same, for a page of very many rows in the order of an index.
   *
   * @throws {@link StoreUnavailableError} whatever the database says
   */
  queryPage(sql: string, parameters: Record<string, string | number>): Promise<Record<string, unknown>[]> {
    const [escaped, values] = escapeSql(this.dataSource, sql, parameters);
    return this.run((manager) => inIndexOrder(manager, () => manager.query(escaped, values)));
  }

  /** The name of an entity's table, escaped for SQL. */
  table(entity: EntityTarget<ObjectLiteral>): string {
    const { tablePath } = this.dataSource.getMetadata(entity);
    return tablePath
      .split('.')
      .map((part) => this.dataSource.driver.escape(part))
      .join('.');
  }

  /**
   * Runs statements on the primary. One that lost a race is sent again, so the work must be right when repeated. What
   * writes puts the {@link Deadline} into its statement: then it is written by then or never.
   *
   * @param limit - how long the work may take once it has a connection, in milliseconds; with the wait for one, 5 s
   * @throws {@link StoreUnavailableError} whatever else the database says; the cause is logged
   */
  async run<T>(work: (manager: EntityManager, deadline: Deadline) => Promise<T>, limit = STATEMENT_LIMIT): Promise<T> {
    const giveUp = performance.now() + STATEMENT_LIMIT;
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.once(work, limit, giveUp);
      } catch (error) {
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

  private async once<T>(
    work: (manager: EntityManager, deadline: Deadline) => Promise<T>,
    limit: number,
    giveUp: number,
  ): Promise<T> {
    const runner = this.dataSource.createQueryRunner('master');
    this.held.add(runner);
    let isLate = false;
    try {
      await this.connect(runner, giveUp - performance.now());
      const left = Math.min(limit, giveUp - performance.now());
      const deadline = new Deadline(this.dataSource.options.type, left, this.serverClock.now());
      return await within(
        left,
        attempt(() => work(managerOf(runner, this.dataSource), deadline)),
      );
    } catch (error) {
      isLate = error instanceof OverdueError;
      throw error;
    } finally {
      if (isLate) discard(runner);
      else await runner.release().catch(() => undefined);
      this.held.delete(runner);
      if (this.held.size === 0) this.becameIdle?.();
    }
  }

  /** Waits for a connection; those that were being made for it and are not there by then are closed. */
  private async connect(runner: QueryRunner, limit: number): Promise<void> {
    const connected = runner.connect();
    let making: (() => void)[] = [];
    // TypeORM asks its pool some microtasks later.
    setImmediate(() => (making = connectionsBeingMade(this.dataSource)));
    try {
      await within(limit, connected, 'a connection of the pool');
    } catch (error) {
      // It may come after all; nobody waits for it.
      connected.then(() => runner.release()).catch(() => undefined);
      if (error instanceof OverdueError) for (const close of making) close();
      throw error;
    }
  }

  /**
   * The application ends. TypeORM closes a pool when every connection is back, and each is within five seconds.
   *
   * @returns when no connection is held any more
   */
  async close(): Promise<void> {
    if (this.held.size === 0) return;
    await endOf(new Promise<void>((resolve) => (this.becameIdle = resolve)));
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
