import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Client } from '../support/client.js';
import { claimsOf, forge, without, type Members } from '../support/forge.js';
import { expectRefusal } from '../support/refusals.js';
import { sendRaw } from '../support/raw-http.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';

/** The weaknesses of djwto, the Django library whose endpoints these are, by the numbers of our list of them. */
describe.each(ADAPTERS)('what djwto got wrong about tokens, on %s', (_name, adapter) => {
  let test: TestApp;
  let client: Client;
  let [access, refresh] = ['', ''];
  beforeEach(async () => {
    test = await startApp({ adapter });
    client = test.client();
    ({ access = '', refresh = '' } = (await client.login('admin', 'abc123')).json);
  });
  afterEach(() => test.close());

  const withBearer = (token: string, path: string, method = 'POST') => {
    client.bearer = token;
    return client.send(path, { method });
  };

  it('D1: a user claim that is a text, or lacks an id, is no user', async () => {
    for (const user of ['username and id', ['username', 'id'], { username: 'admin', perms: ['perm1'] }]) {
      const token = forge({ ...claimsOf(access), user });
      await expectRefusal(test, () => withBearer(token, '/testapp/protect', 'GET'), {
        status: 401,
        code: 'token_invalid',
      });
    }
  });

  it('D3: a refresh token opens no guarded route', async () => {
    for (const path of ['/testapp/protect', '/testapp/perms_protect', '/testapp/claims']) {
      await expectRefusal(test, () => withBearer(refresh, path, 'GET'), { status: 401, code: 'token_wrong_type' });
    }
  });

  it('D4: a permission is never part of a text, and the permission guard asks for a login by itself', async () => {
    const user = { ...(claimsOf(access)['user'] as Members), perms: 'perm1 and more' };
    const token = forge({ ...claimsOf(access), user });
    await expectRefusal(test, () => withBearer(token, '/testapp/perms_protect', 'GET'), {
      status: 403,
      code: 'permission_denied',
    });
    await expectRefusal(test, () => test.client().get('/testapp/perms_protect'), {
      status: 401,
      code: 'token_missing',
    });
  });

  it('D5: the scheme is the whole first word of the header, in any case', async () => {
    for (const value of [`xBearer ${access}`, `Basic x Bearer ${access}`, access]) {
      await expectRefusal(test, () => test.client().get('/testapp/protect', { authorization: value }), {
        status: 401,
        code: 'token_missing',
      });
    }
    expect((await test.client().get('/testapp/protect', { authorization: `bEaReR ${access}` })).text).toBe('worked!');
  });

  it('D6: a path that only contains the refresh path is none of it', async () => {
    for (const path of [
      `/x${REFRESH}/refresh_access`,
      `${REFRESH}x/refresh_access`,
      `/login${REFRESH}/logout`,
      `${REFRESH}/refresh_access/x`,
    ]) {
      expect((await withBearer(refresh, path)).status).toBe(404);
    }
  });

  it('D7: a bad token is 401 with a challenge, and the text of no library', async () => {
    const answer = await expectRefusal(test, () => withBearer('a.b.c', '/testapp/protect', 'GET'), {
      status: 401,
      code: 'token_malformed',
    });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    expect(answer.text).not.toMatch(/jwt|signature|segment|JSON|Error:/i);
  });

  it('D8: both tokens have a jti of their own, and a logout takes the access token along', async () => {
    const [one, other] = [claimsOf(access), claimsOf(refresh)];
    expect(one['jti']).not.toBe(other['jti']);
    expect(one['sid']).toBe(other['sid']);
    expect((await withBearer(refresh, `${REFRESH}/logout/`)).status).toBe(200);
    await expectRefusal(test, () => withBearer(access, '/testapp/protect', 'GET'), {
      status: 401,
      code: 'token_revoked',
    });
  });

  it('D9: permissions are asked for anew at every refresh, and no update goes past the end of the session', async () => {
    test.users.named('admin').perms = [];
    const { json } = await withBearer(refresh, `${REFRESH}/update_refresh/`);
    await expectRefusal(test, () => withBearer(json.access ?? '', '/testapp/perms_protect', 'GET'), {
      status: 403,
      code: 'permission_denied',
    });
    const start = claimsOf(refresh)['iat'] as number;
    const end = start + 30 * 86_400;
    let token = json.refresh ?? '';
    for (let at = start; at < end; at += 80_000) {
      test.clock.time = at * 1000;
      token = (await withBearer(token, `${REFRESH}/update_refresh/`)).json.refresh ?? '';
    }
    expect(claimsOf(token)['exp']).toBe(end);
    test.clock.time = end * 1000;
    await expectRefusal(test, () => withBearer(token, `${REFRESH}/update_refresh/`), {
      status: 401,
      code: 'token_expired',
    });
  });

  it('D10: what was revoked by an older token does not revive when that one expires and is purged', async () => {
    const older = claimsOf(refresh);
    test.clock.advance(3600);
    const newer = (await withBearer(refresh, `${REFRESH}/update_refresh/`)).json.refresh ?? '';
    expect(claimsOf(newer)['exp']).toBe((older['exp'] as number) + 3600);
    expect((await withBearer(refresh, `${REFRESH}/logout/`)).status).toBe(200);
    test.clock.time = (older['exp'] as number) * 1000 + 1000;
    await test.tokens.purge();
    await expectRefusal(test, () => withBearer(newer, `${REFRESH}/refresh_access/`), {
      status: 401,
      code: 'token_revoked',
    });
  });

  it('D11: twenty logouts at once end a session once, and none is an error of the server', async () => {
    const newer = (await withBearer(refresh, `${REFRESH}/update_refresh/`)).json.refresh ?? '';
    test.takeEvents();
    const tokens = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? refresh : newer));
    const clients = tokens.map((token) => Object.assign(test.client(), { bearer: token }));
    const statuses = (await Promise.all(clients.map((one) => one.refresh('logout')))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
    expect(test.takeEvents()).toEqual(['jwto.blacklisted']);
  });

  it('D12: no table holds a token, and the size of a token is no matter for a logout', async () => {
    client.bearer = forge({ ...claimsOf(refresh), more: 'x'.repeat(5000) });
    expect((await client.refresh('logout')).status).toBe(200);
    const names = await test.dataSource.query<{ name: string }[]>(
      "SELECT name FROM sqlite_master WHERE type = 'table'",
    );
    const rows = await Promise.all(names.map(({ name }) => test.dataSource.query(`SELECT * FROM "${name}"`)));
    const stored = JSON.stringify(rows);
    expect(stored).toContain(String(claimsOf(refresh)['sid']));
    for (const token of [access, refresh])
      for (const part of token.split('.').slice(1)) expect(stored).not.toContain(part);
  });

  it('D13: a user who was switched off or deleted refreshes no more', async () => {
    test.users.named('admin').isActive = false;
    client.bearer = refresh;
    const answer = await client.refresh('refresh_access');
    expect(answer.json).toEqual({ statusCode: 401, error: expect.any(String), code: 'user_inactive' });
    expect(test.takeEvents()).toEqual(['jwto.logged_in', 'jwto.session_revoked']);
    test.users.named('admin').isActive = true;
    for (const endpoint of ['refresh_access', 'update_refresh', 'validate_refresh']) {
      await expectRefusal(test, () => client.refresh(endpoint), { status: 401, code: 'token_revoked' });
    }
  });

  it('D18: validate_refresh refuses a token that was logged out', async () => {
    await withBearer(refresh, `${REFRESH}/logout/`);
    await expectRefusal(test, () => withBearer(refresh, `${REFRESH}/validate_refresh/`), {
      status: 401,
      code: 'token_revoked',
    });
  });

  it('D19: a token that was logged out is 401 at a refresh, with the words of djwto', async () => {
    await withBearer(refresh, `${REFRESH}/logout/`);
    const refusal = { status: 401, code: 'token_revoked' } as const;
    await expectRefusal(test, () => withBearer(refresh, `${REFRESH}/refresh_access/`), {
      ...refusal,
      error: "Can't update access token.",
    });
    await expectRefusal(test, () => withBearer(refresh, `${REFRESH}/update_refresh/`), {
      ...refusal,
      error: "Can't update refresh token.",
    });
  });

  it('D20: a token always expires, and its subject is its user', async () => {
    await expectRefusal(test, () => withBearer(forge(without(claimsOf(access), 'exp')), '/testapp/protect', 'GET'), {
      status: 401,
      code: 'token_invalid',
    });
    const bob = await test.client().login('bob');
    expect([claimsOf(access)['sub'], claimsOf(bob.json.access)['sub']]).toEqual(['3', '2']);
  });

  it('D24: a handler that throws, rejects, hangs or changes its event changes no answer, and sees no password', async () => {
    const { JwtoEvents } = await import('jwto');
    const events = test.app.get(JwtoEvents);
    const seen: string[] = [];
    events.on('*', (event) => void seen.push(JSON.stringify(event)));
    events.on('*', () => Promise.reject(new Error('rejected')));
    events.on('*', () => new Promise(() => undefined));
    events.on('*', (event) => Object.assign(event.claims ?? {}, { sid: 'changed' }));
    events.on('*', () => {
      throw new Error('thrown');
    });
    const login = await test.client().login('bob', 'pass');
    expect(login.status).toBe(200);
    client.bearer = login.json.refresh;
    expect((await client.refresh('refresh_access')).status).toBe(200);
    expect((await client.refresh('logout')).status).toBe(200);
    expect(seen).toHaveLength(3);
    expect(seen.join()).not.toMatch(/"pass"|password|eyJ|changed/);
  });

  it('D25: the algorithm, the kid and the typ of a token are never taken on trust', async () => {
    for (const more of [{ alg: 'none' }, { kid: 'a' }, { typ: 'at+jwt' }]) {
      const token = forge(claimsOf(access), { alg: 'HS256', typ: 'JWT', ...more });
      await expectRefusal(test, () => withBearer(token, '/testapp/protect', 'GET'), {
        status: 401,
        code: 'token_invalid',
      });
    }
  });

  it('D15: a login with credentials signs in, whatever token comes along', async () => {
    const body = JSON.stringify({ username: 'bob', password: 'pass' });
    for (const token of ['garbage', `${access}x`, access, refresh]) {
      const headers = ['Content-Type: application/json', `Authorization: Bearer ${token}`];
      const answer = await sendRaw(test.url, { path: '/login/', headers, body });
      expect(claimsOf(answer.json.access)['user']).toMatchObject({ username: 'bob' });
    }
  });
});
