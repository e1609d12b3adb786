/* eslint-disable @typescript-eslint/require-await -- async, so that what throws rejects as it does in every other store */
import {
  RevocationStore,
  type NewRevocation,
  type Revocation,
  type RevocationQuestion,
} from '../store/revocation-store.js';
import { storedId } from '../store/stored-id.js';
import type { MemoryTables } from './memory-tables.js';

/** A lease that ends later than this after one that begins now is not believed; milliseconds. */
const LEASE_SKEW = 60_000;

/** The revocations of one module instance in memory. Every method is done before another begins. */
export class MemoryRevocationStore extends RevocationStore {
  constructor(private readonly tables: MemoryTables) {
    super();
  }

  override async add(revocation: NewRevocation): Promise<boolean> {
    const added = stored(revocation);
    const known = this.tables.revocation(added.kind, added.value);
    if (known === undefined || known.revokedAt < added.revokedAt) this.tables.block(added);
    return known === undefined;
  }

  override async addEach(revocations: readonly NewRevocation[]): Promise<void> {
    for (const added of revocations.map(stored)) {
      if (this.tables.revocation(added.kind, added.value) === undefined) this.tables.block(added);
    }
  }

  override async isRevokedSince(userId: string, signedInAt: number): Promise<boolean> {
    return this.tables.signInsRevokedAt(storedId(userId)) > signedInAt;
  }

  override async isRevoked({ sid, token, userId, since }: RevocationQuestion): Promise<boolean> {
    const id = storedId(sid);
    const session = this.tables.sessions.get(id);
    if (session !== undefined && session.revokedAt !== null) return true;
    const isBlocked =
      this.tables.revocation('session', id) !== undefined ||
      this.tables.revocation('token', storedId(token)) !== undefined;
    return isBlocked || this.tables.signInsRevokedAt(storedId(userId)) >= since;
  }

  /** One page: nothing is waited for. */
  override async *read(since: number | undefined, endsAfter: number): AsyncGenerator<Revocation[]> {
    const isMeant = ({ revokedAt, until }: Revocation): boolean =>
      until > endsAfter && (since === undefined || revokedAt >= since);
    yield [...this.entries(), ...this.revokedSessions()].filter(isMeant);
  }

  override async count(before: number, endsAfter: number): Promise<number> {
    const entries = this.entries().filter(({ kind }) => kind === 'session' || kind === 'token');
    const isMeant = ({ revokedAt, until }: Revocation): boolean => revokedAt < before && until > endsAfter;
    return [...entries, ...this.revokedSessions()].filter(isMeant).length;
  }

  override async lease(chore: string, now: number, until: number): Promise<boolean> {
    const taken = this.tables.leases.get(chore);
    if (taken !== undefined && taken > now && taken <= until + LEASE_SKEW) return false;
    this.tables.leases.set(chore, until);
    return true;
  }

  override async purge(before: number, isStopped: () => boolean): Promise<number> {
    if (isStopped()) return 0;
    const ended = [...this.tables.revocations].filter(([, { expiresAt }]) => expiresAt < before);
    for (const [key] of ended) this.tables.revocations.delete(key);
    return ended.length;
  }

  private entries(): Revocation[] {
    return [...this.tables.revocations.values()].map(({ kind, value, revokedAt, expiresAt }) => {
      return { kind, value, revokedAt, until: expiresAt };
    });
  }

  private revokedSessions(): Revocation[] {
    return [...this.tables.sessions.values()].flatMap(({ sid, revokedAt, accessUntil }) =>
      revokedAt === null ? [] : [{ kind: 'session' as const, value: sid, revokedAt, until: accessUntil }],
    );
  }
}

function stored(revocation: NewRevocation): NewRevocation {
  if (revocation.value === '') throw new TypeError(`The blocklist needs a non-empty ${revocation.kind}.`);
  return { ...revocation, value: storedId(revocation.value) };
}
