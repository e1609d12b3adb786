/** The kind of SQL that a database speaks; MySQL is `mariadb`. */
export type SqlDialect = 'sqlite' | 'postgres' | 'mariadb';

/** What a parameter may be. Every number is an integer of at most 53 bits. */
export type SqlValue = string | number | null;

/** A statement as it is sent. */
export interface SqlCall {
  /** With placeholders of the database's own: `$1`, `$2` on PostgreSQL, `?` elsewhere. */
  readonly sql: string;
  /** One for each placeholder. Read it when the statement is sent, and once: times in it are taken at that moment. */
  readonly parameters: readonly SqlValue[];
  /** How long the statement may take once it has a connection, in milliseconds. */
  readonly limit: number;
  /** How long it may take with the wait for a connection, in milliseconds. */
  readonly patience: number;
  /** Whether it asks for a page of very many rows in the order of an index, which the planner should use. */
  readonly inIndexOrder: boolean;
}

/** What a database answers. */
export interface SqlResult {
  /**
   * By column, in lower case. An integer is a number, a bigint or its decimal text; a text is a string; NULL is `null`.
   */
  readonly rows: readonly Record<string, unknown>[];
  /** How many rows an INSERT, UPDATE or DELETE changed or matched; 0 for a SELECT. */
  readonly affected: number;
}

/** Sends one statement. All that a database needs beyond SQL to be a `JwtoStore`. */
export abstract class SqlExecutor {
  abstract readonly dialect: SqlDialect;

  /**
   * Sends a statement to the primary, outside of any transaction, on a connection of its own.
   *
   * Give a connection whose statement did not answer in time up, where the driver can: given back to its pool it would
   * hold the application up.
   *
   * @throws the driver's error, with its `code` (PostgreSQL, SQLite) or `errno` (MariaDB); `OverdueError` where it took
   * too long
   */
  abstract run(call: SqlCall): Promise<SqlResult>;
}
