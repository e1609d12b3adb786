import type { DataSource } from 'typeorm';

/** Notes every statement that is sent by a query runner from now on. */
export function noteStatements(dataSource: DataSource): string[] {
  const statements: string[] = [];
  // SQLite has one runner for all.
  const noted = new WeakSet();
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    if (noted.has(runner)) return runner;
    noted.add(runner);
    const query = runner.query.bind(runner) as (...args: [string, ...unknown[]]) => Promise<unknown>;
    runner.query = ((...args: [string, ...unknown[]]) => {
      statements.push(args[0]);
      return query(...args);
    }) as typeof runner.query;
    return runner;
  };
  return statements;
}
