import type { DataSource } from 'typeorm';

const LOCK = 'jwto sample migrations';
const SECONDS_TO_WAIT = 60;

/**
 * Runs the migrations that are due. TypeORM takes no lock for it, so two processes that start together on one empty
 * database would both create the tables, and one of them would fail.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  switch (dataSource.options.type) {
    case 'postgres':
      return migrateLocked(dataSource, 'SELECT pg_advisory_lock(hashtext($1))', [LOCK]);
    case 'mysql':
    case 'mariadb':
      return migrateLocked(dataSource, "SELECT GET_LOCK(CONCAT(DATABASE(), ' ', ?), ?)", [LOCK, SECONDS_TO_WAIT]);
    default:
      return migrateInOneTransaction(dataSource);
  }
}

/** A connection of its own holds the lock; both databases let go of it when that connection ends, however it ends. */
async function migrateLocked(dataSource: DataSource, lock: string, parameters: unknown[]): Promise<void> {
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query(lock, parameters);
    // One by one: MariaDB commits at each CREATE TABLE, and what is done must be recorded.
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    const release = dataSource.options.type === 'postgres' ? 'pg_advisory_unlock_all()' : 'RELEASE_ALL_LOCKS()';
    await holder.query(`SELECT ${release}`).catch(() => undefined);
    await holder.release();
  }
}

/** SQLite has one writer: `IMMEDIATE` takes its place before looking at what is due, and waits for the one before. */
async function migrateInOneTransaction(dataSource: DataSource): Promise<void> {
  await dataSource.query('BEGIN IMMEDIATE');
  try {
    await dataSource.runMigrations({ transaction: 'none' });
    await dataSource.query('COMMIT');
  } catch (error) {
    await dataSource.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
