import { ClaimsProvider } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import type { Answer, Client } from '../support/client.js';
import { claimsOf, forge } from '../support/forge.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const UNAVAILABLE = { status: 503, code: 'store_unavailable' } as const;

describe.each(ADAPTERS)('what happens when nobody answers, on %s', (_name, adapter) => {
  let test: TestApp;
  let client: Client;
  let [access, refresh] = ['', ''];
  const start = async (config: TestAppOptions = {}): Promise<void> => {
    test = await startApp({ adapter, ...config });
    client = test.client();
    ({ access = '', refresh = '' } = (await client.login('bob')).json);
  };
  afterEach(() => test.close());
  const send = (token: string | undefined, path: string, method = 'POST'): Promise<Answer> => {
    client.bearer = token;
    return client.send(path, { method });
  };

  it('a user provider that fails is 503 with a Retry-After, and has changed nothing', async () => {
    await start();
    test.users.failure = new Error('the password of the directory is hunter2');
    const answers = [
      await expectRefusal(test, () => test.client().login(), { ...UNAVAILABLE, events: ['jwto.login_failed'] }),
      await expectRefusal(test, () => send(refresh, `${REFRESH}/refresh_access/`), UNAVAILABLE),
      await expectRefusal(test, () => send(refresh, `${REFRESH}/update_refresh/`), UNAVAILABLE),
    ];
    for (const answer of answers) {
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(answer.headers.get('www-authenticate')).toBeNull();
      expect(answer.text).not.toContain('hunter2');
    }
    test.users.failure = undefined;
    expect((await send(refresh, `${REFRESH}/refresh_access/`)).status).toBe(200);
  });

  it('so is a database that cannot end the session which a login replaces: nobody is signed in, and no session more', async () => {
    await start({ options: { mode: ['TWO-COOKIES', 'JSON'] } });
    const browser = await Browser.signIn(test, 'bob');
    await test.dataSource.query(
      `CREATE TRIGGER no_update BEFORE UPDATE ON jwto_session BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
    );
    const request = { headers: { 'content-type': 'application/json' }, body: '{"username":"bob","password":"pass"}' };
    const login = (): Promise<Answer> => browser.send('POST /login/', request);
    await expectRefusal(test, login, { ...UNAVAILABLE, events: ['jwto.login_failed'] });
    await test.dataSource.query('DROP TRIGGER no_update');
    expect((await login()).status).toBe(200);
    expect(test.takeEvents().sort()).toEqual(['jwto.logged_in', 'jwto.session_revoked']);
  });

  it('so is a provider that gives a user without an id, and one that gives claims that are no JSON', async () => {
    let claims: unknown = {};
    class Claims extends ClaimsProvider {
      override claims(): Record<string, unknown> {
        return claims as Record<string, unknown>;
      }
    }
    await start({ options: { claims: { useValue: new Claims() } } });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const bad of [circle, { big: 1n }, 'text', ['list'], 1]) {
      claims = bad;
      await expectRefusal(test, () => test.client().login(), { ...UNAVAILABLE, events: ['jwto.login_failed'] });
      await expectRefusal(test, () => send(refresh, `${REFRESH}/refresh_access/`), UNAVAILABLE);
    }
    claims = {};
    for (const id of [undefined, null, '', NaN, {}, 1.5]) {
      test.users.rows.splice(0, 1, { id: id as number, username: 'alice', password: 'pass', email: '' });
      await expectRefusal(test, () => test.client().login(), { ...UNAVAILABLE, events: ['jwto.login_failed'] });
    }
  });

  it('a throttle that fails is 503, and nobody looked at the password', async () => {
    let fails = false;
    const throttleLogin = (): null => {
      if (fails) throw new Error('no redis');
      return null;
    };
    await start({ options: { throttleLogin } });
    fails = true;
    test.users.asked.length = 0;
    await expectRefusal(test, () => test.client().login(), { ...UNAVAILABLE, events: ['jwto.login_failed'] });
    expect(test.users.asked).toEqual([]);
  });

  it('a database that is gone is 503 wherever its answer is needed, and never an open door', async () => {
    await start({ options: { blocklistCheck: 'database' } });
    test.takeEvents();
    await test.dataSource.destroy();
    const routes = [
      [access, '/testapp/protect', 'GET'],
      [access, '/testapp/protect', 'POST'],
      [access, '/testapp/perms_protect', 'GET'],
      [access, '/validate_access/', 'POST'],
      [refresh, '/testapp/refresh_only', 'GET'],
      [refresh, `${REFRESH}/validate_refresh/`, 'POST'],
      [refresh, `${REFRESH}/refresh_access/`, 'POST'],
      [refresh, `${REFRESH}/update_refresh/`, 'POST'],
      [refresh, `${REFRESH}/logout/`, 'POST'],
      [refresh, `${REFRESH}/logout/`, 'DELETE'],
    ] as const;
    for (const [token, path, method] of routes) {
      const answer = await send(token, path, method);
      expect([path, answer.status, answer.json]).toEqual([
        path,
        503,
        { statusCode: 503, error: expect.any(String), code: 'store_unavailable' },
      ]);
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect((await test.client().login()).json.code).toBe('store_unavailable');
    expect(test.takeEvents()).toEqual(['jwto.login_failed']);
  });

  it('a copy of the revocations lets guards go on without a database, until it is too old', async () => {
    await start({ options: { maxStaleness: '1h' } });
    const revoked = (await test.client().login('bob')).json;
    await send(revoked.refresh, `${REFRESH}/logout/`);
    test.takeEvents();
    await test.dataSource.destroy();
    const guarded = async (token: string): Promise<unknown[]> => {
      const answers = [
        await send(token, '/testapp/protect', 'GET'),
        await send(token, '/testapp/perms_protect', 'GET'),
      ];
      return answers.map(({ status, json }) => json.code ?? status);
    };
    expect(await guarded(access)).toEqual([200, 200]);
    expect(await guarded(revoked.access ?? '')).toEqual(['token_revoked', 'token_revoked']);
    expect((await send(access, '/validate_access/')).status).toBe(200);
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh', 'logout']) {
      expect((await send(refresh, `${REFRESH}/${endpoint}/`)).json.code).toBe('store_unavailable');
    }
    const { now } = Date;
    const later = vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_700_000);
    expect(await guarded(access)).toEqual(['store_unavailable', 'store_unavailable']);
    expect((await send(access, '/validate_access/')).headers.get('retry-after')).toBe('5');
    later.mockRestore();
    expect(await guarded(access)).toEqual([200, 200]);
    expect(test.takeEvents()).toEqual(['jwto.token_validated']);
  });

  it.each([
    [10, '5'],
    [5, '2'],
    [1, '1'],
    [0, '1'],
    [60, '5'],
  ])(
    'the Retry-After lies within half of a grace of %d s, where there is a whole second in it',
    async (rotationGrace, seconds) => {
      await start({ options: { rotationGrace } });
      test.users.failure = new Error('the directory is down');
      const answer = await expectRefusal(test, () => send(refresh, `${REFRESH}/refresh_access/`), UNAVAILABLE);
      expect(answer.headers.get('retry-after')).toBe(seconds);
    },
  );

  it('no database is asked before the signature, the claims and the expiry stand', async () => {
    await start();
    await test.dataSource.destroy();
    const codes = async (token: string | undefined, path: string): Promise<unknown> =>
      (await send(token, path)).json.code;
    for (const path of ['/validate_access/', `${REFRESH}/refresh_access/`, `${REFRESH}/validate_refresh/`]) {
      expect(await codes(undefined, path)).toBe('token_missing');
      expect(await codes('garbage', path)).toBe('token_malformed');
      expect(await codes(forge(claimsOf(access), undefined, 'x'.repeat(32)), path)).toBe('token_invalid');
      expect(await codes(path.startsWith(REFRESH) ? access : refresh, path)).toBe('token_wrong_type');
    }
    expect((await test.client().login('bob', 'wrong')).json.code).toBe('credentials_invalid');
    expect(await codes('garbage', `${REFRESH}/logout/`)).toBe('token_malformed');
    expect((await send('garbage', `${REFRESH}/logout/`, 'DELETE')).status).toBe(204);
    test.clock.advance(86_400);
    expect(await codes(access, '/validate_access/')).toBe('token_expired');
    expect(await codes(refresh, `${REFRESH}/refresh_access/`)).toBe('token_expired');
  });

  it('without a check of access tokens the guards need no database, and refresh tokens still do', async () => {
    await start({ options: { blocklistCheck: 'refresh' } });
    await test.dataSource.destroy();
    expect((await send(access, '/testapp/protect', 'GET')).text).toBe('worked!');
    expect((await send(refresh, `${REFRESH}/validate_refresh/`)).json.code).toBe('store_unavailable');
  });

  it('an errorMapper replaces status and body everywhere, and leaves the headers of the contract', async () => {
    const seen: unknown[] = [];
    await start({
      options: {
        errorMapper: (error, body) => {
          seen.push([error.code, body]);
          return {
            status: error.code === 'token_revoked' ? 500 : 418,
            body: { detail: body.error, was: error.getStatus() },
          };
        },
      },
    });
    const missing = { detail: 'Token not found in "Authorization" header.', was: 401 };
    for (const [path, method] of [
      ['/testapp/protect', 'GET'],
      ['/testapp/perms_protect', 'GET'],
      ['/validate_access/', 'POST'],
      [`${REFRESH}/logout/`, 'POST'],
    ] as const) {
      const answer = await send(undefined, path, method);
      expect([path, answer.status, answer.json]).toEqual([path, 418, missing]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"');
    }
    expect(seen[0]).toEqual(['token_missing', { statusCode: 401, error: missing.detail, code: 'token_missing' }]);
    expect((await test.client().login('bob', 'wrong')).json).toMatchObject({ was: 401 });
    expect((await test.client().send('/login/', { json: [] })).json).toMatchObject({ was: 400 });
    await send(refresh, `${REFRESH}/logout/`);
    for (const path of ['/testapp/protect', '/testapp/claims'])
      expect((await send(access, path, 'GET')).status).toBe(500);
  });
});
