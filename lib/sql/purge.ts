import { setImmediate } from 'node:timers/promises';
import type { SqlDatabase } from './sql-database.js';
import type { SqlValues } from './sql-statement.js';

/** One DELETE of 5 million rows blocked better-sqlite3's process for 140 s (measured); 200 rows take 20 ms. */
const BATCH = 200;

/** Rows that may go. */
export interface EndedRows {
  readonly table: string;
  /** The columns of the primary key that tell rows apart. */
  readonly key: readonly string[];
  /** SQL on the columns; it is asked again by the DELETE, so that a row that was renewed meanwhile stays. */
  readonly ended: string;
}

/**
 * Deletes rows in small batches, with the event loop free between them.
 *
 * @param isStopped - asked before each batch
 * @returns how many rows were deleted
 */
export async function purgeRows(
  database: SqlDatabase,
  { table, key, ended }: EndedRows,
  values: SqlValues,
  isStopped: () => boolean,
): Promise<number> {
  const find = database.statement(() => `SELECT ${key.join(', ')} FROM ${table} WHERE ${ended} LIMIT ${String(BATCH)}`);
  let purged = 0;
  while (!isStopped()) {
    const rows = await database.rows(find, values);
    if (rows.length === 0) break;
    const keys: Record<string, string> = {};
    const which = rows.map((row, index) => {
      const parts = key.map((column) => {
        const name = `${column}${String(index)}`;
        keys[name] = row[column] as string;
        return `${column} = :${name}`;
      });
      return `(${parts.join(' AND ')})`;
    });
    const remove = database.statement(() => `DELETE FROM ${table} WHERE (${which.join(' OR ')}) AND ${ended}`);
    const deleted = await database.affected(remove, { ...values, ...keys });
    purged += deleted;
    if (deleted < BATCH) break;
    await setImmediate();
  }
  return purged;
}
