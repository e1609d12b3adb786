import type { DataSource, QueryRunner } from 'typeorm';

/** What is used of a database of better-sqlite3. */
interface Database {
  pragma(text: string, options: { simple: true }): unknown;
}

/** And of a prepared statement. */
interface Statement {
  readonly reader: boolean;
  all(...parameters: unknown[]): unknown;
  run(...parameters: unknown[]): unknown;
}

/** TypeORM's runner for better-sqlite3, beside the interface. */
interface SqliteRunner {
  getStmt(sql: string): Promise<Statement>;
}

/**
 * A runner whose statements on better-sqlite3 fail at once, with SQLITE_BUSY, where another process
 * has the database locked; so they can be sent again between other work. Its own wait for a lock, `busy_timeout`, is five
 * seconds and synchronous: nothing else of the process runs meanwhile. The application, which shares the runner, keeps
 * it: it is set while a statement of ours executes, in one go.
 */
export function briefly(runner: QueryRunner, dataSource: DataSource): QueryRunner {
  if (dataSource.options.type !== 'better-sqlite3') return runner;
  const { databaseConnection } = dataSource.driver as unknown as { databaseConnection: Database };
  const getStmt = async (sql: string): Promise<Statement> => {
    const statement = await (runner as unknown as SqliteRunner).getStmt(sql);
    return {
      reader: statement.reader,
      all: (...parameters) => withoutWait(databaseConnection, () => statement.all(...parameters)),
      run: (...parameters) => withoutWait(databaseConnection, () => statement.run(...parameters)),
    };
  };
  return Object.assign(Object.create(runner) as QueryRunner, { getStmt } as object);
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
