import { setImmediate } from 'node:timers/promises';
import type { Revocation } from '../store/revocation-store.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqlStatement, SqlValues } from './sql-statement.js';

/** So many rows are read by one statement: the event loop is held for some ten milliseconds by them. */
const PAGE = 2000;

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

const KIND: Key = ['kind', 'kind'];
const VALUE: Key = ['value', 'value'];
const REVOKED_AT: Key = ['revoked_at', 'revokedAt'];

/** Reads from both tables what is revoked and could still be presented. */
export class RevocationPages {
  private readonly sources: readonly Source[];
  private readonly counting: SqlStatement;
  private readonly statements = new Map<string, SqlStatement>();

  constructor(
    private readonly database: SqlDatabase,
    private readonly realm: string,
  ) {
    this.sources = [
      // The first of both: what is of a user or of everybody is in force at once.
      {
        columns: 'kind, value, revoked_at, expires_at AS blocked_until',
        from: database.tables.blocklist,
        inForce: "realm = :realm AND kind <> 'lease' AND expires_at > :endsAfter",
        counted: " AND kind IN ('session', 'token')",
        whole: [KIND, VALUE],
        recent: [REVOKED_AT, KIND, VALUE],
      },
      {
        columns: "'session' AS kind, sid AS value, revoked_at, access_until AS blocked_until",
        from: database.tables.session,
        inForce: 'realm = :realm AND revoked_at IS NOT NULL AND access_until > :endsAfter',
        counted: '',
        whole: [['access_until', 'until'], REVOKED_AT, ['sid', 'value']],
        recent: [REVOKED_AT, ['sid', 'value']],
      },
    ];
    const counts = this.sources.map(
      ({ from, inForce, counted }) =>
        `(SELECT COUNT(*) FROM ${from} WHERE ${inForce} AND revoked_at < :before${counted})`,
    );
    this.counting = database.statement(() => `SELECT ${counts.join(' + ')} AS counted`);
  }

  /** As `RevocationStore.read` says. */
  async *read(since: number | undefined, endsAfter: number): AsyncGenerator<Revocation[]> {
    const values = { realm: this.realm, endsAfter };
    for (const { columns, from, inForce, whole, recent } of this.sources) {
      if (since === undefined) yield* this.pages({ columns, from, inForce }, whole, values);
      else {
        const lately = `${inForce} AND revoked_at >= :since`;
        yield* this.pages({ columns, from, inForce: lately }, recent, { ...values, since });
      }
    }
  }

  /** As `RevocationStore.count` says. */
  async count(before: number, endsAfter: number): Promise<number> {
    const [row] = await this.database.rows(this.counting, { realm: this.realm, before, endsAfter });
    return Number(row?.['counted']);
  }

  /**
   * By the keys of the row before (keyset): one range of the index a statement, which every planner sees. The rows that
   * share all keys but the last come first, then those that share all but two, and so on.
   */
  private async *pages(
    { columns, from, inForce }: Pick<Source, 'columns' | 'from' | 'inForce'>,
    order: readonly Key[],
    values: SqlValues,
  ): AsyncGenerator<Revocation[]> {
    let last: Revocation | undefined;
    for (let shared = 0; shared >= 0;) {
      const keys = last === undefined ? [] : order.slice(0, shared + 1);
      const after = keys.map(
        ([column], index) => ` AND ${column} ${index < shared ? '=' : '>'} :after${String(index)}`,
      );
      const by = order.slice(shared).map(([column]) => column);
      const sql = `SELECT ${columns} FROM ${from} WHERE ${inForce}${after.join('')} ORDER BY ${by.join(', ')} LIMIT ${String(PAGE)}`;
      const known = Object.fromEntries(keys.map(([, member], index) => [`after${String(index)}`, last?.[member] ?? 0]));
      // The first page is most often the only one.
      const inIndexOrder = last !== undefined;
      const rows = await this.database.rows(this.prepared(sql), { ...values, ...known }, { inIndexOrder });
      const page = rows.map(revocationOf);
      yield page;
      last = page.at(-1) ?? last;
      shared = page.length === PAGE ? order.length - 1 : shared - 1;
      // An embedded database answers at once.
      if (shared >= 0) await setImmediate();
    }
  }

  /** There are a dozen of them. */
  private prepared(sql: string): SqlStatement {
    let made = this.statements.get(sql);
    if (made === undefined) this.statements.set(sql, (made = this.database.statement(() => sql)));
    return made;
  }
}

function revocationOf(row: Readonly<Record<string, unknown>>): Revocation {
  return {
    kind: row['kind'] as Revocation['kind'],
    value: String(row['value']),
    revokedAt: Number(row['revoked_at']),
    until: Number(row['blocked_until']),
  };
}
