import { generateKeyPairSync } from 'node:crypto';
import { JwtoConfigurationError } from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import { claimsOf, segment } from '../support/forge.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const LOGIN_TYPE = 'Content-Type: application/json';

/** The weaknesses of djwto that are about cookies and settings, by the numbers of our list of them. */
describe.each(ADAPTERS)('what djwto got wrong about cookies, on %s', (_name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  beforeEach(async () => {
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES' } });
    browser = await Browser.signIn(test);
  });
  afterEach(() => test.close());
  const credentials = (username: string): string => JSON.stringify({ username, password: 'pass' });

  it('D2: an access token in the refresh cookie gives nothing', async () => {
    const cookies = (own: Readonly<Record<string, string>>): string =>
      joined(own, { jwt_refresh: own['jwt_access_token'] ?? '' });
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh']) {
      const request = { cookies, headers: { 'content-type': 'application/json' }, body: '{"jwt_type":"refresh"}' };
      await expectRefusal(test, () => browser.send(`POST ${REFRESH}/${endpoint}/`, request), {
        status: 401,
        code: 'token_wrong_type',
      });
    }
  });

  it('D3: a refresh token in the access cookie opens no guarded route', async () => {
    const cookies = (own: Readonly<Record<string, string>>): string =>
      joined(own, { jwt_access_token: own['jwt_refresh'] ?? '' });
    await expectRefusal(test, () => browser.send('GET /testapp/protect', { cookies }), {
      status: 401,
      code: 'token_wrong_type',
    });
  });

  it('D14: after a refresh the cookies live as long as what is in them', async () => {
    test.clock.advance(1000);
    const answer = await browser.send(`POST ${REFRESH}/refresh_access/`);
    const maxAge = Object.fromEntries(answer.cookies.map((cookie) => [cookie.name, cookie.maxAge]));
    expect(maxAge).toMatchObject({
      jwt_access_token: 300,
      jwt_access_payload: 300,
      jwt_refresh: 86_400 - 1000,
      csrftoken: 30 * 86_400 - 1000,
    });
  });

  it('D15: garbage and expired cookies block no login, and another user can sign in over a session', async () => {
    for (const cookies of ['jwt_access_token=garbage; jwt_refresh=garbage', joined(browser.cookies)]) {
      const answer = await sendRaw(test.url, {
        path: '/login/',
        headers: [LOGIN_TYPE, `Cookie: ${cookies}`],
        body: credentials('bob'),
      });
      expect(answer.json).toEqual({ msg: 'Tokens successfully created.' });
      const access = answer.cookies.find(({ name }) => name === 'jwt_access_token')?.value;
      expect(claimsOf(access)['user']).toMatchObject({ username: 'bob' });
    }
    await expectRefusal(test, () => browser.send('GET /testapp/protect'), { status: 401, code: 'token_revoked' });
  });

  it('D15: only a verified, living session is already authenticated', async () => {
    const empty = { headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await browser.send('POST /login/', empty)).json).toEqual({ msg: 'User already authenticated.' });
    const refusal = { status: 400, code: 'credentials_missing', events: ['jwto.login_failed'] } as const;
    await expectRefusal(
      test,
      () => browser.send('POST /login/', { ...empty, cookies: () => 'jwt_access_token=garbage' }),
      refusal,
    );
    test.clock.advance(300);
    await expectRefusal(test, () => browser.send('POST /login/', empty), refusal);
    await browser.send(`POST ${REFRESH}/logout/`);
    await expectRefusal(test, () => browser.send('POST /login/', empty), refusal);
  });

  it('D16: nobody can sign a victim in from a foreign page', async () => {
    const headers = [LOGIN_TYPE, 'Origin: https://evil.example'];
    await expectRefusal(test, () => sendRaw(test.url, { path: '/login/', headers, body: credentials('alice') }), {
      status: 403,
      code: 'csrf_origin',
      events: ['jwto.csrf_failed', 'jwto.login_failed'],
    });
    const form = { path: '/login/', headers: ['Content-Type: text/plain'], body: credentials('alice') };
    await expectRefusal(test, () => sendRaw(test.url, form), {
      status: 400,
      code: 'credentials_missing',
      events: ['jwto.login_failed'],
    });
  });

  it.each(['POST', 'DELETE'])(
    'D17: logout by %s ends the session and clears every cookie where it was set',
    async (method) => {
      const answer = await browser.send(`${method} ${REFRESH}/logout/`);
      expect(answer.json).toEqual({
        msg: method === 'POST' ? 'Token successfully blacklisted.' : 'Tokens successfully deleted.',
      });
      const cleared = answer.cookies.map(({ name, value, maxAge, path }) => [name, value, maxAge, path]).sort();
      expect(cleared).toEqual([
        ['csrftoken', '', 0, '/'],
        ['jwt_access_payload', '', 0, '/'],
        ['jwt_access_token', '', 0, '/'],
        ['jwt_refresh', '', 0, REFRESH],
      ]);
      await expectRefusal(test, () => browser.send(`POST ${REFRESH}/refresh_access/`), {
        status: 401,
        code: 'token_revoked',
      });
      await expectRefusal(test, () => browser.send('GET /testapp/protect'), { status: 401, code: 'token_revoked' });
    },
  );

  it('D17: logout by DELETE needs no living access token', async () => {
    test.clock.advance(2 * 86_400);
    expect((await browser.send(`DELETE ${REFRESH}/logout/`)).json).toEqual({ msg: 'Tokens successfully deleted.' });
    expect(test.takeEvents()).toEqual(['jwto.logged_in', 'jwto.blacklisted']);
    expect((await browser.send(`DELETE ${REFRESH}/logout/`, { cookies: () => 'a=b' })).status).toBe(200);
  });

  it('D23: the payload cookie is a copy that nobody believes, and no cookie has a Domain', async () => {
    const { cookies } = await test.client().login();
    expect(cookies).toHaveLength(4);
    for (const cookie of cookies) expect(cookie).toMatchObject({ secure: true, sameSite: 'Lax' });
    expect(cookies.filter(({ domain }) => domain !== undefined)).toEqual([]);
    const forged = segment({
      ...claimsOf(browser.cookies['jwt_access_token']),
      user: { id: 3, username: 'admin', perms: ['perm1'] },
    });
    const planted = (own: Readonly<Record<string, string>>): string => joined(own, { jwt_access_payload: forged });
    await expectRefusal(test, () => browser.send('GET /testapp/perms_protect', { cookies: planted }), {
      status: 403,
      code: 'permission_denied',
    });
    expect((await browser.send('GET /testapp/user', { cookies: planted })).json).toMatchObject({ username: 'alice' });
    expect(
      (await browser.send('GET /testapp/user', { cookies: (own) => joined(own, { jwt_access_payload: null }) })).status,
    ).toBe(200);
  });

  it('D25: the CSRF cookie is Secure and is bound to its session', async () => {
    const other = await Browser.signIn(test, 'bob');
    const cookies = (own: Readonly<Record<string, string>>): string => joined(own, { csrftoken: other.csrf });
    await expectRefusal(
      test,
      () => browser.send('POST /testapp/protect', { cookies, headers: { 'x-csrftoken': other.csrf } }),
      {
        status: 403,
        code: 'csrf_mismatch',
        events: ['jwto.csrf_failed'],
      },
    );
  });
});

describe.each(ADAPTERS)('what djwto got wrong about settings, on %s', (_name, adapter) => {
  it('D20: a lifetime that is none stops the start', async () => {
    for (const accessTokenLifetime of [0, -1, 1.5, Infinity, null, 'never', '', '5 minutes']) {
      await expect(
        startApp({ adapter, options: { accessTokenLifetime: accessTokenLifetime as number } }),
      ).rejects.toThrow(JwtoConfigurationError);
    }
  });

  it('D21: options need no environment variable, and none is read unasked', async () => {
    process.env['JWTO_MODE'] = 'nonsense';
    try {
      const test = await startApp({ adapter });
      expect((await test.client().login()).status).toBe(200);
      await test.close();
    } finally {
      delete process.env['JWTO_MODE'];
    }
  });

  it('D22: a private key is no verifyingKey, the public one comes from the signingKey, and no message shows a key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const wrong = startApp({ adapter, options: { algorithm: 'RS256', signingKey: pem, verifyingKey: pem } });
    const error: unknown = await wrong.then((test) => test.close()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JwtoConfigurationError);
    expect(String(error)).toContain('verifyingKey');
    for (const line of pem.split('\n').slice(1, -2)) expect(String(error)).not.toContain(line);
    const test = await startApp({ adapter, options: { algorithm: 'RS256', signingKey: pem } });
    const client = test.client();
    await client.login();
    expect((await client.get('/testapp/protect')).text).toBe('worked!');
    await test.close();
  });

  it('D25: a hook may refuse a login before anybody looks at the password', async () => {
    const asked: unknown[] = [];
    const test = await startApp({ adapter, options: { throttleLogin: (attempt) => (asked.push(attempt), 30) } });
    const answer = await expectRefusal(test, () => test.client().login(), {
      status: 429,
      code: 'login_throttled',
      events: ['jwto.login_failed'],
    });
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(asked).toEqual([{ username: 'alice', ip: '127.0.0.1' }]);
    expect(test.users.asked).toEqual([]);
    await test.close();
  });
});
