// Databases of the benchmark's own on the servers that there are; they are dropped again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';

const SERVERS = {
  postgres: process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  mariadb: process.env.TEST_MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/mysql',
};
const QUOTES = { postgres: '"', mariadb: '`' };
/** PostgreSQL keeps a database that somebody is connected to, unless it is told. */
const DROP = { postgres: ' WITH (FORCE)', mariadb: '' };
/** What drops the databases that there are; a run that is stopped leaves none behind. */
const drops = new Set();

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await Promise.allSettled([...drops].map((drop) => drop()));
    process.exit(1);
  });
}

function dropOnce(drop) {
  const once = async () => {
    if (drops.delete(once)) await drop();
  };
  drops.add(once);
  return once;
}

async function onServer(type, sql) {
  const server = await new DataSource({ type, url: SERVERS[type] }).initialize();
  try {
    await server.query(sql);
  } finally {
    await server.destroy();
  }
}

/**
 * Makes an empty database.
 *
 * @param type - `postgres`, `mariadb`, or `better-sqlite3` for a file
 * @returns TypeORM's options and what drops it; `undefined` where no server answers
 */
export async function makeDatabase(type, purpose) {
  if (type === 'better-sqlite3') {
    const folder = mkdtempSync(join(tmpdir(), 'jwto-bench-'));
    const drop = dropOnce(() => rmSync(folder, { recursive: true, force: true }));
    return { options: { type, database: join(folder, `${purpose}.sqlite`), enableWAL: true }, drop };
  }
  const name = `${QUOTES[type]}bench_jwto_${purpose}_${process.pid}${QUOTES[type]}`;
  try {
    await onServer(type, `CREATE DATABASE ${name}`);
  } catch (error) {
    console.error(
      `No ${type} (${error.code ?? error.message}): left out. Tell its URL by TEST_${type.toUpperCase()}_URL.`,
    );
    return undefined;
  }
  const drop = dropOnce(() => onServer(type, `DROP DATABASE IF EXISTS ${name}${DROP[type]}`));
  const url = new URL(SERVERS[type]);
  url.pathname = `/${name.slice(1, -1)}`;
  return { options: { type, url: url.href }, drop };
}
