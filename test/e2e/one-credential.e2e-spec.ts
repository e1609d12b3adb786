import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const TOKENS = { access: expect.any(String) as string, refresh: expect.any(String) as string };

describe.each(ADAPTERS)('one credential a request, where cookies and headers are possible, on %s', (_name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  const json = { access: '', refresh: '' };
  beforeEach(async () => {
    test = await startApp({ adapter, options: { mode: ['TWO-COOKIES', 'JSON'] } });
    browser = await Browser.signIn(test);
    Object.assign(json, (await test.client().login('bob', 'pass', { mode: 'JSON' })).json);
  });
  afterEach(() => test.close());

  const endpoints = ['refresh_access', 'update_refresh'];

  it.each(endpoints)('%s answers a cookie with cookies and no token in the body', async (endpoint) => {
    const answer = await browser.send(`POST ${REFRESH}/${endpoint}/`);
    expect(Object.keys(answer.json)).toEqual(['msg']);
    expect(answer.text).not.toContain('eyJ');
    expect(answer.cookies.map(({ name }) => name)).toContain('jwt_refresh');
  });

  it.each(endpoints)('%s answers a header with a body and no cookie, whoever the token is of', async (endpoint) => {
    for (const token of [json.refresh, browser.cookies['jwt_refresh'] ?? '']) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await browser.send(`POST ${REFRESH}/${endpoint}/`, { headers });
      expect(answer.json).toEqual(TOKENS);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  it('a bad header is the credential, and good cookies beside it are not looked at', async () => {
    const headers = { authorization: 'Bearer garbage' };
    const malformed = { status: 401, code: 'token_malformed' } as const;
    await expectRefusal(test, () => browser.send('GET /testapp/protect', { headers }), malformed);
    await expectRefusal(test, () => browser.send(`POST ${REFRESH}/refresh_access/`, { headers }), malformed);
    await expectRefusal(test, () => browser.send(`POST ${REFRESH}/logout/`, { headers }), malformed);
    const empty = { headers: { authorization: 'Bearer' } };
    await expectRefusal(test, () => browser.send('GET /testapp/protect', empty), {
      status: 401,
      code: 'token_missing',
    });
  });

  it('a header and the cookies of another session are no ambiguity: the header it is', async () => {
    const answer = await browser.send('GET /testapp/user', { headers: { authorization: `Bearer ${json.access}` } });
    expect(answer.json).toMatchObject({ username: 'bob' });
  });

  it('a login that fails ends no session of the cookies that come along, and sets none', async () => {
    const request = { headers: { 'content-type': 'application/json' }, body: '{"username":"bob","password":"wrong"}' };
    await expectRefusal(test, () => browser.send('POST /login/', request), {
      status: 401,
      code: 'credentials_invalid',
      events: ['jwto.login_failed'],
    });
    expect((await browser.send('GET /testapp/protect')).text).toBe('worked!');
  });

  it('a login ends no session of which the cookie is forged, or of which a header tells', async () => {
    const body = '{"username":"alice","password":"pass"}';
    const [head = '', claims = ''] = (browser.cookies['jwt_refresh'] ?? '').split('.');
    const headers = [`Cookie: jwt_refresh=${head}.${claims}.AAAA`, `Authorization: Bearer ${json.access}`];
    const answer = await sendRaw(test.url, {
      path: '/login/',
      headers: ['Content-Type: application/json', ...headers],
      body,
    });
    expect(answer.status).toBe(200);
    expect((await browser.send('GET /testapp/protect')).text).toBe('worked!');
    expect(
      (await browser.send('GET /testapp/protect', { headers: { authorization: `Bearer ${json.access}` } })).status,
    ).toBe(200);
  });

  it('a second logout is 409 and clears the cookies all the same', async () => {
    const first = await browser.send(`POST ${REFRESH}/logout/`);
    const second = await browser.send(`POST ${REFRESH}/logout/`);
    expect(second.status).toBe(409);
    expect(second.json.error).toBe('Input jti token is already blacklisted.');
    expect(second.headers.getSetCookie()).toEqual(first.headers.getSetCookie());
    expect(second.cookies.every(({ value, maxAge }) => value === '' && maxAge === 0)).toBe(true);
  });

  it('a logout with an expired token, or with the access cookie alone, ends the session', async () => {
    const other = await Browser.signIn(test);
    test.clock.advance(2 * 86_400);
    expect((await browser.send(`POST ${REFRESH}/logout/`)).status).toBe(200);
    const accessOnly = await other.send(`POST ${REFRESH}/logout/`, {
      cookies: (own) => joined(own, { jwt_refresh: null }),
    });
    expect(accessOnly.status).toBe(200);
    expect(test.takeEvents().slice(-2)).toEqual(['jwto.blacklisted', 'jwto.blacklisted']);
  });

  it('without a credential it answers as the first of the modes says', async () => {
    const missing = {
      status: 401,
      code: 'token_missing',
      error: 'Cookie "jwt_access_token" cannot be empty.',
    } as const;
    await expectRefusal(test, () => test.client().get('/testapp/protect'), missing);
    expect((await test.client().send(`${REFRESH}/logout/`, { method: 'DELETE' })).json).toEqual({
      msg: 'Tokens successfully deleted.',
    });
  });
});
