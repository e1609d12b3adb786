import { createConnection } from 'mysql2/promise';
import pg from 'pg';

/** One schema or database for each worker, so that test files that run side by side never meet. */
const WORKERS = 8;

/** Vitest's global set-up: makes the schemas and databases on the servers that this run uses, and fails without them. */
export default async function createDatabases(): Promise<void> {
  const postgres = process.env['TEST_POSTGRES_URL'];
  if (postgres) {
    const client = new pg.Client(postgres);
    await client.connect();
    for (let worker = 0; worker <= WORKERS; worker++)
      await client.query(`CREATE SCHEMA IF NOT EXISTS jwto_${String(worker)}`);
    await client.end();
  }
  const mariadb = process.env['TEST_MARIADB_URL'];
  if (mariadb) {
    const name = new URL(mariadb).pathname.slice(1);
    const connection = await createConnection(mariadb);
    for (let worker = 0; worker <= WORKERS; worker++)
      await connection.query(`CREATE DATABASE IF NOT EXISTS \`${name}_${String(worker)}\``);
    await connection.end();
  }
}
