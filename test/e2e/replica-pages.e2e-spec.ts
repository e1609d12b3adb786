import { setTimeout as sleep } from 'node:timers/promises';
import { JwtoBlocklistEntry, JwtoSession } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { REVOCATION_MARGIN } from '../../lib/revocation/revocation-set.js';
import type { Revocation, RevocationStore } from '../../lib/store/revocation-store.js';
import { TypeormStore } from '../../lib/typeorm/typeorm-store.js';
import { DATABASES } from '../support/databases.js';
import { isPoll, standing, worldOf, type OwnApp, type World } from '../support/two-apps.js';

/** More than two pages, which differ by nothing but their ids, as after one statement by hand. */
const SESSIONS = 4500;
/** Of different times. */
const TOKENS = 2500;
const PAGE = 2000;
/** Far more than a poll takes, for a busy machine. */
const SOON = { timeout: 20_000, interval: 50 };

describe.each(DATABASES)('very many revocations on $name', (database) => {
  let world: World;
  let app: OwnApp;
  beforeEach(async () => {
    world = worldOf(database);
    // Without polls of its own.
    app = await world.start({ blocklistCheck: 'database' });
    await fill(app);
  });
  afterEach(() => world.close());

  async function fill({ dataSource, tokens, users, clock }: OwnApp): Promise<void> {
    const { sid } = await tokens.issue(users.named('bob'));
    const row = await dataSource.manager.findOneByOrFail(JwtoSession, { sid });
    const revokedAt = clock.now() - 60_000;
    const idOf = (index: number): string => `made-${String(index)}`;
    const sessions = Array.from({ length: SESSIONS }, (_, index) =>
      Object.assign(new JwtoSession(), row, { sid: idOf(index), revokedAt }),
    );
    const entries = Array.from({ length: TOKENS }, (_, index) => ({
      ...{ realm: 'default', kind: 'token' as const, value: idOf(index), reason: null },
      ...{ revokedAt: revokedAt + (index % 7), expiresAt: clock.now() + 60_000 + (index % 900) },
    }));
    for (let first = 0; first < SESSIONS; first += 500) {
      await dataSource.manager.insert(JwtoSession, sessions.slice(first, first + 500));
      if (first < TOKENS) await dataSource.manager.insert(JwtoBlocklistEntry, entries.slice(first, first + 500));
    }
  }

  async function stored(): Promise<RevocationStore> {
    return (await TypeormStore.open(app.dataSource)).revocations('default');
  }

  async function read(since?: number): Promise<{ pages: Revocation[][]; statements: string[] }> {
    const before = app.line.statements.length;
    const feed = await stored();
    const pages: Revocation[][] = [];
    for await (const page of feed.read(since, app.clock.now() - REVOCATION_MARGIN)) pages.push(page);
    return { pages, statements: app.line.statements.slice(before).filter((sql) => sql.includes('blocked_until')) };
  }

  it('are read in pages, each once', async () => {
    for (const since of [undefined, app.clock.now() - 120_000]) {
      const { pages, statements } = await read(since);
      expect(Math.max(...pages.map((page) => page.length))).toBe(PAGE);
      const ids = pages.flat().map(({ kind, value }) => `${kind} ${value}`);
      expect([ids.length, new Set(ids).size]).toEqual([SESSIONS + TOKENS, SESSIONS + TOKENS]);
      // The last pages of both tables, and what may come after their last keys.
      expect(statements.length).toBeLessThanOrEqual(3 + 2 + 2 * 2);
    }
  });

  it.runIf(database.name === 'PostgreSQL')(
    'are read in the order of an index, though nobody analysed them',
    async () => {
      const { manager } = app.dataSource;
      const { tablePath, schema, columns } = app.dataSource.getMetadata(JwtoSession);
      const entriesRead = async (): Promise<number> => {
        // What each connection of the pool has counted is seen by others when it next does something.
        await Promise.all(Array.from({ length: 10 }, () => manager.query('SELECT pg_stat_force_next_flush()')));
        const [row] = await manager.query<{ entries: string }[]>(
          `SELECT sum(idx_tup_read) AS entries FROM pg_stat_user_indexes WHERE schemaname = '${schema ?? ''}'`,
        );
        return Number(row?.entries);
      };
      const names = columns.map(({ databaseName }) => databaseName);
      const each: Partial<Record<string, string>> = { sid: "'many-' || made", access_until: 'access_until + made' };
      await manager.query(`ALTER TABLE ${tablePath} SET (autovacuum_enabled = false)`);
      await manager.query(
        `INSERT INTO ${tablePath} (${names.join(', ')}) SELECT ${names.map((name) => each[name] ?? name).join(', ')}` +
          ` FROM generate_series(1, 20000) AS made, ${tablePath} WHERE sid = 'made-1'`,
      );
      const before = await entriesRead();
      const total = (await read()).pages.flat().length;
      expect(total).toBe(20_000 + SESSIONS + TOKENS);
      // The first page of a table may be sorted. Were all of them, it would be over six times as many.
      expect((await entriesRead()) - before).toBeLessThan(2.5 * total);
    },
  );

  it('are counted by the database', async () => {
    const feed = await stored();
    const now = app.clock.now();
    expect(await feed.count(now, now)).toBe(SESSIONS + TOKENS);
    expect(await feed.count(now - 60_000, now)).toBe(0);
    expect(await feed.count(now - 60_000 + 1, now)).toBe(SESSIONS + Math.ceil(TOKENS / 7));
  });

  it('are read at the start, and from then on the latest alone', async () => {
    const other = await world.start({ pollInterval: '1s' });
    // So long that reading it all is not cheap, were it of two pages.
    other.line.holdUp = async (sql) => {
      if (isPoll(sql)) await sleep(10);
    };
    const [known, latest] = await Promise.all([1, 2].map(() => app.tokens.issue(app.users.named('bob'))));
    expect(await standing(other.tokens, known as { access: string })).toBe('ok');
    await vi.waitFor(() => {
      // The read at the start may have been cheap, and the one after it is not.
      expect(other.line.statements.some((sql) => isPoll(sql) && sql.includes('revoked_at >= '))).toBe(true);
    }, SOON);
    const before = other.line.statements.length;
    await app.tokens.revokeSession(latest?.sid ?? '');
    await vi.waitFor(async () => {
      expect(await standing(other.tokens, latest as { access: string })).toBe('token_revoked');
    }, SOON);
    const polls = other.line.statements.slice(before).filter(isPoll);
    expect(polls.filter((sql) => !sql.includes('revoked_at >= '))).toEqual([]);
  });
});
