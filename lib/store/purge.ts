import { setImmediate } from 'node:timers/promises';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { PrimaryStore } from './primary-store.js';

/** One DELETE of 5 million rows blocked better-sqlite3's process for 140 s (measured); 200 rows take 20 ms. */
const BATCH = 200;

/**
 * Deletes rows in small batches, with the event loop free between them.
 *
 * @param expired - SQL on the columns, which holds for what may go; it is asked again by the DELETE, so that a row
 * that was renewed meanwhile stays
 * @param isStopped - asked before each batch
 * @returns how many rows were deleted
 */
export async function purgeRows<Row extends ObjectLiteral>(
  store: PrimaryStore,
  entity: EntityTarget<Row>,
  expired: string,
  parameters: ObjectLiteral,
  isStopped: () => boolean,
): Promise<number> {
  const { primaryColumns } = store.dataSource.getMetadata(entity);
  let purged = 0;
  while (!isStopped()) {
    const deleted = await store.run(async (manager) => {
      const rows = await manager.createQueryBuilder(entity, 'row').where(expired, parameters).limit(BATCH).getMany();
      if (rows.length === 0) return 0;
      // The keys alone: with whole rows `whereInIds` compares every column, and finds no row with a NULL in it.
      const keys = rows.map((row) =>
        Object.fromEntries(
          primaryColumns.map((column) => [column.propertyName, column.getEntityValue(row) as unknown]),
        ),
      );
      const deletion = manager.createQueryBuilder().delete().from(entity).where(keys).andWhere(expired, parameters);
      return (await deletion.execute()).affected ?? 0;
    });
    purged += deleted;
    if (deleted < BATCH) break;
    await setImmediate();
  }
  return purged;
}
