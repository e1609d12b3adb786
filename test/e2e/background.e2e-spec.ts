import { Test } from '@nestjs/testing';
import { getTokenServiceToken, JwtoModule, JwtoSession, type IssuedTokens, type TokenService } from 'jwto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { gate, isPoll, standing, worldOf, type OwnApp, type World } from '../support/two-apps.js';
import { TestUsers } from '../support/users.js';

/** A poll that takes so long is none that anybody waits for, and is answered before a statement is given up. */
const SLOW = 3500;
const isOfClock = (sql: string): boolean => sql.endsWith(' AS now');
const isOfGuard = (sql: string): boolean => sql.startsWith('SELECT sid AS id');

describe.each(DATABASES)('the connections of the application on $name', (database) => {
  let world: World;
  beforeEach(() => {
    world = worldOf(database);
  });
  afterEach(() => world.close());

  /** Holds statements up, and counts how many are held at once. */
  function count(app: OwnApp, matches: (sql: string) => boolean, hold: () => Promise<unknown>): { most: number } {
    const held = { most: 0 };
    let now = 0;
    app.line.holdUp = async (sql) => {
      if (!matches(sql)) return;
      now += 1;
      held.most = Math.max(held.most, now);
      await hold();
      now -= 1;
    };
    return held;
  }

  it('are held by one statement in the background, of whichever instance', async () => {
    const app = await world.start({ pollInterval: '1s' });
    const admin = JwtoModule.forRoot({
      ...{ name: 'admin', signingKey: SIGNING_KEY, users: TestUsers, dataSource: app.dataSource, pollInterval: '1s' },
    });
    const other = await (await Test.createTestingModule({ imports: [admin] }).compile()).createNestApplication().init();
    const isBackground = (sql: string): boolean => isPoll(sql) || isOfClock(sql) || sql.includes('pg_notify');
    const held = count(app, isBackground, () => sleep(SLOW));
    const [first, second] = await Promise.all([
      app.tokens.issue(app.users.named('bob')),
      other.get<TokenService>(getTokenServiceToken('admin')).issue(app.users.named('bob')),
    ]);
    for (const { sid } of [first, first]) await app.tokens.revokeSession(sid);
    await other.get<TokenService>(getTokenServiceToken('admin')).revokeSession(second.sid);
    await sleep(2.5 * SLOW);
    app.line.holdUp = undefined;
    await other.close();
    expect(held.most).toBe(1);
  });

  it('are held by one read of the revocations, whoever asks for one', async () => {
    const app = await world.start({ pollInterval: '1s', maxStaleness: '1s' });
    const tokens = await app.tokens.issue(app.users.named('bob'));
    const held = count(app, isPoll, () => sleep(SLOW));
    const seen = new Set<string>();
    for (let count = 0; count < 16; count++) {
      void standing(app.tokens, tokens).then((one) => seen.add(one));
      await sleep(SLOW / 8);
    }
    app.line.holdUp = undefined;
    expect([held.most, [...seen]]).toEqual([1, expect.arrayContaining(['store_unavailable'])]);
    await vi.waitFor(async () => {
      expect(await standing(app.tokens, tokens)).toBe('ok');
    }, 20_000);
  });

  describe('with blocklistCheck: database', () => {
    const start = async (): Promise<[OwnApp, IssuedTokens[]]> => {
      const app = await world.start({ blocklistCheck: 'database' });
      return [app, await Promise.all(Array.from({ length: 8 }, () => app.tokens.issue(app.users.named('bob'))))];
    };

    it('are held by few guards at once; the others wait, and are refused after two seconds', async () => {
      const [app, tokens] = await start();
      const { promise, open } = gate();
      const held = count(app, isOfGuard, () => promise);
      const asked = tokens.map((one) => standing(app.tokens, one));
      const refused = await Promise.all(asked.slice(3));
      expect([held.most, refused]).toEqual([3, Array(5).fill('store_unavailable')]);
      open();
      expect(await Promise.all(asked.slice(0, 3))).toEqual(['ok', 'ok', 'ok']);
      expect(await Promise.all(tokens.map((one) => standing(app.tokens, one)))).toEqual(Array(8).fill('ok'));
      // Nobody waited any more for what the refused had asked.
      expect(app.line.statements.filter(isOfGuard)).toHaveLength(3 + 8);
    });

    it('are spared where many ask the same, and nobody gets an answer of before he asked', async () => {
      const [app, issued] = await start();
      const [token, other] = issued as [IssuedTokens, IssuedTokens];
      const { promise, open } = gate();
      count(app, isOfGuard, () => promise);
      const before = Array.from({ length: 50 }, () => standing(app.tokens, token));
      const another = standing(app.tokens, other);
      await vi.waitFor(() => {
        expect(app.line.statements.filter(isOfGuard)).toHaveLength(3);
      });
      await app.tokens.revokeSession(token.sid);
      const after = Array.from({ length: 50 }, () => standing(app.tokens, token));
      open();
      expect(await Promise.all(after)).toEqual(Array(50).fill('token_revoked'));
      expect((await Promise.all(before)).slice(0, 3)).toEqual(['ok', 'ok', 'ok']);
      expect(await another).toBe('ok');
      expect(app.line.statements.filter(isOfGuard).length).toBeLessThanOrEqual(3 + 2);
    });

    it.skipIf(database.name === 'SQLite')('are left to the application while the table is locked', async () => {
      const extra = database.name === 'PostgreSQL' ? { max: 5 } : { connectionLimit: 5 };
      const locker = await world.start();
      const app = await world.start({ blocklistCheck: 'database' }, extra);
      const tokens = await app.tokens.issue(app.users.named('bob'));
      const runner = locker.dataSource.createQueryRunner();
      const table = locker.dataSource.getMetadata(JwtoSession).tablePath;
      if (database.name === 'PostgreSQL') await runner.startTransaction();
      await runner.query(
        database.name === 'PostgreSQL' ? `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE` : `LOCK TABLES ${table} WRITE`,
      );
      const guards = Array.from({ length: 12 }, () => standing(app.tokens, tokens));
      const asked = performance.now();
      await app.dataSource.query('SELECT 1');
      // The guards' statements are given up after five.
      expect(performance.now() - asked).toBeLessThan(4500);
      if (database.name === 'PostgreSQL') await runner.rollbackTransaction();
      else await runner.query('UNLOCK TABLES');
      await runner.release();
      await Promise.all(guards);
      expect(await standing(app.tokens, tokens)).toBe('ok');
    });
  });
});
