import type { NewRevocation } from '../store/revocation-store.js';
import type { Session } from '../store/session.js';

/** What one module instance has in memory. */
export class MemoryTables {
  /** By `sid`. */
  readonly sessions = new Map<string, Session>();
  /** By kind and value. */
  readonly revocations = new Map<string, NewRevocation>();
  /** When each chore's lease ends; milliseconds since the epoch. */
  readonly leases = new Map<string, number>();
  /** The `sid`s of each user. */
  private readonly byUser = new Map<string, Set<string>>();

  add(session: Session): void {
    this.sessions.set(session.sid, session);
    const own = this.byUser.get(session.userId) ?? new Set();
    this.byUser.set(session.userId, own.add(session.sid));
  }

  remove({ sid, userId }: Session): void {
    this.sessions.delete(sid);
    const own = this.byUser.get(userId);
    own?.delete(sid);
    if (own?.size === 0) this.byUser.delete(userId);
  }

  sessionsOf(userId: string): Session[] {
    return [...(this.byUser.get(userId) ?? [])].flatMap((sid) => this.sessions.get(sid) ?? []);
  }

  revocation(kind: NewRevocation['kind'], value: string): NewRevocation | undefined {
    return this.revocations.get(keyOf(kind, value));
  }

  block(revocation: NewRevocation): void {
    this.revocations.set(keyOf(revocation.kind, revocation.value), revocation);
  }

  /** When the sign-ins of a user, or of everybody, were revoked last; milliseconds since the epoch. */
  signInsRevokedAt(userId: string): number {
    const entries = [this.revocation('user', userId), this.revocation('all', '*')];
    return Math.max(...entries.map((entry) => entry?.revokedAt ?? Number.NEGATIVE_INFINITY));
  }
}

function keyOf(kind: string, value: string): string {
  return `${kind} ${value}`;
}
