export { jwtoEntities, jwtoMigrations } from './tables.js';
export { JwtoBlocklistEntry } from './blocklist-entry.entity.js';
export type { BlocklistKind } from './blocklist-entry.entity.js';
export { CreateJwtoBlocklist1764000000001 } from './blocklist.migration.js';
export { JwtoSession } from './session.entity.js';
export { CreateJwtoSession1764000000000 } from './session.migration.js';
export { TypeormStore } from './typeorm-store.js';
