import { QueryFailedError, QueryResult, type DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/** What is used of a database of better-sqlite3. */
interface Database {
  pragma(text: string, options: { simple: true }): unknown;
  prepare(sql: string): Statement;
}

interface Statement {
  readonly reader: boolean;
  all(...parameters: unknown[]): Record<string, unknown>[];
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint };
}

/**
 * An entity manager on a runner, whose statements on better-sqlite3 fail at once, with SQLITE_BUSY, where another process
 * has the database locked; so they can be sent again between other work. Its own wait for a lock, `busy_timeout`, is five
 * seconds and synchronous: nothing else of the process runs meanwhile. The application, which shares the runner, keeps
 * it: it is set for one statement, in one go.
 */
export function managerOf(runner: QueryRunner, dataSource: DataSource): EntityManager {
  if (dataSource.options.type !== 'better-sqlite3') return runner.manager;
  const { databaseConnection } = dataSource.driver as unknown as { databaseConnection: Database };
  const query = (sql: string, given: unknown[] = [], structured = false): Promise<unknown> => {
    const parameters = given.map((value) => (typeof value === 'boolean' ? Number(value) : value));
    dataSource.logger.logQuery(sql, parameters, runner);
    return new Promise((resolve, reject) => {
      try {
        const result = withoutWait(databaseConnection, () => execute(databaseConnection.prepare(sql), parameters));
        resolve(structured ? result : result.raw);
      } catch (error) {
        reject(new QueryFailedError(sql, parameters, error as Error));
      }
    });
  };
  return dataSource.createEntityManager(Object.assign(Object.create(runner) as QueryRunner, { query } as object));
}

function withoutWait<T>(database: Database, work: () => T): T {
  const before = Number(database.pragma('busy_timeout', { simple: true }));
  database.pragma('busy_timeout = 0', { simple: true });
  try {
    return work();
  } finally {
    database.pragma(`busy_timeout = ${String(before)}`, { simple: true });
  }
}

function execute(statement: Statement, parameters: readonly unknown[]): QueryResult {
  const result = new QueryResult();
  if (statement.reader) {
    result.raw = result.records = statement.all(...parameters);
  } else {
    const { changes, lastInsertRowid } = statement.run(...parameters);
    result.affected = changes;
    result.raw = lastInsertRowid;
  }
  return result;
}
