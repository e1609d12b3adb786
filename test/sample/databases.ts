import { createConnection } from 'mysql2/promise';
import pg from 'pg';

/** A database that the sample runs on. */
export interface SampleDatabase {
  readonly name: string;
  /** `DATABASE_URL`; `undefined` for the embedded one. */
  readonly url: string | undefined;
  /** Makes it anew, without any table. */
  readonly empty: () => Promise<void>;
}

const NAME = 'jwto_sample';

const embedded: SampleDatabase = { name: 'SQLite', url: undefined, empty: () => Promise.resolve() };

function postgres(server: string): SampleDatabase {
  return {
    name: 'PostgreSQL',
    url: withPath(server),
    empty: async () => {
      const client = new pg.Client(server);
      await client.connect();
      await client.query(`DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${NAME}`);
      await client.end();
    },
  };
}

function mysql(name: string, server: string): SampleDatabase {
  return {
    name,
    url: withPath(server),
    empty: async () => {
      const connection = await createConnection(server.replace(/^\w+:/, 'mysql:'));
      await connection.query(`DROP DATABASE IF EXISTS ${NAME}`);
      await connection.query(`CREATE DATABASE ${NAME}`);
      await connection.end();
    },
  };
}

function withPath(server: string): string {
  const url = new URL(server);
  url.pathname = NAME;
  return String(url);
}

const postgresUrl = process.env['TEST_POSTGRES_URL'];
const mariadbUrl = process.env['TEST_MARIADB_URL'];

/** The databases of this run: the embedded one always, a server's where its URL is set. */
export const SAMPLE_DATABASES: readonly SampleDatabase[] = [
  embedded,
  ...(postgresUrl ? [postgres(postgresUrl)] : []),
  ...(mariadbUrl
    ? [
        mysql('MariaDB', mariadbUrl.replace(/^\w+:/, 'mariadb:')),
        mysql('MariaDB by mysql://', mariadbUrl.replace(/^\w+:/, 'mysql:')),
      ]
    : []),
];
