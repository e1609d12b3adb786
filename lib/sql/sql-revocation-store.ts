import { randomBytes } from 'node:crypto';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import {
  RevocationStore,
  type NewRevocation,
  type Revocation,
  type RevocationKind,
  type RevocationQuestion,
} from '../store/revocation-store.js';
import { storedId } from '../store/stored-id.js';
import { isDuplicate } from './lost-race.js';
import { purgeRows } from './purge.js';
import { RevocationPages } from './revocation-pages.js';
import { RevocationStatements } from './revocation-statements.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqlValues } from './sql-statement.js';

/** So many entries are added by one statement; SQLite takes 32766 values, six of each. */
const BATCH = 1000;
/** How far the clocks of processes may differ that take a lease, in milliseconds. */
const LEASE_SKEW = 60_000;

/** The revocations of one module instance in SQL. */
export class SqlRevocationStore extends RevocationStore {
  private readonly sql: RevocationStatements;
  private readonly pages: RevocationPages;

  constructor(
    private readonly database: SqlDatabase,
    private readonly realm: string,
  ) {
    super();
    this.sql = new RevocationStatements(database);
    this.pages = new RevocationPages(database, realm);
  }

  /** Duplicates are decided by the primary key. */
  override async add({ kind, value, revokedAt, expiresAt, reason }: NewRevocation): Promise<boolean> {
    const values = { ...this.key(kind, value), revokedAt, expiresAt, reason };
    if (await this.insert(values)) return true;
    await this.database.run(this.sql.postpone, values);
    return false;
  }

  override async addEach(revocations: readonly NewRevocation[]): Promise<void> {
    for (let first = 0; first < revocations.length; first += BATCH) {
      const batch = revocations.slice(first, first + BATCH);
      const values: Record<string, string | number | null> = { realm: this.realm };
      batch.forEach(({ kind, value, revokedAt, expiresAt, reason }, index) => {
        const entry = { kind, value: this.key(kind, value).value, revokedAt, expiresAt, reason };
        for (const [member, one] of Object.entries(entry)) values[member + String(index)] = one;
      });
      await this.database.run(this.sql.insertEach(batch.length), values);
    }
  }

  override async isRevokedSince(userId: string, signedInAt: number): Promise<boolean> {
    const { realm, value } = this.key('user', userId);
    return (await this.database.rows(this.sql.findLater, { realm, userId: value, signedInAt })).length > 0;
  }

  override async isRevoked({ sid, token, userId, since }: RevocationQuestion): Promise<boolean> {
    const values = {
      realm: this.realm,
      sid: storedId(sid),
      token: this.key('token', token).value,
      userId: this.key('user', userId).value,
      since,
    };
    return (await this.database.rows(this.sql.findBlocking, values)).length > 0;
  }

  override read(since: number | undefined, endsAfter: number): AsyncGenerator<Revocation[]> {
    return this.pages.read(since, endsAfter);
  }

  override count(before: number, endsAfter: number): Promise<number> {
    return this.pages.count(before, endsAfter);
  }

  /** Without a lock server: the row is renewed, or made, by one of them. */
  override async lease(chore: string, now: number, until: number): Promise<boolean> {
    const key = this.key('lease', chore);
    const renewed = await this.database.affected(this.sql.renew, { ...key, now, until, latest: until + LEASE_SKEW });
    return renewed === 1 || (await this.insert({ ...key, revokedAt: now, expiresAt: until, reason: null }));
  }

  override purge(before: number, isStopped: () => boolean): Promise<number> {
    const ended = 'realm = :realm AND expires_at < :before';
    const rows = { table: this.database.tables.blocklist, key: ['kind', 'value'], ended };
    return purgeRows(this.database, rows, { realm: this.realm, before }, isStopped);
  }

  /**
   * Sees at the start whether the executor reports how many rows an UPDATE changed. Every race is decided by that number:
   * an executor that does not report it would let everybody win, or nobody.
   *
   * @throws JwtoConfigurationError
   */
  async assertAffectedIsReported(): Promise<void> {
    const key = this.key('token', `probe.${randomBytes(16).toString('base64url')}`);
    const values = { ...key, revokedAt: 1, expiresAt: 0, reason: null };
    await this.insert({ ...values, revokedAt: 0 });
    const first = await this.database.affected(this.sql.postpone, values);
    const second = await this.database.affected(this.sql.postpone, values);
    await this.database.run(this.sql.remove, key);
    if (first === 1 && second === 0) return;
    throw new JwtoConfigurationError(
      'the database driver does not report how many rows an UPDATE changed: use better-sqlite3, sql.js, pg or mysql2',
    );
  }

  /** @returns whether it was not there */
  private async insert(values: SqlValues): Promise<boolean> {
    try {
      await this.database.run(this.sql.insert, values, { passes: isDuplicate });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** The key of an entry, each part a non-empty string. */
  private key(kind: RevocationKind | 'lease', value: string): Record<'realm' | 'kind' | 'value', string> {
    if (value === '') throw new TypeError(`The blocklist needs a non-empty ${kind}.`);
    return { realm: this.realm, kind, value: storedId(value) };
  }
}
