import type { DataSource, ObjectLiteral, QueryRunner } from 'typeorm';

/** TypeORM 1 calls it `dataSource`, TypeORM 0.3 `connection`. */
export function dataSourceOf(runner: QueryRunner): DataSource {
  const either = runner as { dataSource?: DataSource; connection: DataSource };
  return either.dataSource ?? either.connection;
}

/** SQL with `:name` parameters in the driver's words; TypeORM 0.3 needs the third argument that TypeORM 1 dropped. */
export function escapeSql(dataSource: DataSource, sql: string, parameters: ObjectLiteral): [string, unknown[]] {
  const driver = dataSource.driver as {
    escapeQueryWithParameters(...args: [string, ObjectLiteral, object]): [string, unknown[]];
  };
  return driver.escapeQueryWithParameters(sql, parameters, {});
}

/** What the runners of the drivers `postgres` and `mysql` have beside the interface. */
interface PooledRunner {
  releasePostgresConnection?: (error: Error) => Promise<void>;
  databaseConnection?: { destroy?: () => void };
}

/** A connection in pg-pool's list. It tells of none that is still being made. */
interface PooledClient {
  _connected?: boolean;
  connection?: { stream?: { destroy(): void } };
}

/**
 * Closes the connection of a runner, whatever runs on it, where the driver can. Its statement fails. Where `pg` still
 * makes one, those that are being made are closed: its pool does not end before.
 */
export function discard(runner: QueryRunner): void {
  const { databaseConnection, releasePostgresConnection } = runner as QueryRunner & PooledRunner;
  if (releasePostgresConnection === undefined) databaseConnection?.destroy?.();
  else if (databaseConnection === undefined) {
    const { master } = dataSourceOf(runner).driver as { master?: { _clients?: PooledClient[] } };
    for (const client of [...(master?._clients ?? [])])
      if (client._connected !== true) client.connection?.stream?.destroy();
  } else releasePostgresConnection.call(runner, new Error('the application ends')).catch(() => undefined);
}
