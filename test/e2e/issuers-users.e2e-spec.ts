import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { JwtoModuleOptions, TrustedIssuer } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { AUDIENCE, FakeIssuer } from '../support/fake-issuer.js';
import { expectNothingDone, expectRefusal, storedRows } from '../support/refusals.js';
import { ringKey } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';

describe.each(ADAPTERS)('the users of another issuer on %s', (_name, adapter) => {
  let issuer: FakeIssuer;
  let test: TestApp;
  beforeEach(async () => {
    issuer = await FakeIssuer.start(ringKey('theirs', 'ES256'));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
    await issuer.close();
  });
  async function start(trusted: Partial<TrustedIssuer> = {}, options: Partial<JwtoModuleOptions> = {}): Promise<void> {
    test = await startApp({ adapter, options: { issuers: [issuer.trusted(trusted)], ...options } });
  }
  const bearer = (token: string) => {
    const client = test.client();
    client.bearer = token;
    return client;
  };
  const mapper = (map: (claims: Record<string, unknown>) => unknown) => ({ mapUser: map as TrustedIssuer['mapUser'] });

  it.each([
    ['at once', (user: unknown) => user],
    ['by a promise', (user: unknown) => Promise.resolve(user)],
  ])('are made of the claims by mapUser %s', async (_how, give) => {
    const mapUser = vi.fn((claims: Record<string, unknown>) => {
      const { sub, scope } = claims;
      return give({ id: `ext-${String(sub)}`, username: 'Ext', perms: String(scope).split(' '), email: 'e@x' });
    });
    await start(mapper(mapUser));
    const client = bearer(issuer.token({ scope: 'perm1 perm9', user: { id: 1, perms: ['perm2'] } }));
    const user = { id: 'ext-u-1', username: 'Ext', perms: ['perm1', 'perm9'], email: 'e@x' };
    expect((await client.get('/testapp/user')).json).toEqual({ user, username: 'Ext' });
    expect((await client.get('/testapp/perms_protect')).text).toBe('perms also worked!');
    expect((await client.get('/testapp/claims')).json).toMatchObject({ sid: '', type: 'access', user });
    expect(mapUser.mock.lastCall?.[0]).toMatchObject({ iss: issuer.url, sub: 'u-1', scope: 'perm1 perm9' });
  });

  it('are asked for anew at each request, with claims that mapUser may change', async () => {
    let perms: string[] = [];
    await start(
      mapper((claims) => {
        const { sub } = claims;
        for (const name of Object.keys(claims)) claims[name] = 'changed';
        return { id: String(sub), username: 'x', perms };
      }),
    );
    const client = bearer(issuer.token());
    for (const [given, status] of [
      [['perm1'], 200],
      [[], 403],
      [['perm1'], 200],
    ] as const) {
      perms = [...given];
      expect((await client.get('/testapp/perms_protect')).status).toBe(status);
    }
    expect((await client.get('/testapp/claims')).json).toMatchObject({
      sub: 'u-1',
      user: { id: 'u-1' },
      foreign: { iss: issuer.url, sub: 'u-1' },
    });
  });

  it('that mapUser does not know are refused', async () => {
    await start(mapper(() => undefined));
    await expectRefusal(test, () => bearer(issuer.token()).get('/testapp/protect'), {
      status: 401,
      code: 'token_invalid',
    });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the directory is away');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the directory is away'))],
    ['returns null', () => null],
    ['returns text', () => 'bob'],
    ['returns no id', () => ({ username: 'x' })],
    ['returns an empty id', () => ({ id: '', username: 'x' })],
    ['returns an object as id', () => ({ id: {}, username: 'x' })],
    ['returns NaN as id', () => ({ id: Number.NaN, username: 'x' })],
    ['returns no username', () => ({ id: 1 })],
    ['returns text as perms', () => ({ id: 1, username: 'x', perms: 'perm1' })],
    ['returns null as perms', () => ({ id: 1, username: 'x', perms: null })],
    ['returns numbers as perms', () => ({ id: 1, username: 'x', perms: [1] })],
  ])('wait where mapUser %s: 503', async (_what, map) => {
    const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    await start(mapper(map));
    const token = issuer.token();
    const answer = await expectRefusal(test, () => bearer(token).get('/testapp/protect'), {
      status: 503,
      code: 'store_unavailable',
    });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const logged = error.mock.calls.flat().map(String).join();
    expect(logged).toContain('mapUser');
    expect(logged).not.toContain(token.split('.')[2]);
  });

  it('are not asked for with a token that is none', async () => {
    const mapUser = vi.fn(() => ({ id: 1, username: 'x' }));
    await start(mapper(mapUser));
    const now = Math.floor(test.clock.now() / 1000);
    for (const claims of [{ aud: 'x' }, { exp: now }, { nbf: now + 9 }, { iss: 'x' }]) {
      expect((await bearer(issuer.token(claims)).get('/testapp/protect')).status).toBe(401);
    }
    expect((await bearer(`${issuer.token().slice(0, -8)}AAAAAAAA`).get('/testapp/protect')).status).toBe(401);
    expect(mapUser).not.toHaveBeenCalled();
  });

  it('reach no endpoint that is about sessions of ours, even with the id of a user of ours', async () => {
    await start(mapper(() => ({ id: 3, username: 'admin', perms: ['perm1'] })));
    const { sid } = await test.tokens.issue(test.users.named('admin'));
    const token = issuer.token({ sid, jti: 'x', user: { id: 3 } });
    const client = bearer(token);
    expect((await client.get('/testapp/user')).json).toMatchObject({ username: 'admin' });
    const refusal = { status: 401, code: 'token_invalid' } as const;
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh', 'logout']) {
      await expectRefusal(test, () => client.send(`${REFRESH}/${endpoint}/`), refusal);
    }
    await expectRefusal(test, () => client.get('/testapp/refresh_only'), refusal);
    await expectRefusal(test, () => client.get('/sessions/'), refusal);
    await expectRefusal(test, () => client.send('/sessions/revoke/', { json: { sid } }), refusal);
    await expectRefusal(test, () => client.send('/sessions/revoke_others/'), refusal);
    const before = await storedRows(test);
    test.takeEvents();
    const deleted = await client.send(`${REFRESH}/logout/`, { method: 'DELETE' });
    expect(deleted.status).toBe(204);
    await expectNothingDone(test, deleted, before);
    for (const use of ['refresh', 'updateRefresh', 'revokeToken'] as const) {
      await expect(test.tokens[use](token), use).rejects.toMatchObject({ code: 'token_invalid' });
    }
    await expect(test.tokens.verify(token, { type: 'refresh' })).rejects.toMatchObject({ code: 'token_invalid' });
    expect((await test.tokens.listSessions(3)).map((session) => session.sid)).toEqual([sid]);
  });

  it('are not signed in here, and a validation is told without a session', async () => {
    await start();
    const client = bearer(issuer.token());
    await expectRefusal(test, () => client.send('/login/', { json: {} }), {
      status: 400,
      code: 'credentials_missing',
      events: ['jwto.login_failed'],
    });
    expect((await client.send('/validate_access/')).json).toEqual({ msg: 'Token is valid' });
    expect(test.events.at(-1)).toMatchObject({
      name: 'jwto.token_validated',
      event: { sid: null, userId: `${issuer.url}|u-1` },
    });
    expect((await client.login()).status).toBe(200);
  });

  it('are never believed in a cookie, and get none', async () => {
    await start({}, { mode: ['TWO-COOKIES', 'JSON'] });
    const token = issuer.token();
    for (const method of ['GET', 'POST']) {
      const cookie = `jwt_access_token=${token}; jwt_access=${token}; jwt_refresh=${token}; csrftoken=x`;
      const headers = { cookie, 'x-csrftoken': 'x' };
      await expectRefusal(test, () => test.client().send('/testapp/protect', { method, headers }), {
        status: 401,
        code: 'token_invalid',
      });
    }
    // With a good one of ours in the jar, a foreign one in the header is the credential, and nothing is set.
    const client = test.client();
    await client.login();
    client.bearer = token;
    const answer = await client.get('/csrf/');
    expect([answer.status, answer.cookies]).toEqual([200, []]);
    expect((await client.send('/testapp/protect')).text).toBe('worked!');
  });

  it('of one issuer are not those of another', async () => {
    const other = await FakeIssuer.start(ringKey('theirs', 'ES256'));
    test = await startApp({
      adapter,
      options: { issuers: [issuer.trusted(), other.trusted({ audience: ['a', 'b'] })] },
    });
    const name = async (token: string) => (await bearer(token).get('/testapp/user')).json['username'];
    expect(await name(issuer.token())).toBe(`${issuer.url}|u-1`);
    expect(await name(other.token({ aud: 'b' }))).toBe(`${other.url}|u-1`);
    const crossed = [issuer.token({ iss: other.url, aud: 'b' }), other.token({ iss: issuer.url }), other.token()];
    for (const token of crossed) expect((await bearer(token).get('/testapp/protect')).json.code).toBe('token_invalid');
    await other.close();
  });

  it('are refused in an application that names no issuer, and ours are ours with a random secret', async () => {
    test = await startApp({ adapter, options: { signingKey: randomBytes(32), iss: 'us', aud: AUDIENCE } });
    expect((await bearer(issuer.token()).get('/testapp/protect')).json.code).toBe('token_invalid');
    expect((await bearer(issuer.token({ iss: 'us' })).get('/testapp/protect')).json.code).toBe('token_invalid');
    expect(issuer.fetches).toBe(0);
  });
});
