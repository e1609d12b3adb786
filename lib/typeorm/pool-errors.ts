import type { DataSource } from 'typeorm';

/** What is used of a pool of the packages `pg` and `mysql2`, and of its connections. */
interface Pool {
  on(event: 'acquire', listener: (connection: Connection) => void): unknown;
}

interface Connection {
  on(event: 'error', listener: () => void): unknown;
}

/** Where TypeORM keeps its pools, by driver; of `pg` also `master` itself, of mysql2 the pool of a connection URL. */
interface PooledDriver {
  readonly master?: unknown;
  readonly slaves?: readonly unknown[];
  readonly pool?: unknown;
  /** Of mysql2 with replication: a pool for each server. */
  readonly poolCluster?: { readonly _nodes?: Readonly<Record<string, { readonly pool?: unknown } | undefined>> };
}

/** Pools and connections that have their listener. */
const WATCHED = new WeakSet();

/**
 * Gives every connection of a data source's pools a listener for `error` that stays for the connection's life.
 *
 * pg-pool takes its own listener off when it hands a connection out, and TypeORM puts its own on a microtask later. A
 * server that is stopped sends `FATAL` in the chunk of the last answer, which arrives in between and ends the process as
 * an unhandled `error` event. mysql2 listens to the first error only. The statement, if there is one, is rejected all
 * the same.
 */
export function watchPools({ driver }: DataSource): void {
  const { master, slaves = [], pool, poolCluster } = driver as PooledDriver;
  const ofCluster = Object.values(poolCluster?._nodes ?? {}).map((node) => node?.pool);
  for (const one of [master, pool, ...slaves, ...ofCluster]) if (isPool(one)) watch(one);
}

/** `acquire` and not `connect`: the pool has connections already, of TypeORM's own start. */
function watch(pool: Pool): void {
  if (WATCHED.has(pool)) return;
  WATCHED.add(pool);
  pool.on('acquire', (connection) => {
    if (WATCHED.has(connection)) return;
    WATCHED.add(connection);
    connection.on('error', () => undefined);
  });
}

function isPool(value: unknown): value is Pool {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Pool>).on === 'function';
}
