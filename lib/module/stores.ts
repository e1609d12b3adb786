import type { DataSource } from 'typeorm';
import type { Clock } from '../clock/clock.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { BlocklistRepository } from '../revocation/blocklist.repository.js';
import { Purger } from '../revocation/purger.js';
import { DatabaseRevocationCheck, NoRevocationCheck, type RevocationCheck } from '../revocation/revocation-check.js';
import { RevocationFeed } from '../revocation/revocation-feed.js';
import { RevocationReplica } from '../revocation/revocation-replica.js';
import { RotationRepository } from '../sessions/rotation.repository.js';
import { SessionRepository } from '../sessions/session.repository.js';
import { DatabaseClock } from '../store/database-clock.js';
import { PrimaryStore } from '../store/primary-store.js';
import { WakeUp } from '../store/wake-up.js';
import { JwtoBlocklistEntry } from '../typeorm/blocklist-entry.entity.js';
import { assertSchema } from '../typeorm/schema-check.js';
import { JwtoSession } from '../typeorm/session.entity.js';

/** What a module instance has in its database, and what follows that. */
export interface Stores {
  readonly store: PrimaryStore;
  readonly databaseClock: DatabaseClock;
  readonly blocklist: BlocklistRepository;
  readonly sessions: SessionRepository;
  readonly rotations: RotationRepository;
  readonly revocations: RevocationCheck;
  readonly purger: Purger;
}

interface StoreSources {
  readonly name: string;
  readonly options: ResolvedOptions;
  readonly dataSource: DataSource;
  readonly clock: Clock;
  readonly keys: KeyRing;
}

/**
 * The asynchronous start of a module instance, which everything that needs the database waits for: the tables are looked
 * at, the clock is set, and what was revoked is read.
 *
 * @throws JwtoConfigurationError if the database does not fit, or all keys have expired by its time
 * @throws JwtoError `store_unavailable` if it does not answer
 */
export async function openStores({ name, options, dataSource, clock, keys }: StoreSources): Promise<Stores> {
  await assertSchema(dataSource, [JwtoSession, JwtoBlocklistEntry]);
  const store = new PrimaryStore(dataSource);
  const databaseClock = new DatabaseClock(store, clock);
  await databaseClock.synchronize();
  if (keys.isSpent) {
    throw new JwtoConfigurationError('all keys in `keys` have expired: add one whose `expiresAt` is to come');
  }
  const blocklist = new BlocklistRepository(store, name);
  await blocklist.assertAffectedIsReported();
  const feed = new RevocationFeed(store, name);
  return {
    store,
    databaseClock,
    blocklist,
    sessions: new SessionRepository(store, name, options),
    rotations: new RotationRepository(store, name, options),
    revocations: await openRevocations(options, { store, blocklist, feed, clock, databaseClock }),
    purger: new Purger(store, clock, databaseClock, blocklist, name),
  };
}

async function openRevocations(
  options: ResolvedOptions,
  {
    blocklist,
    ...parts
  }: {
    store: PrimaryStore;
    blocklist: BlocklistRepository;
    feed: RevocationFeed;
    clock: Clock;
    databaseClock: DatabaseClock;
  },
): Promise<RevocationCheck> {
  if (options.blocklistCheck === 'refresh') return new NoRevocationCheck();
  if (options.blocklistCheck === 'database') return new DatabaseRevocationCheck(parts.store, blocklist);
  const replica = new RevocationReplica({ ...parts, options, wakeUp: new WakeUp(parts.store) });
  await replica.load();
  return replica;
}
