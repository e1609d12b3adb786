import { JwtoBlocklistEntry } from './blocklist-entry.entity.js';
import { CreateJwtoBlocklist1764000000001 } from './blocklist.migration.js';
import { JwtoSession } from './session.entity.js';
import { CreateJwtoSession1764000000000 } from './session.migration.js';

/** The entities of the library, for the `entities` of a DataSource. */
export const jwtoEntities = [JwtoSession, JwtoBlocklistEntry] as const;

/** The migrations that make its tables, for the `migrations` of a DataSource; for SQLite, PostgreSQL, MariaDB and MySQL. */
export const jwtoMigrations = [CreateJwtoSession1764000000000, CreateJwtoBlocklist1764000000001] as const;
