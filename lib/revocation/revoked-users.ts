import { isHashedId, storedId } from '../store/stored-id.js';
import { RevocationSet } from './revocation-set.js';

/** The users whose sign-ins before a moment were revoked, in memory, for as long as one of these could be presented. */
export class RevokedUsers {
  private readonly until = new RevocationSet();
  private readonly before = new Map<string, number>();
  /** Whether one of them is held by its hash; see {@link RevocationSet}. */
  private hasHashed = false;

  get size(): number {
    return this.before.size;
  }

  /**
   * @param id - of a user, as a token has it
   * @param signedInAt - the claim `auth_time`. Whole seconds cannot tell what came first in the very one of the
   * revocation: a sign-in of that is not found here
   */
  has(id: string, signedInAt: number): boolean {
    const before = this.before.get(id) ?? (this.hasHashed ? this.before.get(storedId(id)) : undefined);
    return before !== undefined && signedInAt < before;
  }

  /**
   * @param id - as a token or a table has it
   * @param before - sign-ins of earlier than this are revoked; seconds since the epoch
   * @param until - when the last of them ends by itself, in milliseconds since the epoch
   */
  add(id: string, before: number, until: number): void {
    const key = storedId(id);
    this.hasHashed ||= isHashedId(key);
    this.until.add(key, until);
    this.before.set(key, Math.max(before, this.before.get(key) ?? before));
  }

  /** Drops those whose sign-ins have all ended. */
  dropEnded(now: number): void {
    this.until.dropEnded(now);
    if (this.until.size === this.before.size) return;
    for (const id of this.before.keys()) if (!this.until.has(id)) this.before.delete(id);
  }
}
