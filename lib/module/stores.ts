import type { Clock } from '../clock/clock.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { Purger } from '../revocation/purger.js';
import { DatabaseRevocationCheck, NoRevocationCheck, type RevocationCheck } from '../revocation/revocation-check.js';
import { RevocationReplica } from '../revocation/revocation-replica.js';
import { DatabaseClock } from '../store/database-clock.js';
import type { JwtoStore } from '../store/jwto-store.js';
import type { RevocationStore } from '../store/revocation-store.js';
import type { SessionStore } from '../store/session-store.js';

/** What a module instance has in its store, and what follows that. */
export interface Stores {
  readonly databaseClock: DatabaseClock;
  readonly blocklist: RevocationStore;
  readonly sessions: SessionStore;
  readonly revocations: RevocationCheck;
  readonly purger: Purger;
}

interface StoreSources {
  readonly name: string;
  readonly options: ResolvedOptions;
  readonly store: JwtoStore;
  readonly clock: Clock;
  readonly keys: KeyRing;
}

/**
 * The asynchronous start of a module instance, which everything that needs the store waits for: it is looked at, the
 * clock is set, and what was revoked is read.
 *
 * @throws JwtoConfigurationError if the store does not fit, or all keys have expired by its time
 * @throws JwtoError `store_unavailable` if it does not answer
 */
export async function openStores({ name, options, store, clock, keys }: StoreSources): Promise<Stores> {
  await store.assertReady();
  const databaseClock = new DatabaseClock(store.clock, clock);
  await databaseClock.synchronize();
  if (keys.isSpent) {
    throw new JwtoConfigurationError('all keys in `keys` have expired: add one whose `expiresAt` is to come');
  }
  const [sessions, blocklist] = [store.sessions(name), store.revocations(name)];
  return {
    databaseClock,
    blocklist,
    sessions,
    revocations: await openRevocations(options, { store, stored: blocklist, clock, databaseClock }),
    purger: new Purger(store, clock, databaseClock, sessions, blocklist),
  };
}

async function openRevocations(
  options: ResolvedOptions,
  parts: { store: JwtoStore; stored: RevocationStore; clock: Clock; databaseClock: DatabaseClock },
): Promise<RevocationCheck> {
  if (options.blocklistCheck === 'refresh') return new NoRevocationCheck();
  if (options.blocklistCheck === 'database') return new DatabaseRevocationCheck(parts.stored);
  const replica = new RevocationReplica({ ...parts, options, wakeUp: parts.store.wakeUp() });
  await replica.load();
  return replica;
}
