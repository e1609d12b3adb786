import { JwtoSession, type IssuedTokens, type JwtoEventName, type SignInLifetimes } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { followClock } from '../support/machine.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const HOUR = 3600;
const BOB = 2;
const REVOKED = { code: 'token_revoked' } as const;
const CHECKS = ['replica', 'database'] as const;
const APPS = DATABASES.flatMap((database) => CHECKS.map((check) => [check, database.name, database] as const));

describe.each(APPS)('revocation with the check "%s" on %s', (blocklistCheck, _name, database) => {
  let test: TestApp;
  const others: TestApp[] = [];
  const start = async (options: TestAppOptions['options'] = {}): Promise<void> => {
    test = await startApp({ database, options: { blocklistCheck, ...options } });
  };
  /** Another process on the same database. */
  const startOther = async (options: TestAppOptions['options'] = {}): Promise<TestApp> => {
    const other = await startApp({ options: { blocklistCheck, ...options, dataSource: test.dataSource } });
    other.clock.time = test.clock.time;
    others.push(other);
    return other;
  };
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const other of others.splice(0)) await other.close();
    await test.close();
  });
  const issue = (username = 'bob'): Promise<IssuedTokens> => test.tokens.issue(test.users.named(username));
  const forget = ({ sid }: IssuedTokens) => test.dataSource.getRepository(JwtoSession).delete({ sid });
  const take = (name: JwtoEventName) => test.takeEvents().filter((one) => one === name);

  async function expectDead({ access, refresh }: IssuedTokens, { tokens }: TestApp = test): Promise<void> {
    await expect(tokens.verify(access)).rejects.toMatchObject(REVOKED);
    await expect(tokens.verify(refresh, { type: 'refresh' })).rejects.toMatchObject(REVOKED);
    await expect(tokens.refresh(refresh)).rejects.toMatchObject(REVOKED);
  }
  async function expectAlive({ access, refresh }: IssuedTokens, { tokens }: TestApp = test): Promise<void> {
    await tokens.verify(access);
    await tokens.verify(refresh, { type: 'refresh' });
  }
  /** Lets sign-ins wait for the hook of lifetimes, which comes after the password was looked at. */
  function gate(): { lifetimes: () => Promise<object>; reached: () => number; open: () => void } {
    let [reached, open] = [0, (): void => undefined];
    const opened = new Promise<void>((resolve) => (open = resolve));
    const lifetimes = async (): Promise<object> => {
      reached += 1;
      await opened;
      return {};
    };
    return { lifetimes, reached: () => reached, open };
  }

  it('of a user ends every sign-in up to this very moment, and one right after it lives', async () => {
    await start();
    const [before, alice] = [[await issue(), await issue()], await issue('alice')];
    expect(await test.tokens.revokeUser(BOB)).toBe(2);
    const after = await issue();
    for (const tokens of before) await expectDead(tokens);
    await expectAlive(after);
    await expectAlive(alice);
    expect(await test.tokens.revokeUser('2')).toBe(1);
    await expectDead(after);
  });

  it.each(['revokeUser', 'revokeAll'] as const)('by %s reaches sign-ins in flight', async (call) => {
    const { lifetimes, reached, open } = gate();
    await start({ lifetimes });
    const [login, issued] = [test.client().login('bob'), issue()];
    issued.catch(() => undefined);
    await vi.waitFor(() => {
      expect(reached()).toBe(2);
    });
    test.clock.advance(1);
    expect(await test.tokens[call](BOB)).toBe(0);
    test.clock.advance(1);
    open();
    const { status, json, cookies } = await login;
    expect([status, json.code, json.access, cookies]).toEqual([401, 'credentials_invalid', undefined, []]);
    await expect(issued).rejects.toMatchObject({ code: 'credentials_invalid' });
    expect(await test.tokens.listSessions(BOB)).toEqual([]);
    expect(take('jwto.logged_in')).toEqual([]);
    await expectAlive(await issue());
  });

  it('of all ends every sign-in before now, of sessions too that the database forgot', async () => {
    await start();
    const [forgotten, known, alice] = [await issue(), await issue(), await issue('alice')];
    const other = await startOther();
    await forget(forgotten);
    await test.tokens.verify(forgotten.access);
    await expectAlive(known, other);
    test.clock.advance(1);
    other.clock.advance(1);
    test.takeEvents();
    expect(await test.tokens.revokeAll()).toBe(2);
    expect(test.takeEvents()).toEqual(['jwto.session_revoked']);
    expect(test.events.at(-1)?.event).toMatchObject({ sid: null, userId: null, reason: 'all_revoked' });
    for (const tokens of [forgotten, known, alice]) await expectDead(tokens);
    await vi.waitFor(() => expectDead(forgotten, other), { timeout: 15_000, interval: 100 });
    await expectDead(alice, other);
    await expectDead(forgotten, await startOther());

    test.clock.advance(1);
    const next = await issue();
    for (const app of [test, ...others]) {
      app.clock.time = test.clock.time;
      await expectAlive(next, app);
    }
    expect(await test.tokens.revokeAll()).toBe(1);
  });

  it('of all holds as long as an access token of before lives, whatever is purged', async () => {
    const lifetimes = (): SignInLifetimes => ({ sessionLifetime: '30d', refreshTokenLifetime: '10d' });
    await start({ sessionLifetime: '1h', accessTokenLifetime: '1d', lifetimes });
    followClock(test);
    const forgotten = await issue();
    await forget(forgotten);
    test.clock.advance(1);
    await test.tokens.revokeAll();
    for (const hours of [0.9, 1, 20]) {
      test.clock.advance(hours * HOUR);
      await test.tokens.purge();
      await expect(test.tokens.verify(forgotten.access)).rejects.toMatchObject(REVOKED);
      await expect((await startOther()).tokens.verify(forgotten.access)).rejects.toMatchObject(REVOKED);
    }
  });

  it('of the others leaves the session of the request, and every other user’s', async () => {
    await start();
    const [one, two, own, alice] = [await issue(), await issue(), await issue(), await issue('alice')];
    test.takeEvents();
    expect(await test.tokens.revokeOtherSessions(BOB, own.sid)).toBe(2);
    expect(take('jwto.session_revoked')).toHaveLength(2);
    const told = test.events.slice(-2).map(({ event }) => [event.sid, event.userId, event.reason, event.request]);
    expect(told.sort()).toEqual([one, two].map(({ sid }) => [sid, '2', 'revoked', null]).sort());
    for (const tokens of [one, two]) await expectDead(tokens);
    for (const tokens of [own, alice]) await expectAlive(tokens);
    expect(await test.tokens.revokeOtherSessions('2', own.sid)).toBe(0);
    expect(await test.tokens.revokeOtherSessions(BOB, alice.sid)).toBe(1);
    await expectDead(own);
    await expectAlive(alice);
    expect(await test.tokens.revokeOtherSessions(12_345, own.sid)).toBe(0);
  });

  it('by a change of the stamp comes at each session’s next refresh, and new sign-ins live', async () => {
    await start();
    test.users.named('bob').stamp = 'old';
    const [one, two] = [await issue(), await issue()];
    await test.tokens.refresh(one.refresh);
    test.users.named('bob').stamp = 'new';
    const after = await issue();
    test.takeEvents();
    await expect(test.tokens.refresh(one.refresh)).rejects.toMatchObject(REVOKED);
    await expect(test.tokens.updateRefresh(two.refresh)).rejects.toMatchObject(REVOKED);
    expect(test.takeEvents()).toEqual(['jwto.session_revoked', 'jwto.session_revoked']);
    expect(test.events.slice(-2).map(({ event }) => [event.sid, event.reason])).toEqual([
      [one.sid, 'stamp_changed'],
      [two.sid, 'stamp_changed'],
    ]);
    for (const tokens of [one, two]) await expectDead(tokens);
    await test.tokens.refresh(after.refresh);
    await expectAlive(after);
  });

  it('is not undone by a purge while what it protects from lives', async () => {
    await start({ accessTokenLifetime: '6h', refreshTokenLifetime: '8h', sessionLifetime: '10h', leeway: 60 });
    followClock(test);
    const [session, token, replaced] = [await issue(), await issue(), await issue()];
    await test.tokens.revokeSession(session.sid);
    await test.tokens.revokeToken(token.access);
    await test.tokens.refresh(replaced.refresh);
    for (const hours of [1, 4.9]) {
      test.clock.advance(hours * HOUR);
      expect(await test.tokens.purge()).toEqual({ sessions: 0, blocklist: 0 });
    }
    for (const app of [test, await startOther({ leeway: 60 })]) {
      await expectDead(session, app);
      await expect(app.tokens.verify(token.access)).rejects.toMatchObject(REVOKED);
    }
    // Past the expiry, inside the leeway.
    test.clock.advance(2.1 * HOUR + 30);
    expect((await test.tokens.purge()).sessions).toBe(0);
    await expect(test.tokens.refresh(replaced.refresh)).rejects.toMatchObject({ code: 'token_reused' });
  });

  it('by reuse is not missed after a purge', async () => {
    await start({ refreshTokenLifetime: '8h' });
    followClock(test);
    const { refresh, access, sid } = await issue();
    const successor = await test.tokens.refresh(refresh);
    test.clock.advance(8 * HOUR - 60);
    await test.tokens.purge();
    test.takeEvents();
    await expect(test.tokens.refresh(refresh)).rejects.toMatchObject({ code: 'token_reused' });
    expect(test.takeEvents()).toEqual(['jwto.refresh_reused', 'jwto.session_revoked']);
    await expect(test.tokens.refresh(successor.refresh)).rejects.toMatchObject(REVOKED);
    expect(await test.dataSource.getRepository(JwtoSession).findOneBy({ sid })).toMatchObject({
      revokedReason: 'refresh_reused',
    });
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_expired' });
  });
});
