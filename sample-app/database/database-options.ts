import { join } from 'node:path';
import { jwtoEntities, jwtoMigrations } from 'jwto';
import type { DataSourceOptions } from 'typeorm';
import type { SampleOptions } from '../sample-options.js';
import { CreateSampleUser1764100000000 } from '../users/create-sample-user.migration.js';
import { User } from '../users/user.entity.js';

/**
 * The sample's tables and jwto's live in one database, and both are made by migrations: `synchronize` would take
 * MariaDB's loose comparison of texts for ids.
 */
export function databaseOptions({ databaseUrl, dataDir }: SampleOptions): DataSourceOptions {
  const tables = {
    entities: [User, ...jwtoEntities],
    migrations: [CreateSampleUser1764100000000, ...jwtoMigrations],
  };
  switch (databaseUrl?.protocol) {
    case undefined:
      // Write-ahead logging: readers do not wait for a writer, and a commit need not rewrite pages in place.
      return { ...tables, type: 'better-sqlite3', database: join(dataDir, 'sample.sqlite'), enableWAL: true };
    case 'mysql:':
      return { ...tables, type: 'mysql', url: String(databaseUrl) };
    case 'mariadb:':
      return { ...tables, type: 'mariadb', url: String(databaseUrl) };
    default:
      return { ...tables, type: 'postgres', url: String(databaseUrl) };
  }
}
