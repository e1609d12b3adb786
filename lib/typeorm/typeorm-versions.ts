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
