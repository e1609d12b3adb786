import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { PrimaryStore } from '../store/primary-store.js';
import { storedId } from '../store/stored-id.js';
import { JwtoBlocklistEntry, type BlocklistKind } from '../typeorm/blocklist-entry.entity.js';

/** How far the clocks of processes may differ that take a lease, in milliseconds. */
const LEASE_SKEW = 60_000;

/** What to block, and until when. */
export interface BlocklistAddition {
  kind: BlocklistKind;
  value: string;
  /** Milliseconds since the epoch. */
  revokedAt: number;
  /** When what it blocks has ended by itself, in milliseconds since the epoch. */
  expiresAt: number;
  reason: string | null;
}

/** So many entries are added by one statement; SQLite takes 32766 values, six of each. */
const BATCH = 1000;

/** The blocklist of one module instance, on TypeORM. Every method throws `store_unavailable` if the database does not answer. */
export class BlocklistRepository {
  constructor(
    private readonly store: PrimaryStore,
    private readonly realm: string,
  ) {}

  /**
   * Blocks something. Duplicates are decided by the primary key: of parallel calls one adds, and the entry keeps the
   * later times.
   *
   * @returns whether it was not blocked before
   */
  add(addition: BlocklistAddition): Promise<boolean> {
    const key = this.key(addition.kind, addition.value);
    const { revokedAt, expiresAt, reason } = addition;
    return this.store.run(async (manager, deadline) => {
      try {
        const values = { ...key, revokedAt: deadline.timely(revokedAt), expiresAt, reason };
        await manager.insert(JwtoBlocklistEntry, values);
        return true;
      } catch (error) {
        if (!(await isThere(manager, key))) throw error;
      }
      await manager
        .createQueryBuilder()
        .update(JwtoBlocklistEntry)
        .set({ revokedAt, expiresAt, reason })
        .where(key)
        .andWhere(`revoked_at < :revokedAt AND ${deadline.condition}`, { revokedAt })
        .execute();
      return false;
    });
  }

  /**
   * Blocks many things of one kind. One statement adds a thousand: a process that is killed leaves all of them blocked
   * or none. What is blocked already stays as it is.
   */
  async addEach(additions: readonly BlocklistAddition[]): Promise<void> {
    for (let first = 0; first < additions.length; first += BATCH) {
      const batch = additions.slice(first, first + BATCH);
      await this.store.run((manager, deadline) => {
        const entries = batch.map(({ kind, value, revokedAt, expiresAt, reason }) => {
          return { ...this.key(kind, value), revokedAt: deadline.timely(revokedAt), expiresAt, reason };
        });
        return manager.createQueryBuilder().insert().into(JwtoBlocklistEntry).values(entries).orIgnore().execute();
      });
    }
  }

  /** Whether the sign-ins of a user, or of everybody, that began at this moment (milliseconds since the epoch) were revoked after it. */
  isRevokedSince(userId: string, signedInAt: number): Promise<boolean> {
    return this.store.run((manager) =>
      manager
        .createQueryBuilder(JwtoBlocklistEntry, 'entry')
        .where([this.key('user', userId), this.key('all', '*')])
        .andWhere('entry.revokedAt > :signedInAt', { signedInAt })
        .getExists(),
    );
  }

  /**
   * Takes a chore for this process until a moment, without a lock server. Of any number of parallel calls one gets it. A
   * lease that ends later than one that begins now was taken by a clock that was ahead, and is not believed.
   *
   * @param until - milliseconds since the epoch, as `now`
   * @returns whether this process has it
   */
  lease(chore: string, now: number, until: number): Promise<boolean> {
    const key = this.key('lease', chore);
    const bounds = { now, latest: until + LEASE_SKEW };
    return this.store.run(async (manager) => {
      const renewal = manager.createQueryBuilder().update(JwtoBlocklistEntry).set({ revokedAt: now, expiresAt: until });
      const { affected } = await renewal
        .where(key)
        .andWhere('(expires_at <= :now OR expires_at > :latest)', bounds)
        .execute();
      if (affected === 1) return true;
      if (await isThere(manager, key)) return false;
      try {
        await manager.insert(JwtoBlocklistEntry, { ...key, revokedAt: now, expiresAt: until, reason: null });
        return true;
      } catch (error) {
        if (await isThere(manager, key)) return false;
        throw error;
      }
    });
  }

  /**
   * Sees at start whether the driver tells how many rows an UPDATE changed. Every race is decided by that number: a
   * driver that does not tell it would let everybody win, or nobody.
   *
   * @throws JwtoConfigurationError
   */
  async assertAffectedIsReported(): Promise<void> {
    const key = this.key('token', `probe.${randomBytes(16).toString('base64url')}`);
    const [first, second] = await this.store.run(async (manager) => {
      await manager.insert(JwtoBlocklistEntry, { ...key, revokedAt: 0, expiresAt: 0, reason: null });
      const update = async (): Promise<number | undefined> =>
        (await manager.update(JwtoBlocklistEntry, { ...key, revokedAt: 0 }, { revokedAt: 1 })).affected;
      const affected = [await update(), await update()];
      await manager.delete(JwtoBlocklistEntry, key);
      return affected;
    });
    if (first === 1 && second === 0) return;
    throw new JwtoConfigurationError(
      'the database driver does not report how many rows an UPDATE changed: use better-sqlite3, sql.js, pg or mysql2',
    );
  }

  /** The key of an entry, each part a non-empty string. */
  key(kind: BlocklistKind, value: string): { realm: string; kind: BlocklistKind; value: string } {
    if (value === '') throw new TypeError(`The blocklist needs a non-empty ${kind}.`);
    return { realm: this.realm, kind, value: storedId(value) };
  }
}

async function isThere(manager: EntityManager, key: object): Promise<boolean> {
  return manager.createQueryBuilder(JwtoBlocklistEntry, 'entry').where(key).getExists();
}
