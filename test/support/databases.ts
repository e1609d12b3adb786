import { jwtoEntities, jwtoMigrations } from 'jwto';
import type { DataSourceOptions } from 'typeorm';

/** A database that the suites run on: SQLite always, a server where its URL is set. */
export interface TestDatabase {
  readonly name: 'SQLite' | 'PostgreSQL' | 'MariaDB';
  /** Options of a new, empty database with our tables; `migrationsRun` makes them. */
  options(): DataSourceOptions;
}

const entities = [...jwtoEntities];
const migrations = [...jwtoMigrations];
const worker = process.env['VITEST_POOL_ID'] ?? '0';

const sqlite: TestDatabase = {
  name: 'SQLite',
  options: () => ({ type: 'better-sqlite3', database: ':memory:', entities, migrations, migrationsRun: true }),
};

const postgres: TestDatabase = {
  name: 'PostgreSQL',
  options: () => ({
    type: 'postgres',
    url: process.env['TEST_POSTGRES_URL'] ?? '',
    schema: `jwto_${worker}`,
    entities,
    migrations,
    migrationsRun: true,
    dropSchema: true,
  }),
};

const mariadb: TestDatabase = {
  name: 'MariaDB',
  options: () => ({
    type: 'mariadb',
    url: `${process.env['TEST_MARIADB_URL'] ?? ''}_${worker}`,
    entities,
    migrations,
    migrationsRun: true,
    dropSchema: true,
  }),
};

/** The databases of this run. `npm test` alone uses the embedded one; CI sets the URLs of the others. */
export const DATABASES: readonly TestDatabase[] = [
  sqlite,
  ...(process.env['TEST_POSTGRES_URL'] ? [postgres] : []),
  ...(process.env['TEST_MARIADB_URL'] ? [mariadb] : []),
];

/** The embedded database, for suites where the database does not matter. */
export const SQLITE = sqlite;
