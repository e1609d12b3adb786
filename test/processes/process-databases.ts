import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtoEntities, jwtoMigrations } from 'jwto';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** A database that several processes share: new, with our tables. */
export interface ProcessDatabase {
  /** For the processes; JSON. */
  readonly options: DataSourceOptions;
  /** Of each connection of the processes, where the options cannot say it. */
  readonly isolation?: string | undefined;
  /** The test's own connections. */
  readonly dataSource: DataSource;
  drop(): Promise<void>;
}

/** A kind of database, at an isolation level. */
export interface DatabaseKind {
  readonly name: string;
  readonly type: 'SQLite' | 'PostgreSQL' | 'MariaDB';
  readonly create: () => Promise<ProcessDatabase>;
}

const POSTGRES = process.env['TEST_POSTGRES_URL'];
const MARIADB = process.env['TEST_MARIADB_URL'];

function newName(): string {
  return `jwto_p_${randomBytes(6).toString('hex')}`;
}

/** Connects and makes the tables. */
export async function prepare(
  options: DataSourceOptions,
  drop: () => Promise<void> | void,
  isolation?: string,
): Promise<ProcessDatabase> {
  const own = { entities: [...jwtoEntities], migrations: [...jwtoMigrations], migrationsRun: true };
  const dataSource = await new DataSource({ ...options, ...own }).initialize();
  return {
    options,
    isolation,
    dataSource,
    drop: async () => {
      await dataSource.destroy();
      await drop();
    },
  };
}

const sqlite: DatabaseKind = {
  name: 'SQLite',
  type: 'SQLite',
  create: () => {
    const folder = mkdtempSync(join(tmpdir(), 'jwto-processes-'));
    return prepare({ type: 'better-sqlite3', database: join(folder, 'jwto.db'), enableWAL: true }, () => {
      rmSync(folder, { recursive: true });
    });
  },
};

function postgres(isolation: string): DatabaseKind {
  return {
    name: `PostgreSQL, ${isolation}`,
    type: 'PostgreSQL',
    create: async () => {
      const schema = newName();
      const run = async (sql: string): Promise<void> => {
        const client = new pg.Client(POSTGRES);
        await client.connect();
        await client.query(sql);
        await client.end();
      };
      await run(`CREATE SCHEMA ${schema}`);
      const level = isolation.replace(' ', '\\ ');
      const extra = { options: `-c default_transaction_isolation=${level}` };
      return prepare({ type: 'postgres', url: POSTGRES ?? '', schema, extra }, () =>
        run(`DROP SCHEMA ${schema} CASCADE`),
      );
    },
  };
}

function mariadb(isolation: string): DatabaseKind {
  return {
    name: `MariaDB, ${isolation}`,
    type: 'MariaDB',
    create: async () => {
      const database = newName();
      const url = new URL(MARIADB ?? '');
      const run = async (sql: string): Promise<void> => {
        const connection = await createConnection(String(url));
        await connection.query(sql);
        await connection.end();
      };
      await run(`CREATE DATABASE ${database}`);
      const own = new URL(url);
      own.pathname = database;
      return prepare({ type: 'mariadb', url: String(own) }, () => run(`DROP DATABASE ${database}`), isolation);
    },
  };
}

const POSTGRES_LEVELS = ['read committed', 'repeatable read', 'serializable'];
const MARIADB_LEVELS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];

/** Every database of this run at every isolation level that it has. */
export const DATABASES_AT_EVERY_LEVEL: readonly DatabaseKind[] = [
  sqlite,
  ...(POSTGRES ? POSTGRES_LEVELS.map(postgres) : []),
  ...(MARIADB ? MARIADB_LEVELS.map(mariadb) : []),
];

/** Every database of this run, as it is by itself. */
export const PROCESS_DATABASES: readonly DatabaseKind[] = [
  sqlite,
  ...(POSTGRES ? [postgres('read committed')] : []),
  ...(MARIADB ? [mariadb('REPEATABLE READ')] : []),
];

/** Only for suites that ask `HAS_POSTGRES` first. */
export const POSTGRESQL = postgres('read committed');
export const HAS_POSTGRES = Boolean(POSTGRES);
