import type { SqlDialect, SqlValue } from './sql-executor.js';
import { DEADLINE_SQL, NO_DEADLINE, type DeadlineSql } from './deadline.js';

/** The values of a statement's `:name` parameters. */
export type SqlValues = Readonly<Record<string, SqlValue>>;

/** SQL with the placeholders of one database. */
export interface CompiledSql {
  readonly text: string;
  /** The name behind each placeholder. */
  readonly names: readonly string[];
}

/** A statement, made once: with a deadline, and without one as long as the server's clock is not known. */
export interface SqlStatement {
  readonly timely: CompiledSql;
  readonly untimed: CompiledSql;
}

/** Makes a statement from SQL with `:name` parameters. */
export function statement(dialect: SqlDialect, write: (deadline: DeadlineSql) => string): SqlStatement {
  return {
    timely: compile(dialect, write(DEADLINE_SQL[dialect])),
    untimed: compile(dialect, write(NO_DEADLINE)),
  };
}

/** The values in the order of the placeholders. */
export function valuesOf({ names }: CompiledSql, values: SqlValues): SqlValue[] {
  return names.map((name) => values[name] ?? null);
}

function compile(dialect: SqlDialect, sql: string): CompiledSql {
  const names: string[] = [];
  const text = sql.replace(/:([a-z]\w*)/gi, (_placeholder, name: string) => {
    if (dialect === 'postgres' && names.includes(name)) return `$${String(names.indexOf(name) + 1)}`;
    names.push(name);
    return dialect === 'postgres' ? `$${String(names.length)}` : '?';
  });
  return { text, names };
}
