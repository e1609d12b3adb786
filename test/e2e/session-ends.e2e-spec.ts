import {
  JwtoBlocklistEntry,
  JwtoSession,
  type JwtoModuleOptions,
  type LifetimeContext,
  type SignInLifetimes,
} from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { claimsOf } from '../support/forge.js';
import { startApp, type TestApp } from '../support/test-app.js';

const HOUR = 3600;
const DAY = 86_400;
const BOB = 2;
const CALLS = ['refresh', 'updateRefresh'] as const;
const EXPIRED = { code: 'token_expired' } as const;

/** The rows of both tables, so that a refusal can be seen to change none. */
async function storedRows({ dataSource }: TestApp): Promise<unknown> {
  const sessionRows = await dataSource.getRepository(JwtoSession).find({ order: { sid: 'ASC' } });
  return [
    sessionRows,
    await dataSource.getRepository(JwtoBlocklistEntry).find({ order: { kind: 'ASC', value: 'ASC' } }),
  ];
}

describe.each(DATABASES)('the end of a session on $name', (database) => {
  let test: TestApp;
  const start = async (options: Partial<JwtoModuleOptions>): Promise<void> => {
    test = await startApp({ database, options });
  };
  afterEach(() => test.close());
  const bob = () => test.users.named('bob');
  const now = () => Math.floor(test.clock.now() / 1000);
  const names = (name: string) => test.takeEvents().filter((one) => one === name);

  it('comes with the expiry of its refresh token, which only update_refresh moves', async () => {
    await start({ refreshTokenLifetime: '1h' });
    let { refresh, refreshClaims } = await test.tokens.issue(bob());
    const first = refreshClaims.exp;
    test.clock.advance(HOUR / 2);
    ({ refresh, refreshClaims } = await test.tokens.refresh(refresh));
    expect(refreshClaims.exp).toBe(first);
    test.clock.advance(HOUR / 4);
    ({ refresh, refreshClaims } = await test.tokens.updateRefresh(refresh));
    expect(refreshClaims.exp).toBe(now() + HOUR);
    test.clock.time = refreshClaims.exp * 1000 - 1;
    ({ refresh } = await test.tokens.refresh(refresh));
    test.clock.advance(0.001);
    test.takeEvents();
    const before = await storedRows(test);
    for (const call of CALLS) await expect(test.tokens[call](refresh)).rejects.toMatchObject(EXPIRED);
    await expect(test.tokens.verify(refresh, { type: 'refresh' })).rejects.toMatchObject(EXPIRED);
    expect([test.takeEvents(), await storedRows(test)]).toEqual([[], before]);
    expect(await test.tokens.listSessions(BOB)).toEqual([]);
  });

  it.each([
    ['5m', '1d'],
    ['2d', '5d'],
  ] as const)(
    'is absolute, and no exp is later (access tokens of %s, refresh tokens of %s)',
    async (access, refresh) => {
      await start({ accessTokenLifetime: access, refreshTokenLifetime: refresh, sessionLifetime: '3d' });
      let tokens = await test.tokens.issue(bob());
      const end = now() + 3 * DAY;
      while (now() < end - 60) {
        test.clock.time = Math.min(test.clock.time + 20 * HOUR * 1000, (end - 1) * 1000);
        tokens = await test.tokens.refresh(tokens.refresh);
        tokens = await test.tokens.updateRefresh(tokens.refresh);
        expect([tokens.accessClaims.exp, tokens.refreshClaims.exp, tokens.endsAt]).toEqual([
          Math.min(now() + (access === '5m' ? 300 : 2 * DAY), end),
          Math.min(now() + (refresh === '1d' ? DAY : 5 * DAY), end),
          end * 1000,
        ]);
      }
      await test.tokens.verify(tokens.access);
      test.clock.advance(1);
      for (const call of CALLS) await expect(test.tokens[call](tokens.refresh)).rejects.toMatchObject(EXPIRED);
      await expect(test.tokens.verify(tokens.access)).rejects.toMatchObject(EXPIRED);
    },
  );

  it('comes where it is not refreshed for the idleLifetime, and asking is no refresh', async () => {
    await start({ idleLifetime: '30m', refreshTokenLifetime: '2d' });
    let { refresh } = await test.tokens.issue(bob());
    for (const call of [...CALLS, ...CALLS]) {
      test.clock.advance(30 * 60 - 0.001);
      ({ refresh } = await test.tokens[call](refresh));
    }
    // A repeated refresh inside the grace is a use as well.
    test.clock.advance(5);
    ({ refresh } = await test.tokens.refresh(refresh));
    test.clock.advance(30 * 60 - 0.001);
    await test.tokens.verify(refresh, { type: 'refresh' });
    expect(await test.tokens.listSessions(BOB)).toHaveLength(1);
    test.clock.advance(0.001);
    test.takeEvents();
    const before = await storedRows(test);
    for (const call of CALLS) await expect(test.tokens[call](refresh)).rejects.toMatchObject(EXPIRED);
    await expect(test.tokens.verify(refresh, { type: 'refresh' })).rejects.toMatchObject(EXPIRED);
    expect([test.takeEvents(), await storedRows(test)]).toEqual([[], before]);
  });

  it('by idleness takes it from the list, and from those that count', async () => {
    await start({ idleLifetime: '30m', refreshTokenLifetime: '2d', maxSessionsPerUser: 1 });
    await test.tokens.issue(bob());
    test.clock.advance(30 * 60);
    expect(await test.tokens.listSessions(BOB)).toEqual([]);
    test.takeEvents();
    const { sid } = await test.tokens.issue(bob());
    expect((await test.tokens.listSessions(BOB)).map((session) => session.sid)).toEqual([sid]);
    expect(names('jwto.session_revoked')).toEqual([]);
  });

  it('is as late as the hook for lifetimes says for this sign-in', async () => {
    const seen: LifetimeContext[] = [];
    const lifetimes = async (signIn: LifetimeContext): Promise<SignInLifetimes> => {
      seen.push(signIn);
      await Promise.resolve();
      if (signIn.body['remember'] === true) return { refreshTokenLifetime: '30d', sessionLifetime: '90d' };
      return signIn.body['kiosk'] === true ? { sessionLifetime: '10m' } : {};
    };
    await start({ lifetimes, mode: ['JSON', 'TWO-COOKIES'] });
    const refreshOf = async (more: Record<string, unknown>): Promise<string> => {
      const { status, json } = await test.client().login('bob', 'pass', more);
      expect(status).toBe(200);
      return json.refresh ?? '';
    };
    const lives = (token: string): number => Number(claimsOf(token)['exp']) - now();
    const [plain, remembered, text, kiosk] = [
      await refreshOf({}),
      await refreshOf({ remember: true, mode: 'JSON', __x: [1] }),
      await refreshOf({ remember: 'true' }),
      await refreshOf({ kiosk: true }),
    ];
    expect([plain, remembered, text, kiosk].map(lives)).toEqual([DAY, 30 * DAY, DAY, 600]);
    expect(seen[1]).toEqual({ userId: '2', username: 'bob', mode: 'JSON', body: { remember: true, __x: [1] } });
    expect(JSON.stringify(seen)).not.toContain('pass');

    test.clock.advance(HOUR);
    const updated = await test.tokens.updateRefresh(remembered);
    expect(updated.refreshClaims.exp).toBe(now() + 30 * DAY);
    expect((await test.tokens.updateRefresh(plain)).refreshClaims.exp).toBe(now() + DAY);
    await expect(test.tokens.updateRefresh(kiosk)).rejects.toMatchObject(EXPIRED);
    expect(updated.endsAt - test.clock.now()).toBeLessThanOrEqual((90 * DAY - HOUR) * 1000);
    expect(updated.endsAt - test.clock.now()).toBeGreaterThan(89 * DAY * 1000);

    const asked = seen.length;
    expect((await test.tokens.issue(bob(), { mode: 'TWO-COOKIES' })).refreshClaims.exp).toBe(now() + DAY);
    expect(seen.slice(asked)).toEqual([{ userId: '2', username: 'bob', mode: 'TWO-COOKIES', body: {} }]);
  });

  it('leaves nothing behind where that hook fails: 503', async () => {
    let answer: () => unknown = () => {
      throw new Error('the secret of the hook');
    };
    await start({ lifetimes: () => answer() as SignInLifetimes });
    const before = await storedRows(test);
    const bad = [answer, () => Promise.reject(new Error('later')), () => undefined, () => null];
    const values = ['soon', 0, -1, Number.NaN, {}, '0s', true];
    for (answer of [...bad, ...values.map((value) => () => ({ refreshTokenLifetime: value }))]) {
      const login = await test.client().login('bob', 'pass', { remember: true });
      expect([login.status, login.json.code, login.json.access]).toEqual([503, 'store_unavailable', undefined]);
      expect(login.text).not.toContain('secret');
      await expect(test.tokens.issue(bob())).rejects.toMatchObject({ code: 'store_unavailable' });
      expect([test.takeEvents(), await storedRows(test)]).toEqual([['jwto.login_failed'], before]);
    }
    answer = () => ({});
    expect((await test.client().login('bob')).status).toBe(200);
  });

  it('comes with the next login where a user may have one session', async () => {
    await start({ maxSessionsPerUser: 1 });
    const alice = await test.tokens.issue(test.users.named('alice'));
    const logins: string[] = [];
    for (let count = 0; count < 4; count++) {
      test.clock.advance(1);
      logins.push((await test.client().login('bob')).json.access ?? '');
    }
    const last = logins.pop() ?? '';
    await test.tokens.verify(last);
    for (const access of logins)
      await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
    expect((await test.tokens.listSessions(BOB)).map(({ sid }) => sid)).toEqual([claimsOf(last)['sid']]);
    const told = test.events.filter(({ name }) => name === 'jwto.session_revoked').map(({ event }) => event);
    expect(told.map(({ sid }) => sid)).toEqual(logins.map((access) => claimsOf(access)['sid']));
    expect(told.every(({ reason, userId }) => reason === 'too_many_sessions' && userId === '2')).toBe(true);
    await test.tokens.verify(alice.access);
  });

  it('leaves one of parallel logins where a user may have one session', async () => {
    await start({ maxSessionsPerUser: 1 });
    for (let round = 0; round < 3; round++) {
      test.clock.advance(1);
      test.takeEvents();
      const logins = await Promise.all(Array.from({ length: 10 }, () => test.client().login('bob')));
      expect(logins.map(({ status }) => status)).toEqual(Array(10).fill(200));
      const living = await test.tokens.listSessions(BOB);
      expect(living).toHaveLength(1);
      for (const { json } of logins) {
        const isLiving = claimsOf(json.access)['sid'] === living[0]?.sid;
        const outcome = await test.tokens.verify(json.access ?? '').then(
          () => 'living',
          (error: unknown) => (error as { code: string }).code,
        );
        expect(outcome).toBe(isLiving ? 'living' : 'token_revoked');
      }
      expect(names('jwto.session_revoked')).toHaveLength(round === 0 ? 9 : 10);
    }
  });
});
