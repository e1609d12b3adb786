import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/test-app.js';

describe('without any setting but the key and the users', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp();
  });
  afterAll(() => test.close());

  it('tokens travel in bodies and no cookie is set', async () => {
    const login = await test.client().login();
    expect(login.json).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    expect(login.cookies).toEqual([]);
    expect((await test.client().get('/csrf/')).status).toBe(404);
  });

  it('tokens are HS256, live 5 minutes and a day, and have sub, iat and jti, and neither iss, aud nor nbf', async () => {
    const { access, refresh, accessClaims, refreshClaims, endsAt } = await test.tokens.issue(test.users.named('alice'));
    expect(test.tokens.decode(access).header).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(test.tokens.decode(refresh).header).toEqual({ alg: 'HS256', typ: 'JWT' });
    const now = Math.floor(test.clock.now() / 1000);
    const common = { sub: '1', sid: expect.any(String), iat: now, auth_time: now, jti: expect.any(String) };
    const user = { id: 1, username: 'alice', perms: [] };
    expect(accessClaims).toEqual({ ...common, type: 'access', exp: now + 300, refresh_iat: now, user });
    expect(refreshClaims).toEqual({ ...common, type: 'refresh', exp: now + 86_400, user });
    expect(accessClaims.jti).not.toBe(refreshClaims.jti);
    expect(accessClaims.sid).toBe(refreshClaims.sid);
    expect(endsAt).toBe((now + 30 * 86_400) * 1000);
  });

  it('there is no leeway', async () => {
    const { access } = await test.tokens.issue(test.users.named('alice'));
    test.clock.advance(300);
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_expired' });
  });

  it('the refresh endpoints lie below api/token/refresh, update_refresh among them', async () => {
    const client = test.client();
    client.bearer = (await client.login()).json.refresh;
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh', 'logout']) {
      expect((await client.send(`/api/token/refresh/${endpoint}/`)).status, endpoint).not.toBe(404);
    }
  });

  it('a user has 100 sessions, and guards see a revocation at once', async () => {
    const bob = test.users.named('bob');
    const first = await test.tokens.issue(bob);
    for (let count = 0; count < 99; count++) {
      test.clock.advance(1);
      await test.tokens.issue(bob);
    }
    await test.tokens.verify(first.access);
    await test.tokens.issue(bob);
    await expect(test.tokens.verify(first.access)).rejects.toMatchObject({ code: 'token_revoked' });
    expect(await test.tokens.listSessions(2)).toHaveLength(100);
  });
});

describe('without any setting but a cookie mode', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ options: { mode: 'ONE-COOKIE' } });
  });
  afterAll(() => test.close());

  it('cookies are Secure, Lax, of this host only, without a prefix, and CSRF is checked', async () => {
    const client = test.client();
    const { cookies } = await client.login();
    const common = { value: expect.any(String), path: '/', secure: true, sameSite: 'Lax' };
    expect(cookies).toEqual([
      { ...common, name: 'jwt_access', maxAge: 300, httpOnly: true },
      { ...common, name: 'jwt_refresh', maxAge: 86_400, httpOnly: true, path: '/api/token/refresh' },
      { ...common, name: 'csrftoken', maxAge: 30 * 86_400 },
    ]);
    expect((await client.send('/testapp/protect')).json.code).toBe('csrf_missing');
    expect((await client.send('/testapp/protect', { headers: client.csrf() })).status).toBe(200);
  });
});
