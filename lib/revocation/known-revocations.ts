import { RevocationSet } from './revocation-set.js';
import { RevokedUsers } from './revoked-users.js';
import { toSeconds } from '../clock/clock.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { blockedAs } from './revocation-check.js';
import type { Revocation } from '../store/revocation-store.js';

/** What was revoked and could still be presented, as guards ask for it: in memory, by one look-up for each kind there is. */
export class KnownRevocations {
  /** Two sets, so that a look-up makes no text of kind and id. */
  private readonly session = new RevocationSet();
  private readonly token = new RevocationSet();
  private readonly users = new RevokedUsers();
  /** Sign-ins up to this time are revoked; milliseconds since the epoch. */
  private allUntil = Number.NEGATIVE_INFINITY;

  /** How many there are, but that of everybody. */
  get size(): number {
    return this.session.size + this.token.size + this.users.size;
  }

  /** Whether an access token was revoked, by itself or with its session, its user or everybody. */
  has(claims: JwtoClaims): boolean {
    const { sid, jti, auth_time = 0, user } = claims;
    if (this.session.has(sid)) return true;
    if (this.token.size > 0 && jti !== undefined && this.token.has(blockedAs(claims, jti))) return true;
    if (this.users.size > 0 && this.users.has(String(user.id), auth_time)) return true;
    // Sign-ins of the very second are blocked one by one: the claim does not tell which of them came before.
    return this.allUntil > 0 && auth_time < toSeconds(this.allUntil);
  }

  add({ kind, value, revokedAt, until }: Revocation): void {
    if (kind === 'all') this.allUntil = Math.max(this.allUntil, revokedAt);
    else if (kind === 'user') this.users.add(value, toSeconds(revokedAt), until);
    else this[kind].add(value, until);
  }

  addAll(revocations: readonly Revocation[]): void {
    for (const revocation of revocations) this.add(revocation);
  }

  /** Drops what has ended by itself; milliseconds since the epoch. */
  dropEnded(now: number): void {
    this.session.dropEnded(now);
    this.token.dropEnded(now);
    this.users.dropEnded(now);
  }
}
