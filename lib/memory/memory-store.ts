import { JwtoStore } from '../store/jwto-store.js';
import { StoreClock } from '../store/store-clock.js';
import { NoWakeUp, type WakeUp } from '../store/wake-up.js';
import { MemoryRevocationStore } from './memory-revocation-store.js';
import { MemorySessionStore } from './memory-session-store.js';
import { MemoryTables } from './memory-tables.js';

/** Its clock is the machine's. */
class MemoryClock extends StoreClock {
  override readonly isEmbedded = true;

  override now(): Promise<number> {
    return Promise.resolve(Date.now());
  }
}

/**
 * The store `'memory'`, for tests and prototypes: complete, and gone with the process. Other processes know nothing of
 * it.
 *
 * @example `JwtoModule.forRoot({ signingKey, users: UsersService, store: 'memory' })`
 */
export class MemoryStore extends JwtoStore {
  override readonly clock = new MemoryClock();
  override readonly isTroubled = false;
  private readonly tables = new Map<string, MemoryTables>();

  override assertReady(): Promise<void> {
    return Promise.resolve();
  }

  override sessions(realm: string): MemorySessionStore {
    return new MemorySessionStore(this.tablesOf(realm), realm);
  }

  override revocations(realm: string): MemoryRevocationStore {
    return new MemoryRevocationStore(this.tablesOf(realm));
  }

  override wakeUp(): WakeUp {
    return new NoWakeUp();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  private tablesOf(realm: string): MemoryTables {
    let tables = this.tables.get(realm);
    if (tables === undefined) this.tables.set(realm, (tables = new MemoryTables()));
    return tables;
  }
}
