import type { DataSource, QueryRunner } from 'typeorm';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { endOf, OverdueError, within } from '../clock/time-limit.js';
import { SqlExecutor, type SqlCall, type SqlDialect, type SqlResult } from '../sql/sql-executor.js';
import { briefly } from './brief-lock.js';
import { connectionsBeingMade, discard } from './connections.js';
import { inIndexOrder } from './index-order.js';
import { watchPools } from './pool-errors.js';

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  'better-sqlite3': 'sqlite',
  sqlite: 'sqlite',
  sqljs: 'sqlite',
  postgres: 'postgres',
  mysql: 'mariadb',
  mariadb: 'mariadb',
};

/**
 * Runs statements on the application's TypeORM data source, and all of them on the primary: TypeORM sends SELECTs to a
 * slave otherwise, and a slave that is behind forgets revocations.
 *
 * A statement that does not answer in time loses its connection: given back to the pool it would hold the application up,
 * and nothing that is said on it later could be believed.
 */
export class TypeormExecutor extends SqlExecutor {
  override readonly dialect: SqlDialect;
  /** Those that have a statement, or wait for a connection for one. */
  private readonly held = new Set<QueryRunner>();
  private becameIdle: (() => void) | undefined;

  /** @throws JwtoConfigurationError for a database that is not supported */
  constructor(private readonly dataSource: DataSource) {
    super();
    const { type } = dataSource.options;
    const dialect = DIALECTS[type];
    if (dialect === undefined) {
      throw new JwtoConfigurationError(
        `the database type "${type}" is not supported: use PostgreSQL, MariaDB, MySQL or SQLite`,
      );
    }
    this.dialect = dialect;
    watchPools(dataSource);
  }

  override async run(call: SqlCall): Promise<SqlResult> {
    const giveUp = performance.now() + call.patience;
    const runner = this.dataSource.createQueryRunner('master');
    this.held.add(runner);
    let isLate = false;
    try {
      await this.connect(runner, call.patience);
      const left = Math.min(call.limit, giveUp - performance.now());
      return await within(left, this.send(runner, call));
    } catch (error) {
      isLate = error instanceof OverdueError;
      throw (error as { driverError?: unknown }).driverError ?? error;
    } finally {
      if (isLate) discard(runner);
      else await runner.release().catch(() => undefined);
      this.held.delete(runner);
      if (this.held.size === 0) this.becameIdle?.();
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

  /** Async, so that what a driver throws at once rejects like everything else. */
  private async send(runner: QueryRunner, call: SqlCall): Promise<SqlResult> {
    const ask = async (): Promise<SqlResult> => {
      const sender = briefly(runner, this.dataSource);
      const parameters = [...call.parameters];
      if (call.sql.startsWith('SELECT')) {
        const rows = (await sender.query(call.sql, parameters)) as Record<string, unknown>[];
        return { rows, affected: 0 };
      }
      const { affected } = await sender.query(call.sql, parameters, true);
      return { rows: [], affected: affected ?? 0 };
    };
    return call.inIndexOrder && this.dialect === 'postgres' ? inIndexOrder(runner, ask) : ask();
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
}
