import type { ColumnOptions, QueryRunner, TableColumnOptions, ValueTransformer } from 'typeorm';
import { dataSourceOf } from './typeorm-versions.js';

/** PostgreSQL's and MySQL's drivers give a bigint as text. */
const asNumber: ValueTransformer = {
  from: (value: string | number | null) => (value === null ? null : Number(value)),
  to: (value: number | null) => value,
};

/** A time in integer milliseconds: MariaDB's Date columns drop them, and PostgreSQL's have no zone. */
export const milliseconds: ColumnOptions = { type: 'bigint', transformer: asNumber };

/**
 * The collation that compares ids byte by byte. MariaDB's and MySQL's default makes `alice`, `Alicé` and `Alice ` one
 * user; SQLite and PostgreSQL compare bytes anyway.
 */
export async function idCollation(runner: QueryRunner): Promise<string | undefined> {
  const { type } = dataSourceOf(runner).options;
  if (type !== 'mysql' && type !== 'mariadb') return undefined;
  const rows = (await runner.query('SELECT VERSION() AS version')) as { version: string }[];
  return rows[0]?.version.includes('MariaDB') ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
}

/** Columns for a migration. */
export interface ColumnKinds {
  /** Compared byte by byte. */
  readonly id: (name: string, more?: Partial<TableColumnOptions>) => TableColumnOptions;
  readonly text: (name: string, length: number) => TableColumnOptions;
  readonly time: (name: string, more?: Partial<TableColumnOptions>) => TableColumnOptions;
}

/** The kinds of columns, in the words of the database that a migration runs on. */
export async function columnKinds(runner: QueryRunner): Promise<ColumnKinds> {
  const collation = await idCollation(runner);
  const binary = collation === undefined ? {} : { charset: 'utf8mb4', collation };
  return {
    id: (name, more) => ({ name, type: 'varchar', length: '191', ...binary, ...more }),
    text: (name, length) => ({ name, type: 'varchar', length: String(length), isNullable: true }),
    time: (name, more) => ({ name, type: 'bigint', ...more }),
  };
}
