import { isHashedId, storedId } from '../store/stored-id.js';

/** Entries stay this long, in milliseconds, after what they block has ended: clocks and leeways differ. */
export const REVOCATION_MARGIN = 5 * 60_000;
/** Entries that end in the same minute are dropped one after the other. */
const BUCKET = 60_000;
/** So many are dropped at once: a million would hold the event loop for a second. */
const DROPPED_AT_ONCE = 10_000;
/** A Map that grows copies itself, for a tenth of a second where it has a million entries: so there are many small ones. */
const SHARDS = 64;
type Shard = Map<string, number>;

/**
 * What was revoked and could still be presented, in memory: as large as that, whatever the tables hold. Nothing leaves
 * it before its time, so a database that forgets (a restored backup) makes no process forget.
 */
export class RevocationSet {
  private readonly shards: readonly [Shard, ...Shard[]] = [
    new Map(),
    ...Array.from({ length: SHARDS - 1 }, (): Shard => new Map()),
  ];
  private readonly buckets = new Map<number, string[]>();
  /** Whether one of them is held by its hash; hardly ever, and to look costs more than the rest of {@link has}. */
  private hasHashed = false;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** @param id - as a token has it */
  has(id: string): boolean {
    if (this.count === 0) return false;
    return this.shardOf(id).has(id) || (this.hasHashed && this.isHeld(storedId(id)));
  }

  /**
   * @param id - as a token or a table has it
   * @param until - when what is blocked ends by itself, in milliseconds since the epoch
   */
  add(id: string, until: number): void {
    const key = storedId(id);
    this.hasHashed ||= isHashedId(key);
    const shard = this.shardOf(key);
    const known = shard.get(key);
    if (known !== undefined && known >= until) return;
    if (known === undefined) this.count += 1;
    shard.set(key, until);
    const bucket = Math.ceil((until + REVOCATION_MARGIN) / BUCKET);
    const keys = this.buckets.get(bucket);
    if (keys === undefined) this.buckets.set(bucket, [key]);
    else keys.push(key);
  }

  /** Drops what has ended; of very many the rest at the next calls. */
  dropEnded(now: number): void {
    let left = DROPPED_AT_ONCE;
    for (const [bucket, keys] of this.buckets) {
      if (bucket * BUCKET > now) continue;
      // A key that was added again with a later end stays, and is in a later bucket too.
      for (const key of keys.splice(-left)) {
        const shard = this.shardOf(key);
        if ((shard.get(key) ?? 0) + REVOCATION_MARGIN <= now && shard.delete(key)) this.count -= 1;
        left -= 1;
      }
      if (keys.length === 0) this.buckets.delete(bucket);
      if (left === 0) return;
    }
  }

  private isHeld(key: string): boolean {
    return this.shardOf(key).has(key);
  }

  /** Ids end in random characters; the very last of 128 bits in base64url is one of four. */
  private shardOf(id: string): Shard {
    return this.shards[id.charCodeAt(id.length - 2) & (SHARDS - 1)] ?? this.shards[0];
  }
}
