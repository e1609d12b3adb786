import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { JwtoError } from '../errors/jwto-error.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { endOf, within } from '../clock/time-limit.js';
import { isLostRace } from './lost-race.js';
import { watchPools } from './pool-errors.js';
import { discard, escapeSql } from './typeorm-versions.js';

/** Longest pause before a statement that lost a race is sent again, in milliseconds. */
const LONGEST_PAUSE = 100;
/** A statement, and the wait for a connection of the pool, may take so long; milliseconds. */
const STATEMENT_LIMIT = 5000;
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
 */
export class PrimaryStore {
  private readonly logger = new Logger('Jwto');
  private quietUntil = Number.NEGATIVE_INFINITY;
  /** Those that have a statement, or wait for a connection for one. */
  private readonly held = new Set<QueryRunner>();
  /** Those of them that nobody waits for any more. */
  private readonly late = new Set<QueryRunner>();
  private becameIdle: (() => void) | undefined;
  private closing = false;

  constructor(readonly dataSource: DataSource) {
    watchPools(dataSource);
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

  /** The name of an entity's table, escaped for SQL. */
  table(entity: EntityTarget<ObjectLiteral>): string {
    const { tablePath } = this.dataSource.getMetadata(entity);
    return tablePath
      .split('.')
      .map((part) => this.dataSource.driver.escape(part))
      .join('.');
  }

  /**
   * Runs statements on the primary. One that lost a race is sent again, so the work must be right when repeated.
   *
   * @param limit - how long the work may take once it has a connection, in milliseconds; with the wait for one, 5 s
   * @throws {@link StoreUnavailableError} whatever else the database says; the cause is logged
   */
  async run<T>(work: (manager: EntityManager) => Promise<T>, limit = STATEMENT_LIMIT): Promise<T> {
    const giveUp = performance.now() + STATEMENT_LIMIT;
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await within(STATEMENT_LIMIT, this.once(work, limit, giveUp));
      } catch (error) {
        if (error instanceof JwtoError) {
          if (error.cause !== undefined) this.log(error.cause);
          throw error;
        }
        if (!isLostRace(error) || performance.now() > giveUp) {
          this.log(error);
          throw new StoreUnavailableError(error);
        }
      }
      // A hundred that try again at once lose again at once.
      await sleep(Math.random() * pause);
    }
  }

  private async once<T>(work: (manager: EntityManager) => Promise<T>, limit: number, giveUp: number): Promise<T> {
    const runner = this.dataSource.createQueryRunner('master');
    this.held.add(runner);
    const lateness = setTimeout(() => {
      this.late.add(runner);
      if (this.closing) this.discardLate();
    }, giveUp - performance.now()).unref();
    const release = (): Promise<void> => {
      clearTimeout(lateness);
      this.late.delete(runner);
      this.letGo(runner);
      return runner.release().catch(() => undefined);
    };
    try {
      await runner.connect();
      // Nobody waits for it any more: what was refused must not be written after all.
      if (performance.now() > giveUp) throw new Error('no connection of the pool came free in time');
    } catch (error) {
      await release();
      throw error;
    }
    // A connection goes back when its statement is done, also if nobody waits for that.
    return within(limit, attempt(() => work(runner.manager)).finally(release));
  }

  /**
   * The application ends: whoever has no answer after 5 s loses the connection, now and from now on. TypeORM closes a
   * pool when every connection is back, which one to a database that does not answer never is.
   *
   * @returns when no connection is held any more; after 5 s at the latest
   */
  async close(): Promise<void> {
    this.closing = true;
    this.discardLate();
    if (this.held.size === 0) return;
    await endOf(new Promise<void>((resolve) => (this.becameIdle = resolve)));
  }

  private discardLate(): void {
    for (const runner of this.late) {
      discard(runner);
      this.letGo(runner);
    }
    this.late.clear();
  }

  private letGo(runner: QueryRunner): void {
    this.held.delete(runner);
    if (this.held.size === 0) this.becameIdle?.();
  }

  /** A database that is down fails many statements a second, all for the same reason. */
  private log(error: unknown): void {
    if (performance.now() < this.quietUntil) return;
    this.quietUntil = performance.now() + QUIET;
    const details = error instanceof Error ? error.stack : String(error);
    this.logger.error('The database did not answer a statement of jwto', details);
  }
}
