import type { DataSource } from 'typeorm';

/** The work that came last, by data source. */
const LAST = new WeakMap<DataSource, Promise<unknown>>();

/**
 * Does what no request waits for, once all such work on the data source that came before it is done, also that of
 * another module instance. Of the application's pool it has one connection at most, however slow the database is.
 */
export function inBackground<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const done = (LAST.get(dataSource) ?? Promise.resolve()).then(work);
  LAST.set(
    dataSource,
    done.catch(() => undefined),
  );
  return done;
}
