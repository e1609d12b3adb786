import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined, OWN_ORIGIN } from '../support/browser.js';
import type { Answer } from '../support/client.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const PROTECT = 'POST /testapp/protect';
const CREDENTIALS = JSON.stringify({ username: 'alice', password: 'pass' });
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  (['ONE-COOKIE', 'TWO-COOKIES'] as const).map((mode) => [mode, name, adapter] as const),
);

const csrfCookies = (answer: Answer) => answer.cookies.filter(({ name }) => name === 'csrftoken');
const login = (test: TestApp, ...headers: string[]): Promise<Answer> =>
  sendRaw(test.url, {
    path: '/login/',
    headers: ['Host: app.example.com', 'Content-Type: application/json', ...headers],
    body: CREDENTIALS,
  });

describe.each(APPS)('CSRF around a session in the mode %s on %s', (mode, _name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  beforeEach(async () => {
    test = await startApp({ adapter, options: { mode, trustedOrigins: ['https://trusted.example'] } });
    browser = await Browser.signIn(test);
    test.users.asked.length = 0;
  });
  afterEach(() => test.close());

  it('a login gives a new token until the session ends, readable for the page', async () => {
    const [first] = csrfCookies(await login(test));
    const [second] = csrfCookies(await login(test));
    expect(first).toMatchObject({ path: '/', secure: true, sameSite: 'Lax', maxAge: 30 * 86_400 });
    expect(first?.httpOnly).toBeUndefined();
    expect(first?.value).toMatch(/^[\w-]{40,}$/);
    expect(second?.value).not.toBe(first?.value);
  });

  it('a login over an older session gives a new token too', async () => {
    const answer = await browser.send('POST /login/', {
      headers: { 'content-type': 'application/json' },
      body: CREDENTIALS,
    });
    expect(answer.json).toEqual({ msg: 'Tokens successfully created.' });
    expect(csrfCookies(answer).map(({ value }) => value)).toEqual([expect.not.stringMatching(`^${browser.csrf}$`)]);
  });

  it.each(['refresh_access', 'update_refresh'])('%s sends the same again', async (endpoint) => {
    const [cookie] = csrfCookies(await browser.send(`POST ${REFRESH}/${endpoint}/`));
    expect(cookie?.value).toBe(browser.csrf);
  });

  it('a refresh sends the one of the session, where another was planted beside it', async () => {
    const answer = await browser.send(`POST ${REFRESH}/refresh_access/`, {
      cookies: (own) => `csrftoken=planted; ${joined(own)}`,
    });
    expect(csrfCookies(answer).map(({ value }) => value)).toEqual([browser.csrf]);
  });

  it.each(['POST', 'DELETE'])('logout by %s deletes it', async (method) => {
    const answer = await browser.send(`${method} ${REFRESH}/logout/`);
    expect(csrfCookies(answer)).toMatchObject([{ value: '', maxAge: 0, path: '/', secure: true, sameSite: 'Lax' }]);
  });

  it('GET /csrf/ gives a new one of the same session, until the session ends', async () => {
    test.clock.advance(100);
    const answer = await browser.send('GET /csrf/', {
      headers: { origin: null, 'x-csrftoken': null },
      cookies: (own) => joined(own, { csrftoken: null }),
    });
    expect(answer.status).toBe(200);
    const [cookie] = csrfCookies(answer);
    expect(cookie).toMatchObject({ path: '/', secure: true, sameSite: 'Lax', maxAge: 30 * 86_400 - 100 });
    expect(cookie?.value).not.toBe(browser.csrf);
    expect(answer.cookies).toHaveLength(1);
    const token = cookie?.value ?? '';
    for (const headers of [{ 'x-csrftoken': token }, { 'x-csrftoken': browser.csrf }]) {
      const cookies = (own: Readonly<Record<string, string>>): string => `${joined(own)}; csrftoken=${token}`;
      expect((await browser.send(PROTECT, { headers, cookies })).text).toBe('worked!');
    }
  });

  it('GET /csrf/ gives none without a session', async () => {
    const nothing = (): string => 'a=b';
    await expectRefusal(test, () => browser.send('GET /csrf/', { cookies: nothing }), {
      status: 401,
      code: 'token_missing',
    });
    const garbage = (): string => 'jwt_access=garbage; jwt_access_token=garbage';
    await expectRefusal(test, () => browser.send('GET /csrf/', { cookies: garbage }), {
      status: 401,
      code: 'token_malformed',
    });
    await browser.send(`POST ${REFRESH}/logout/`);
    await expectRefusal(test, () => browser.send('GET /csrf/'), { status: 401, code: 'token_revoked' });
  });

  it.each(
    [
      [],
      [`Origin: ${OWN_ORIGIN}`],
      ['Origin: https://trusted.example', 'Sec-Fetch-Site: cross-site'],
      [`Referer: ${OWN_ORIGIN}/login`],
      ['Sec-Fetch-Site: none'],
    ].map((headers) => [headers]),
  )('a login is accepted with %j and no token', async (headers) => {
    expect((await login(test, ...headers)).status).toBe(200);
  });

  it.each([
    ['Origin: https://evil.example'],
    ['Origin: null'],
    ['Origin: garbage'],
    ['Origin: http://app.example.com'],
    ['Referer: https://evil.example/page'],
    ['Referer: garbage'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
  ])('a login is refused with %s, before anybody looks at the password', async (header) => {
    await expectRefusal(test, () => login(test, header), {
      status: 403,
      code: 'csrf_origin',
      events: ['jwto.csrf_failed', 'jwto.login_failed'],
    });
    expect(test.events.slice(-2).map(({ event }) => event.reason)).toEqual(['csrf_origin', 'csrf_origin']);
    expect(test.users.asked).toEqual([]);
  });
});

describe.each(ADAPTERS)('CSRF where it is not needed, on %s', (_name, adapter) => {
  let test: TestApp;
  afterEach(() => test.close());
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'x-csrftoken': null };

  it('a Bearer token needs none, also beside cookies', async () => {
    test = await startApp({ adapter, options: { mode: ['TWO-COOKIES', 'JSON'] } });
    const browser = await Browser.signIn(test);
    const { json } = await test.client().login('alice', 'pass', { mode: 'JSON' });
    const [access, refresh] = [`Bearer ${json.access ?? ''}`, `Bearer ${json.refresh ?? ''}`];
    expect((await browser.send(PROTECT, { headers: { ...evil, authorization: access } })).text).toBe('worked!');
    const refreshed = await browser.send(`POST ${REFRESH}/refresh_access/`, {
      headers: { ...evil, authorization: refresh },
    });
    expect(refreshed.json).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    expect(refreshed.headers.getSetCookie()).toEqual([]);
  });

  it('a bad Bearer token does not let the cookies in, and another scheme does not take CSRF away', async () => {
    test = await startApp({ adapter, options: { mode: ['TWO-COOKIES', 'JSON'] } });
    const browser = await Browser.signIn(test);
    await expectRefusal(test, () => browser.send(PROTECT, { headers: { authorization: 'Bearer garbage' } }), {
      status: 401,
      code: 'token_malformed',
    });
    await expectRefusal(
      test,
      () => browser.send(PROTECT, { headers: { authorization: 'Basic x', 'x-csrftoken': null } }),
      {
        status: 403,
        code: 'csrf_missing',
        events: ['jwto.csrf_failed'],
      },
    );
    expect((await browser.send(PROTECT, { headers: { authorization: 'Basic x' } })).text).toBe('worked!');
  });

  it('with csrf: false there is neither a check, nor a cookie, nor an endpoint', async () => {
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES', csrf: false } });
    const browser = await Browser.signIn(test);
    expect(browser.csrf).toBe('');
    for (const route of [
      PROTECT,
      'POST /validate_access/',
      `POST ${REFRESH}/refresh_access/`,
      `POST ${REFRESH}/logout/`,
    ]) {
      const answer = await browser.send(route, { headers: evil });
      expect([route, answer.status]).toEqual([route, 200]);
      expect(csrfCookies(answer)).toEqual([]);
    }
    expect((await browser.send('GET /csrf/')).status).toBe(404);
    expect((await login(test, 'Origin: https://evil.example')).status).toBe(200);
  });

  it('in JSON mode there is no such endpoint, and a login from anywhere', async () => {
    test = await startApp({ adapter });
    expect((await test.client().get('/csrf/')).status).toBe(404);
    expect((await login(test, 'Origin: https://evil.example', 'Sec-Fetch-Site: cross-site')).status).toBe(200);
  });
});
