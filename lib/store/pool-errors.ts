import type { DataSource } from 'typeorm';

/** What is used of a pool of the packages `pg` and `mysql2`, and of its connections. */
interface Pool {
  on(event: 'connect' | 'connection' | 'error', listener: (emitter: Emitter | Error) => void): unknown;
}

interface Emitter {
  on(event: 'error', listener: () => void): unknown;
}

/** Where TypeORM keeps its pools, by driver; of `pg` also `master` itself, of mysql2 the pool of a connection URL. */
interface PooledDriver {
  readonly master?: unknown;
  readonly slaves?: readonly unknown[];
  readonly pool?: unknown;
}

const WATCHED = new WeakSet();

/**
 * Gives every connection of a data source's pools a listener for `error` that stays for the connection's life.
 *
 * pg-pool takes its own listener off when it hands a connection out, and TypeORM puts its own on a microtask later. A
 * server that is stopped sends `FATAL` in the chunk of the last answer, which arrives in between and ends the process as
 * an unhandled `error` event. The statement, if there is one, is rejected all the same.
 */
export function watchPools({ driver }: DataSource): void {
  const { master, slaves = [], pool } = driver as PooledDriver;
  for (const one of [master, pool, ...slaves]) if (isPool(one)) watch(one);
}

function watch(pool: Pool): void {
  if (WATCHED.has(pool)) return;
  WATCHED.add(pool);
  const listen = (connection: Emitter | Error): void => {
    if (!(connection instanceof Error)) connection.on('error', () => undefined);
  };
  pool.on('connect', listen);
  pool.on('connection', listen);
}

function isPool(value: unknown): value is Pool {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Pool>).on === 'function';
}
