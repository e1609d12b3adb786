import type { EntityManager } from 'typeorm';

/**
 * PostgreSQL takes a table that nobody has analysed for a small one, and for each page of it reads and sorts all rows:
 * 1.1 s a page with 1.2 million, and 6 ms in the order of the index (measured).
 */
const BEGIN = 'BEGIN; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off';

/** Asks for rows in an order that an index has, and has them read in that order. */
export async function inIndexOrder<T>(manager: EntityManager, ask: () => Promise<T>): Promise<T> {
  if (manager.connection.options.type !== 'postgres') return ask();
  await manager.query(BEGIN);
  try {
    return await ask();
  } finally {
    // After a failure it rolls back, and nothing was written. A connection that fails here is worth no other message.
    await manager.query('COMMIT').catch(() => undefined);
  }
}
