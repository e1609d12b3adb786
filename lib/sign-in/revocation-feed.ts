import { JwtoBlocklistEntry } from '../blocklist/blocklist-entry.entity.js';
import { REVOCATION_MARGIN } from '../blocklist/revocation-set.js';
import { JwtoSession } from '../sessions/session.entity.js';
import type { PrimaryStore } from '../store/primary-store.js';

/** A revocation as the tables hold it; times in milliseconds since the epoch. */
export interface Revocation {
  kind: 'session' | 'token' | 'user' | 'all';
  /** A `sid`, a `jti`, a user's id, or `*`. */
  value: string;
  /** Of a user and of everybody, sign-ins before it are revoked. */
  revokedAt: number;
  /** When what it blocks has ended by itself. */
  until: number;
}

/** Reads from the tables what was revoked and could still be presented. */
export class RevocationFeed {
  private sql: string | undefined;

  constructor(
    private readonly store: PrimaryStore,
    private readonly realm: string,
  ) {}

  /**
   * @param since - what was revoked before this is left out; 0 for everything
   * @throws JwtoError `store_unavailable`
   */
  async read(since: number, now: number): Promise<Revocation[]> {
    // Two tables, one statement: both halves are of the same instant.
    this.sql ??=
      `SELECT 'session' AS kind, sid AS value, revoked_at, access_until AS blocked_until FROM ${this.store.table(JwtoSession)}` +
      ` WHERE realm = :realm AND revoked_at >= :since AND access_until > :endsAfter` +
      ` UNION ALL SELECT kind, value, revoked_at, expires_at AS blocked_until FROM ${this.store.table(JwtoBlocklistEntry)}` +
      ` WHERE realm = :realm AND kind <> 'lease' AND revoked_at >= :since AND expires_at > :endsAfter`;
    const endsAfter = now - REVOCATION_MARGIN;
    const rows = await this.store.query(this.sql, { realm: this.realm, since, endsAfter });
    return rows.map((row) => ({
      kind: row['kind'] as Revocation['kind'],
      value: String(row['value']),
      revokedAt: Number(row['revoked_at']),
      until: Number(row['blocked_until']),
    }));
  }
}
