import { JwtoBlocklistEntry, JwtoSession } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DATABASES, SQLITE, type TestDatabase } from '../support/databases.js';
import { followClock } from '../support/machine.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Rows stay this long after what they protect from has ended. */
const MARGIN = DAY;

let test: TestApp;
afterEach(async () => {
  vi.restoreAllMocks();
  await test.close();
});

/** Starts an application whose clock the database's server, where there is one, and the machine agree with. */
async function startWithClocks(database: TestDatabase, options: TestAppOptions['options'] = {}): Promise<void> {
  test = await startApp({ database, options });
  followClock(test);
}

/** A session row whose token and access tokens end these milliseconds from now. */
function session(sid: string, expires: number, accessUntil = expires, more: Partial<JwtoSession> = {}): JwtoSession {
  const now = test.clock.now();
  const row = {
    ...{
      sid,
      realm: 'default',
      userId: 'u',
      mode: 'JSON' as const,
      stamp: null,
      currentJti: `j-${sid}`,
      currentIat: now,
    },
    ...{ previousJti: null, rotatedAt: null, generation: 0, signedInAt: now, lastUsedAt: now, endsAt: now + expires },
    ...{ refreshLifetime: MINUTE, revokedAt: null, revokedReason: null, userAgent: null, ip: null },
    ...{ expiresAt: now + expires, accessUntil: now + accessUntil },
  };
  return Object.assign(new JwtoSession(), row, more);
}

async function left(): Promise<string[]> {
  const rows = await test.dataSource.getRepository(JwtoSession).find({ order: { sid: 'ASC' } });
  return rows.map(({ sid }) => sid);
}

/** Saves many rows in pieces that every driver takes. */
async function insert(rows: JwtoSession[]): Promise<void> {
  for (let start = 0; start < rows.length; start += 100)
    await test.dataSource.manager.insert(JwtoSession, rows.slice(start, start + 100));
}

describe.each(DATABASES)('purge on $name', (database) => {
  it('deletes what protects nothing any more, a day after, and nothing else', async () => {
    test = await startApp({ database });
    await insert([
      session('a-long-ago', -3 * DAY),
      session('b-just-over-the-margin', -MARGIN - 1),
      session('c-within-the-margin', -MARGIN + 1),
      session('d-access-token-lives', -3 * DAY, MINUTE),
      session('e-access-token-within-the-margin', -3 * DAY, -MARGIN + 1),
      session('f-refresh-token-lives', MINUTE, -3 * DAY),
      session('g-revoked-and-lives', MINUTE, MINUTE, { revokedAt: test.clock.now() - 3 * DAY }),
      session('h-revoked-long-ago', -3 * DAY, -3 * DAY, { revokedAt: test.clock.now() - 3 * DAY }),
    ]);
    const entry = (value: string, expires: number): object => ({
      ...{ realm: 'default', kind: 'token', value, revokedAt: 0, expiresAt: test.clock.now() + expires, reason: null },
    });
    const entries = [entry('gone', -MARGIN - 1), entry('margin', -MARGIN + 1), entry('lives', 1)];
    await test.dataSource.manager.insert(JwtoBlocklistEntry, entries);
    expect(await test.tokens.purge()).toEqual({ sessions: 3, blocklist: 1 });
    expect((await left()).map((sid) => sid[0])).toEqual(['c', 'd', 'e', 'f', 'g']);
    const kept = await test.dataSource.getRepository(JwtoBlocklistEntry).find();
    expect(kept.map(({ value }) => value).sort()).toEqual(['lives', 'margin']);
    expect(await test.tokens.purge()).toEqual({ sessions: 0, blocklist: 0 });
  });

  it('deletes many in small batches, between which others are served', async () => {
    test = await startApp({ database });
    await insert(Array.from({ length: 650 }, (_, index) => session(`s${String(index)}`, -3 * DAY)));
    await insert([session('alive', MINUTE)]);
    let turns = 0;
    let purging = true;
    const tick = (): void => {
      turns += 1;
      if (purging) setImmediate(tick);
    };
    setImmediate(tick);
    const [first, second] = await Promise.all([test.tokens.purge(), test.tokens.purge()]);
    purging = false;
    expect([first.sessions, second]).toEqual([650, first]);
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(await left()).toEqual(['alive']);
  });

  it('leaves a revoked user’s entry until the longest of their sessions has ended', async () => {
    await startWithClocks(database, { sessionLifetime: '2d' });
    await test.tokens.revokeUser(2);
    test.clock.advance(2 * 86_400 + MARGIN / 1000 - 1);
    expect(await test.tokens.purge()).toMatchObject({ blocklist: 0 });
    test.clock.advance(2);
    expect(await test.tokens.purge()).toMatchObject({ blocklist: 1 });
  });

  it('never makes a revoked token good again', async () => {
    await startWithClocks(database, {
      leeway: 60,
      accessTokenLifetime: '3d',
      refreshTokenLifetime: '3d',
      lifetimes: () => ({ refreshTokenLifetime: '1m' as const }),
    });
    const byToken = await test.tokens.issue(test.users.named('bob'));
    const bySession = await test.tokens.issue(test.users.named('bob'));
    await test.tokens.revokeToken(byToken.access);
    await test.tokens.revokeSession(bySession.sid);
    for (const hours of [1, 24, 24, 22.9]) {
      test.clock.advance(hours * 3600);
      await test.tokens.purge();
      for (const { access } of [byToken, bySession]) {
        await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
      }
    }
    test.clock.advance(7200);
    await expect(test.tokens.verify(byToken.access)).rejects.toMatchObject({ code: 'token_expired' });
    test.clock.advance(MARGIN / 1000);
    expect(await test.tokens.purge()).toEqual({ sessions: 2, blocklist: 1 });
  });

  it('stops at shutdown between two batches, and shutdown waits for it', async () => {
    test = await startApp({ database });
    await insert(Array.from({ length: 1200 }, (_, index) => session(`s${String(index)}`, -3 * DAY)));
    const purging = test.tokens.purge();
    await test.app.close();
    const { sessions } = await purging;
    expect(sessions).toBeLessThan(1200);
    expect(sessions % 200).toBe(0);
    test = await startApp({ database: SQLITE });
  });
});

describe('the timer of the purge', () => {
  it('purges about every ten minutes while the application runs, and not after', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      test = await startApp();
      await insert([session('old', -3 * DAY)]);
      vi.advanceTimersByTime(8 * MINUTE);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await left()).toEqual(['old']);
      vi.advanceTimersByTime(4 * MINUTE);
      await vi.waitFor(async () => {
        expect(await left()).toEqual([]);
      });
      await test.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    test = await startApp();
  });
});
