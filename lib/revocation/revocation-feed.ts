import { setImmediate } from 'node:timers/promises';
import { JwtoBlocklistEntry } from '../typeorm/blocklist-entry.entity.js';
import { REVOCATION_MARGIN } from './revocation-set.js';
import { JwtoSession } from '../typeorm/session.entity.js';
import type { PrimaryStore } from '../store/primary-store.js';

/** So many rows are read by one statement: the event loop is held for some ten milliseconds by them. */
const PAGE = 2000;

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

/** A column to order by, and where its value is in a revocation. */
type Key = readonly [column: string, member: keyof Revocation];

/** A table that has revocations. The keys of each order are unique, and those of an index. */
interface Source {
  readonly columns: string;
  readonly from: string;
  readonly inForce: string;
  /** An entry of a user is not counted: the next one takes its place. */
  readonly counted: string;
  readonly whole: readonly Key[];
  readonly recent: readonly Key[];
}

/** Reads from the tables what was revoked and could still be presented. */
export class RevocationFeed {
  private cached: readonly Source[] | undefined;

  constructor(
    private readonly store: PrimaryStore,
    private readonly realm: string,
  ) {}

  /**
   * Reads in pages, with the event loop free between them. What was committed before the first of them is in them.
   *
   * @param since - what was revoked before this is left out; `undefined` for everything
   * @throws JwtoError `store_unavailable`
   */
  async *read(since: number | undefined, now: number): AsyncGenerator<Revocation[]> {
    const parameters = { realm: this.realm, endsAfter: now - REVOCATION_MARGIN };
    for (const { whole, recent, ...source } of this.sources()) {
      if (since === undefined) yield* this.pages({ ...source, order: whole }, parameters);
      else {
        const inForce = `${source.inForce} AND revoked_at >= :since`;
        yield* this.pages({ ...source, inForce, order: recent }, { ...parameters, since });
      }
    }
  }

  /**
   * How many sessions and tokens were revoked before a moment, and of these end by themselves after another. As long as
   * nothing is purged or revoked late it stays as it is.
   *
   * @throws JwtoError `store_unavailable`
   */
  async count(before: number, endsAfter: number): Promise<number> {
    const counts = this.sources().map(
      ({ from, inForce, counted }) =>
        `(SELECT COUNT(*) FROM ${from} WHERE ${inForce} AND revoked_at < :before${counted})`,
    );
    const parameters = { realm: this.realm, before, endsAfter };
    const [row] = await this.store.query(`SELECT ${counts.join(' + ')} AS counted`, parameters);
    return Number(row?.['counted']);
  }

  /**
   * By the keys of the row before (keyset): one range of the index a statement, which every planner sees. The rows that
   * share all keys but the last come first, then those that share all but two, and so on.
   */
  private async *pages(
    { columns, from, inForce, order }: Pick<Source, 'columns' | 'from' | 'inForce'> & { order: readonly Key[] },
    parameters: Readonly<Record<string, string | number>>,
  ): AsyncGenerator<Revocation[]> {
    let last: Revocation | undefined;
    for (let shared = 0; shared >= 0;) {
      const keys = last === undefined ? [] : order.slice(0, shared + 1);
      const after = keys.map(
        ([column], index) => ` AND ${column} ${index < shared ? '=' : '>'} :after${String(index)}`,
      );
      const values = Object.fromEntries(
        keys.map(([, member], index) => [`after${String(index)}`, last?.[member] ?? 0]),
      );
      const by = order.slice(shared).map(([column]) => column);
      const sql = `SELECT ${columns} FROM ${from} WHERE ${inForce}${after.join('')} ORDER BY ${by.join(', ')} LIMIT ${String(PAGE)}`;
      // The first page is most often the only one.
      const rows = await (last === undefined
        ? this.store.query(sql, parameters)
        : this.store.queryPage(sql, { ...parameters, ...values }));
      const page = rows.map(revocationOf);
      yield page;
      last = page.at(-1) ?? last;
      shared = page.length === PAGE ? order.length - 1 : shared - 1;
      // An embedded database answers at once.
      if (shared >= 0) await setImmediate();
    }
  }

  private sources(): readonly Source[] {
    this.cached ??= [
      // The first of both: what is of a user or of everybody is in force at once.
      {
        columns: 'kind, value, revoked_at, expires_at AS blocked_until',
        from: this.store.table(JwtoBlocklistEntry),
        inForce: "realm = :realm AND kind <> 'lease' AND expires_at > :endsAfter",
        counted: " AND kind IN ('session', 'token')",
        whole: [KIND, VALUE],
        recent: [REVOKED_AT, KIND, VALUE],
      },
      {
        columns: "'session' AS kind, sid AS value, revoked_at, access_until AS blocked_until",
        from: this.store.table(JwtoSession),
        inForce: 'realm = :realm AND revoked_at IS NOT NULL AND access_until > :endsAfter',
        counted: '',
        whole: [['access_until', 'until'], REVOKED_AT, ['sid', 'value']],
        recent: [REVOKED_AT, ['sid', 'value']],
      },
    ];
    return this.cached;
  }
}

const KIND: Key = ['kind', 'kind'];
const VALUE: Key = ['value', 'value'];
const REVOKED_AT: Key = ['revoked_at', 'revokedAt'];

function revocationOf(row: Record<string, unknown>): Revocation {
  return {
    kind: row['kind'] as Revocation['kind'],
    value: String(row['value']),
    revokedAt: Number(row['revoked_at']),
    until: Number(row['blocked_until']),
  };
}
