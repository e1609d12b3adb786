import { isHashedId, storedId } from '../store/stored-id.js';

/** Entries stay this long, in milliseconds, after what they block has ended: clocks and leeways differ. */
export const REVOCATION_MARGIN = 5 * 60_000;
/** Entries that end in the same minute are dropped together. */
const BUCKET = 60_000;

/**
 * What was revoked and could still be presented, in memory: as large as that, whatever the tables hold. Nothing leaves
 * it before its time, so a database that forgets (a restored backup) makes no process forget.
 */
export class RevocationSet {
  private readonly until = new Map<string, number>();
  private readonly buckets = new Map<number, string[]>();
  /** Whether one of them is held by its hash; hardly ever, and to look costs more than the rest of {@link has}. */
  private hasHashed = false;

  get size(): number {
    return this.until.size;
  }

  /** @param id - as a token has it */
  has(id: string): boolean {
    return this.until.has(id) || (this.hasHashed && this.until.has(storedId(id)));
  }

  /**
   * @param id - as a token or a table has it
   * @param until - when what is blocked ends by itself, in milliseconds since the epoch
   */
  add(id: string, until: number): void {
    const key = storedId(id);
    this.hasHashed ||= isHashedId(key);
    const known = this.until.get(key);
    if (known !== undefined && known >= until) return;
    this.until.set(key, until);
    const bucket = Math.ceil((until + REVOCATION_MARGIN) / BUCKET);
    const keys = this.buckets.get(bucket);
    if (keys === undefined) this.buckets.set(bucket, [key]);
    else keys.push(key);
  }

  /** Drops what has ended. */
  dropEnded(now: number): void {
    for (const [bucket, keys] of this.buckets) {
      if (bucket * BUCKET > now) continue;
      this.buckets.delete(bucket);
      // A key that was added again with a later end stays, and is in a later bucket too.
      for (const key of keys) if ((this.until.get(key) ?? 0) + REVOCATION_MARGIN <= now) this.until.delete(key);
    }
  }
}
