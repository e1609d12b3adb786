import type { JwtoError } from 'jwto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { forge } from '../support/forge.js';
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

  it('tokens are JWT by their header, and name no key', async () => {
    const { access } = await test.tokens.issue(test.users.named('alice'));
    const claims = test.tokens.decode(access).payload;
    const standing = (header: object, changes: object = {}) =>
      test.tokens.verify(forge({ ...claims, ...changes }, header)).then(
        () => 'ok',
        (error: unknown) => (error as JwtoError).code,
      );
    expect(await standing({ alg: 'HS256' })).toBe('ok');
    expect(await standing({ alg: 'HS256', typ: 'at+jwt' })).toBe('token_invalid');
    expect(await standing({ alg: 'HS256', kid: 'x' })).toBe('token_invalid');
    // Whoever issued it and for whom is not asked, no other claim is required, and every check is on.
    const seconds = Math.floor(test.clock.now() / 1000);
    expect(await standing({ alg: 'HS256' }, { iss: 'x', aud: ['y', 'z'] })).toBe('ok');
    expect(await standing({ alg: 'HS256' }, { exp: seconds })).toBe('token_expired');
    expect(await standing({ alg: 'HS256' }, { nbf: seconds + 1 })).toBe('token_not_yet_valid');
    expect(await standing({ alg: 'HS256' }, { iat: seconds + 61 })).toBe('token_not_yet_valid');
    for (const wrong of [{ jti: undefined }, { sub: 'x' }]) {
      expect(await standing({ alg: 'HS256' }, wrong)).toBe('token_invalid');
    }
  });

  it('there is a JWK Set, without the secret', async () => {
    expect((await test.client().get('/.well-known/jwks.json')).json).toEqual({ keys: [] });
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

  it('refresh tokens rotate, and a replaced one is accepted for ten seconds', async () => {
    const { refresh, refreshClaims } = await test.tokens.issue(test.users.named('alice'));
    const successor = (await test.tokens.refresh(refresh)).refreshClaims.jti;
    expect(successor).not.toBe(refreshClaims.jti);
    test.clock.advance(9.999);
    expect((await test.tokens.refresh(refresh)).refreshClaims.jti).toBe(successor);
    test.clock.advance(0.001);
    await expect(test.tokens.refresh(refresh)).rejects.toMatchObject({ code: 'token_reused' });
  });

  it('a session that is not used lives as long as its refresh token', async () => {
    const { refresh } = await test.tokens.issue(test.users.named('alice'));
    test.clock.advance(86_399);
    await test.tokens.refresh(refresh);
  });

  it('guards ask a copy of the revocations, which may be ten seconds old', async () => {
    const { access } = await test.tokens.issue(test.users.named('alice'));
    const broken = vi.spyOn(test.dataSource, 'createQueryRunner').mockImplementation(() => {
      throw new Error('the connection is gone');
    });
    const { now } = Date;
    let later = 4000;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + later);
    await test.tokens.verify(access);
    later = 10_001;
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'store_unavailable' });
    clock.mockRestore();
    broken.mockRestore();
  });

  it('there are session endpoints', async () => {
    const client = test.client();
    await client.login('carol');
    expect((await client.get('/sessions/')).json.code).toBe('token_missing');
    await client.login('admin', 'abc123');
    expect((await client.get('/sessions/')).json['sessions']).toHaveLength(1);
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
