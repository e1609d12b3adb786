import { JwtoStore } from '../store/jwto-store.js';
import { NoWakeUp, type WakeUp } from '../store/wake-up.js';
import { SqlClock } from './sql-clock.js';
import type { SqlDatabase } from './sql-database.js';
import { SqlRevocationStore } from './sql-revocation-store.js';
import { SqlSessionStore } from './sql-session-store.js';

/** A store in a SQL database, over an executor. */
export class SqlStore extends JwtoStore {
  override readonly clock: SqlClock;

  constructor(protected readonly database: SqlDatabase) {
    super();
    this.clock = new SqlClock(database);
  }

  override get isTroubled(): boolean {
    return this.database.isTroubled;
  }

  override async assertReady(): Promise<void> {
    await new SqlRevocationStore(this.database, 'default').assertAffectedIsReported();
  }

  override sessions(realm: string): SqlSessionStore {
    return new SqlSessionStore(this.database, realm);
  }

  override revocations(realm: string): SqlRevocationStore {
    return new SqlRevocationStore(this.database, realm);
  }

  override wakeUp(): WakeUp {
    return new NoWakeUp();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
