import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { SIGNING_KEY, startApp, type TestApp } from '../support/test-app.js';
import jsonwebtoken from 'jsonwebtoken';

const BOB = 2;

describe.each(DATABASES)('TokenService on $name', (database) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({ database, options: { mode: ['JSON', 'TWO-COOKIES'] } });
  });
  afterEach(() => test.close());
  const bob = () => test.users.named('bob');

  it('issues a session in the mode that is asked for, and lists it', async () => {
    const first = await test.tokens.issue(bob());
    test.clock.advance(1);
    const second = await test.tokens.issue(bob(), { mode: 'TWO-COOKIES' });
    expect([first.mode, second.mode]).toEqual(['JSON', 'TWO-COOKIES']);
    expect(await test.tokens.listSessions(BOB)).toEqual([
      {
        sid: second.sid,
        mode: 'TWO-COOKIES',
        signedInAt: test.clock.now(),
        // To the hour, but not to before the sign-in.
        lastUsedAt: test.clock.now(),
        expiresAt: second.refreshClaims.exp * 1000,
        endsAt: second.endsAt,
        userAgent: null,
        ip: null,
      },
      expect.objectContaining({ sid: first.sid, mode: 'JSON' }),
    ]);
    expect(test.takeEvents()).toEqual(['jwto.logged_in', 'jwto.logged_in']);
  });

  it('issues nothing to inactive users, in unknown modes, or beyond the size', async () => {
    const big = { ...bob(), perms: Array.from({ length: 900 }, (_, index) => `permission.${String(index)}`) };
    await expect(test.tokens.issue(test.users.named('carol'))).rejects.toMatchObject({ code: 'user_inactive' });
    const unknown = async () => test.tokens.issue(bob(), { mode: 'ONE-COOKIE' });
    await expect(unknown()).rejects.toMatchObject({ code: 'request_invalid' });
    for (const mode of ['JSON', 'TWO-COOKIES'] as const) {
      await expect(test.tokens.issue(big, { mode })).rejects.toMatchObject({ code: 'token_too_large' });
    }
    expect(await test.tokens.listSessions(BOB)).toEqual([]);
    expect(test.takeEvents()).toEqual([]);
  });

  it('verifies, and gives claims that may be changed', async () => {
    const { access, refresh, accessClaims } = await test.tokens.issue(bob());
    const claims = await test.tokens.verify(access);
    expect(claims).toEqual(accessClaims);
    claims.user.perms.push('more');
    expect((await test.tokens.verify(access)).user.perms).toEqual(['perm1']);
    expect(await test.tokens.verify(refresh, { type: 'refresh' })).toMatchObject({ type: 'refresh' });
    expect(test.events).toHaveLength(1);
  });

  it('refuses each bad token with its code, and changes nothing', async () => {
    const { access, refresh, accessClaims, refreshClaims } = await test.tokens.issue(bob());
    const sign = (claims: object, key = SIGNING_KEY): string => jsonwebtoken.sign(claims, key);
    const now = Math.floor(test.clock.now() / 1000);
    const unknown = { sid: 'no-such-session' };
    const rows: [string, string, string][] = [
      ['', 'token_malformed', 'token_malformed'],
      ['a.b', 'token_malformed', 'token_malformed'],
      [`${access}\n`, 'token_malformed', 'token_malformed'],
      [sign(accessClaims, 'x'.repeat(32)), 'token_invalid', 'token_invalid'],
      [sign({ ...accessClaims, sub: '3' }), 'token_invalid', 'token_invalid'],
      [sign({ ...accessClaims, exp: now }), 'token_expired', 'token_wrong_type'],
      [sign({ ...accessClaims, nbf: now + 1 }), 'token_not_yet_valid', 'token_wrong_type'],
      [sign({ ...refreshClaims, exp: now }), 'token_wrong_type', 'token_expired'],
      [sign({ ...refreshClaims, nbf: now + 1 }), 'token_wrong_type', 'token_not_yet_valid'],
      [sign({ ...refreshClaims, ...unknown }), 'token_wrong_type', 'token_revoked'],
      [
        sign({ ...refreshClaims, user: { ...refreshClaims.user, id: 3 }, sub: '3' }),
        'token_wrong_type',
        'token_revoked',
      ],
      [refresh, 'token_wrong_type', ''],
    ];
    for (const [token, asAccess, asRefresh] of rows) {
      await expect(test.tokens.verify(token), token).rejects.toMatchObject({ code: asAccess });
      if (asRefresh === '') continue;
      await expect(test.tokens.verify(token, { type: 'refresh' }), token).rejects.toMatchObject({ code: asRefresh });
      await expect(test.tokens.refresh(token), token).rejects.toMatchObject({ code: asRefresh });
      await expect(test.tokens.updateRefresh(token), token).rejects.toMatchObject({ code: asRefresh });
    }
    for (const token of ['', 'a.b', sign(accessClaims, 'x'.repeat(32))]) {
      await expect(test.tokens.revokeToken(token)).rejects.toMatchObject({ code: /malformed|invalid/ });
    }
    await test.tokens.verify(access);
    expect(test.takeEvents()).toEqual(['jwto.logged_in']);
    expect((await test.tokens.refresh(refresh)).refreshClaims.exp).toBe(refreshClaims.exp);
  });

  it('decodes without verifying, whatever the signature', async () => {
    const { access, accessClaims } = await test.tokens.issue(bob());
    expect(test.tokens.decode(access)).toEqual({ header: { alg: 'HS256', typ: 'JWT' }, payload: accessClaims });
    const forged = jsonwebtoken.sign({ a: 1 }, 'x', { noTimestamp: true });
    expect(test.tokens.decode(forged).payload).toEqual({ a: 1 });
    for (const token of ['', 'a.b.c', 'nonsense', undefined as never]) {
      expect(() => test.tokens.decode(token)).toThrow(expect.objectContaining({ code: 'token_malformed' }));
    }
  });

  it('revokes one access token until it expires, and leaves the session', async () => {
    const { access, refresh, accessClaims } = await test.tokens.issue(bob());
    test.takeEvents();
    expect(await test.tokens.revokeToken(access)).toBe(true);
    expect(await test.tokens.revokeToken(access)).toBe(false);
    expect(test.takeEvents()).toEqual(['jwto.blacklisted']);
    expect(test.events.at(-1)?.event).toMatchObject({
      userId: '2',
      sid: accessClaims.sid,
      request: null,
      claims: { jti: accessClaims.jti },
    });
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
    const next = await test.tokens.refresh(refresh);
    await test.tokens.verify(next.access);
  });

  it('revokes a refresh token with its session and access tokens, an expired one too', async () => {
    const { access, refresh } = await test.tokens.issue(bob());
    const expired = await test.tokens.issue(bob());
    test.takeEvents();
    expect(await test.tokens.revokeToken(refresh)).toBe(true);
    expect(await test.tokens.revokeToken(refresh)).toBe(false);
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
    await expect(test.tokens.verify(refresh, { type: 'refresh' })).rejects.toMatchObject({ code: 'token_revoked' });
    await expect(test.tokens.refresh(refresh)).rejects.toMatchObject({
      code: 'token_revoked',
      message: "Can't update access token.",
    });
    await expect(test.tokens.updateRefresh(refresh)).rejects.toMatchObject({
      code: 'token_revoked',
      message: "Can't update refresh token.",
    });
    test.clock.advance(2 * 86_400);
    expect(await test.tokens.revokeToken(expired.refresh)).toBe(true);
    expect(test.takeEvents()).toEqual(['jwto.blacklisted', 'jwto.blacklisted']);
  });

  it('revokes one session, with the reason that it is given', async () => {
    const { access, sid } = await test.tokens.issue(bob());
    const other = await test.tokens.issue(bob());
    expect(await test.tokens.revokeSession('no-such-session')).toBe(false);
    expect(await test.tokens.revokeSession(sid, { reason: `device lost ${'x'.repeat(100)}` })).toBe(true);
    expect(await test.tokens.revokeSession(sid)).toBe(false);
    expect(test.events.slice(2).map(({ name, event }) => [name, event.reason, event.userId])).toEqual([
      ['jwto.session_revoked', `device lost ${'x'.repeat(100)}`.slice(0, 64), '2'],
    ]);
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
    await test.tokens.verify(other.access);
    expect(await test.tokens.listSessions(BOB)).toHaveLength(1);
  });

  it('says store_unavailable, and never "not revoked", where the database does not answer', async () => {
    await test.close();
    test = await startApp({ database, options: { blocklistCheck: 'database' } });
    const { access, refresh, sid } = await test.tokens.issue(bob());
    test.takeEvents();
    const broken = vi.spyOn(test.dataSource, 'createQueryRunner').mockImplementation(() => {
      throw new Error('the connection is gone');
    });
    const calls: (() => Promise<unknown>)[] = [
      () => test.tokens.issue(bob()),
      () => test.tokens.verify(access),
      () => test.tokens.verify(refresh, { type: 'refresh' }),
      () => test.tokens.refresh(refresh),
      () => test.tokens.updateRefresh(refresh),
      () => test.tokens.revokeToken(access),
      () => test.tokens.revokeToken(refresh),
      () => test.tokens.revokeSession(sid),
      () => test.tokens.revokeUser(BOB),
      () => test.tokens.listSessions(BOB),
      () => test.tokens.purge(),
    ];
    for (const call of calls) await expect(call(), String(call)).rejects.toMatchObject({ code: 'store_unavailable' });
    const client = test.client();
    const login = await client.login('bob');
    expect([login.status, login.cookies, login.json.access]).toEqual([503, [], undefined]);
    client.bearer = access;
    const guarded = await client.get('/testapp/protect');
    expect([guarded.status, guarded.json.code]).toEqual([503, 'store_unavailable']);
    expect(guarded.headers.get('retry-after')).toMatch(/^\d+$/);
    broken.mockRestore();
    expect(test.takeEvents()).toEqual(['jwto.login_failed']);
    await test.tokens.verify(access);
    expect((await test.tokens.refresh(refresh)).sid).toBe(sid);
  });
});
