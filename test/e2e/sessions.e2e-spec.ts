import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { startApp, type TestApp } from '../support/test-app.js';

const DAY = 86_400;
/** Milliseconds; the last use is told to the hour. */
const HOUR = 3_600_000;
const BOB = 2;

describe.each(DATABASES)('a session on $name', (database) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({
      database,
      options: { accessTokenLifetime: '1h', refreshTokenLifetime: '2d', sessionLifetime: '5d' },
    });
  });
  afterEach(() => test.close());
  const bob = () => test.users.named('bob');
  const now = () => Math.floor(test.clock.now() / 1000);

  it('keeps the expiry of its refresh token at refresh, and moves it at updateRefresh', async () => {
    const issued = await test.tokens.issue(bob());
    const exp = issued.refreshClaims.exp;
    expect(exp).toBe(now() + 2 * DAY);
    test.clock.advance(DAY);
    const refreshed = await test.tokens.refresh(issued.refresh);
    expect(refreshed.refreshClaims.exp).toBe(exp);
    expect(refreshed.accessClaims).toMatchObject({ exp: now() + 3600, iat: now(), auth_time: now() - DAY });
    expect(refreshed.accessClaims.refresh_iat).toBe(refreshed.refreshClaims.iat);
    test.clock.advance(60);
    const updated = await test.tokens.updateRefresh(refreshed.refresh);
    expect(updated.refreshClaims.exp).toBe(now() + 2 * DAY);
    expect([refreshed.sid, updated.sid]).toEqual([issued.sid, issued.sid]);
    const jtis = [issued, refreshed, updated].map(({ accessClaims }) => accessClaims.jti);
    expect(new Set(jtis).size).toBe(3);
    expect(test.takeEvents()).toEqual(['jwto.logged_in', 'jwto.access_refreshed', 'jwto.refresh_updated']);
    expect(await test.tokens.listSessions(BOB)).toMatchObject([
      { lastUsedAt: test.clock.now() - (test.clock.now() % HOUR), expiresAt: updated.refreshClaims.exp * 1000 },
    ]);
  });

  it('ends for good at its absolute end, which caps every exp', async () => {
    const issued = await test.tokens.issue(bob());
    const end = now() + 5 * DAY;
    expect(issued.endsAt).toBe(end * 1000);
    let { refresh } = issued;
    for (let day = 1; day < 5; day++) {
      test.clock.advance(DAY);
      const updated = await test.tokens.updateRefresh(refresh);
      expect(updated.refreshClaims.exp).toBe(Math.min(now() + 2 * DAY, end));
      expect(updated.endsAt).toBe(end * 1000);
      refresh = updated.refresh;
    }
    test.clock.advance(DAY - 60);
    const last = await test.tokens.updateRefresh(refresh);
    expect([last.accessClaims.exp, last.refreshClaims.exp]).toEqual([end, end]);
    const client = test.client();
    client.bearer = last.access;
    expect((await client.get('/testapp/protect')).status).toBe(200);
    test.clock.advance(60);
    expect((await client.get('/testapp/protect')).json.code).toBe('token_expired');
    for (const call of ['refresh', 'updateRefresh'] as const) {
      await expect(test.tokens[call](last.refresh)).rejects.toMatchObject({ code: 'token_expired' });
    }
    expect(await test.tokens.listSessions(BOB)).toEqual([]);
  });

  it('caps a shorter session than its tokens from the start', async () => {
    await test.close();
    test = await startApp({ database, options: { sessionLifetime: '2m' } });
    const { accessClaims, refreshClaims } = await test.tokens.issue(bob());
    expect([accessClaims.exp, refreshClaims.exp]).toEqual([now() + 120, now() + 120]);
  });

  it('whose refresh token has expired is refused, and not given a longer life', async () => {
    const { refresh } = await test.tokens.issue(bob());
    test.clock.advance(2 * DAY);
    await expect(test.tokens.updateRefresh(refresh)).rejects.toMatchObject({ code: 'token_expired' });
    expect(test.takeEvents()).toEqual(['jwto.logged_in']);
  });

  it.each([
    ['gone', (app: TestApp) => void app.users.rows.splice(1, 1), 'user_inactive', 'user_inactive'],
    ['inactive', (app: TestApp) => void (app.users.named('bob').isActive = false), 'user_inactive', 'user_inactive'],
    [
      'changed in its stamp',
      (app: TestApp) => void (app.users.named('bob').stamp = 'new'),
      'token_revoked',
      'stamp_changed',
    ],
    [
      'without its stamp',
      (app: TestApp) => void (app.users.named('bob').stamp = undefined),
      'token_revoked',
      'stamp_changed',
    ],
  ])('is revoked at the next refresh of a user who is %s', async (_how, change, code, reason) => {
    bob().stamp = 'hash-of-the-password';
    for (const endpoint of ['refresh_access', 'update_refresh']) {
      test.users.rows.splice(1, 1, {
        ...test.users.named('alice'),
        id: BOB,
        username: 'bob',
        stamp: 'hash-of-the-password',
      });
      const client = test.client();
      const { json } = await client.login('bob');
      await test.tokens.refresh(json.refresh ?? '').then(({ refresh }) => (client.bearer = refresh));
      change(test);
      test.takeEvents();
      const refused = await client.refresh(endpoint);
      expect([refused.status, refused.json.code, refused.cookies]).toEqual([401, code, []]);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"');
      expect((await client.refresh(endpoint)).json.code).toBe('token_revoked');
      expect(test.takeEvents()).toEqual(['jwto.session_revoked']);
      expect(test.events.at(-1)?.event).toMatchObject({ userId: '2', reason, request: { method: 'POST' } });
      client.bearer = json.access;
      expect((await client.get('/testapp/protect')).json.code).toBe('token_revoked');
      expect(await test.tokens.listSessions(BOB)).toEqual([]);
      if (test.users.rows.length === 3) test.users.rows.splice(1, 0, test.users.rows[0] as never);
    }
  });

  it('keeps its stamp as a hash only', async () => {
    bob().stamp = 'hash-of-the-password';
    await test.tokens.issue(bob());
    const rows = await test.dataSource.query<object[]>(
      `SELECT * FROM ${test.dataSource.entityMetadatas[0]?.tablePath ?? ''}`,
    );
    expect(JSON.stringify(rows)).not.toContain('hash-of-the-password');
    expect(JSON.stringify(rows)).not.toContain('eyJ');
  });

  it('is not touched by a failure of the user provider: 503, and the same token works afterwards', async () => {
    const client = test.client();
    client.bearer = (await client.login('bob')).json.refresh;
    test.takeEvents();
    const before = await test.tokens.listSessions(BOB);
    test.users.failure = new Error('the directory is down');
    for (const endpoint of ['refresh_access', 'update_refresh', 'refresh_access']) {
      const refused = await client.refresh(endpoint);
      expect([refused.status, refused.json.code]).toEqual([503, 'store_unavailable']);
      expect(refused.text).not.toContain('directory');
    }
    expect((await test.client().login('alice')).json.code).toBe('store_unavailable');
    expect(await test.tokens.listSessions(BOB)).toEqual(before);
    expect(test.takeEvents()).toEqual(['jwto.login_failed']);
    test.users.failure = undefined;
    expect((await client.refresh('refresh_access')).status).toBe(200);
  });

  it('is not touched where the new tokens would be too large', async () => {
    const { refresh } = await test.tokens.issue(bob());
    test.takeEvents();
    const before = await test.tokens.listSessions(BOB);
    bob().perms = Array.from({ length: 900 }, (_, index) => `permission.${String(index)}`);
    await expect(test.tokens.updateRefresh(refresh)).rejects.toMatchObject({ code: 'token_too_large' });
    expect([await test.tokens.listSessions(BOB), test.takeEvents()]).toEqual([before, []]);
    bob().perms = [];
    await test.tokens.refresh(refresh);
  });

  it('that is revoked while it is refreshed gives no token', async () => {
    const { refresh, sid } = await test.tokens.issue(bob());
    test.takeEvents();
    vi.spyOn(test.users, 'findById').mockImplementation((async () => {
      await test.tokens.revokeSession(sid);
      return bob();
    }) as never);
    await expect(test.tokens.refresh(refresh)).rejects.toMatchObject({
      code: 'token_revoked',
      message: "Can't update access token.",
    });
    expect(test.takeEvents()).toEqual(['jwto.session_revoked']);
  });

  it('asks for the user by its id as a text, once a refresh', async () => {
    const find = vi.spyOn(test.users, 'findById');
    const { refresh } = await test.tokens.issue(bob());
    await test.tokens.refresh(refresh);
    expect(find.mock.calls).toEqual([['2']]);
  });
});
