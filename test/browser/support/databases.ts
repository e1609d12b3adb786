import pg from 'pg';

/** A database that the sample of a browser suite runs on. */
export interface BrowserDatabase {
  readonly name: string;
  /** Makes it anew, and gives its `DATABASE_URL`; `undefined` is the embedded one. */
  readonly empty: () => Promise<string | undefined>;
}

const server = process.env['TEST_POSTGRES_URL'];
let count = 0;

/** The embedded one always, PostgreSQL where its URL is set. Each call of `empty` is another database. */
export const BROWSER_DATABASES: readonly BrowserDatabase[] = [
  { name: 'SQLite', empty: () => Promise.resolve(undefined) },
  ...(server ? [{ name: 'PostgreSQL', empty: () => emptyPostgres(server) }] : []),
];

async function emptyPostgres(at: string): Promise<string> {
  const name = `jwto_browser_${process.env['VITEST_POOL_ID'] ?? '0'}_${String(count++)}`;
  const client = new pg.Client(at);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(at);
  url.pathname = name;
  return String(url);
}
