import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { claimsOf, forge } from '../support/forge.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const MODES = [
  ['ONE-COOKIE', 'jwt_access'],
  ['TWO-COOKIES', 'jwt_access_token'],
] as const;
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  MODES.map(([mode, cookie]) => [mode, name, adapter, cookie] as const),
);

describe.each(APPS)('cookies in the mode %s on %s', (mode, _name, adapter, cookie) => {
  let test: TestApp;
  const one = { access: '', refresh: '', csrf: '' };
  const other = { access: '', refresh: '', csrf: '' };
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode } });
    for (const session of [one, other]) {
      const client = test.client();
      await client.login(session === one ? 'alice' : 'bob');
      session.access = client.cookie(cookie) ?? '';
      session.refresh = client.cookie('jwt_refresh') ?? '';
      session.csrf = client.cookie('csrftoken') ?? '';
    }
  });
  afterAll(() => test.close());

  const get = (...cookies: string[]): Promise<Answer> =>
    sendRaw(test.url, { method: 'GET', path: '/testapp/user', headers: cookies.map((line) => `Cookie: ${line}`) });
  const refresh = (endpoint: string, cookies: string, csrf = one.csrf): Promise<Answer> =>
    sendRaw(test.url, {
      path: `${REFRESH}/${endpoint}/`,
      headers: [`Cookie: ${cookies}; csrftoken=${csrf}`, `X-CSRFToken: ${csrf}`],
      body: '',
    });

  const bad = (code: 'token_missing' | 'token_malformed' | 'token_invalid' | 'token_wrong_type') =>
    ({ status: 401, code }) as const;

  it('takes the cookie by its name', async () => {
    const { json } = await get(`${cookie}=${one.access}`);
    expect(json).toMatchObject({ username: 'alice' });
  });

  it.each([
    ['none', () => 'a=b'],
    ['an empty value', () => `${cookie}=`],
    ['two empty values', () => `${cookie}=; ${cookie}=`],
    ['a name without a value', () => cookie],
    ['a nameless cookie', () => `=${cookie}=${one.access}`],
    ['another case', () => `${cookie.toUpperCase()}=${one.access}`],
    ['a longer name', () => `x${cookie}=${one.access}; ${cookie}x=${one.access}`],
    ['a name in brackets', () => `${cookie}[0]=${one.access}`],
    ['an encoded name', () => `%6a${cookie.slice(1)}=${one.access}`],
    ['a comma between', () => `a=b, ${cookie}=${one.access}`],
    ['the prefixed names', () => `__Host-${cookie}=${one.access}; __Secure-${cookie}=${one.access}`],
    ['the payload cookie', () => `jwt_access_payload=${one.access}`],
    ['the refresh cookie', () => `jwt_refresh=${one.refresh}`],
  ])('finds no token in %s', async (_what, line) => {
    const answer = await expectRefusal(test, () => get(line()), {
      ...bad('token_missing'),
      error: `Cookie "${cookie}" cannot be empty.`,
    });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"');
  });

  it('names the refresh cookie where that is due', async () => {
    const refusal = { ...bad('token_missing'), error: 'Cookie "jwt_refresh" cannot be empty.' };
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh', 'logout']) {
      await expectRefusal(test, () => refresh(endpoint, 'jwt_refresh='), refusal);
    }
  });

  it.each([
    ['j: and an object', () => 'j:{"sid":"x"}'],
    ['j: and the token', () => `j:"${one.access}"`],
    ['s: and a signature', () => `s:${one.access}.signature`],
    ['broken percent-encoding', () => '%E0%A4%A'],
    ['a lone percent sign', () => '%'],
    ['the token percent-encoded', () => `%65${one.access.slice(1)}`],
    ['the token in quotes', () => `"${one.access}"`],
    ['Bearer and the token', () => `Bearer ${one.access}`],
    ['a word', () => 'garbage'],
    ['characters outside of ASCII', () => 'gar\u00e4ge'],
    ['an equals sign', () => `=${one.access}`],
    ['7000 characters', () => 'a'.repeat(7000)],
  ])('refuses %s', async (_what, value) => {
    const answer = await expectRefusal(test, () => get(`${cookie}=${value()}`), bad('token_malformed'));
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    await expectRefusal(test, () => refresh('validate_refresh', `jwt_refresh=${value()}`), bad('token_malformed'));
  });

  it('refuses a token of the wrong type in either cookie', async () => {
    await expectRefusal(test, () => get(`${cookie}=${one.refresh}`), bad('token_wrong_type'));
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh']) {
      await expectRefusal(test, () => refresh(endpoint, `jwt_refresh=${one.access}`), bad('token_wrong_type'));
    }
  });

  it.each([
    ['the same twice', () => `${cookie}=${one.access}; ${cookie}=${one.access}`],
    ['garbage before it', () => `${cookie}=garbage; ${cookie}=${one.access}`],
    ['garbage behind it', () => `${cookie}=${one.access}; ${cookie}=garbage`],
    ['an empty one before it', () => `${cookie}=; ${cookie}=${one.access}`],
    [
      'a forged one before it',
      () =>
        `${cookie}=${forge(claimsOf(other.access), undefined, 'a-key-of-a-stranger-with-32-bytes')}; ${cookie}=${one.access}`,
    ],
    ['a refresh token before it', () => `${cookie}=${other.refresh}; ${cookie}=${one.access}`],
    [
      'twenty planted ones',
      () =>
        `${Array.from({ length: 20 }, (_, index) => `${cookie}=x${String(index)}`).join('; ')}; ${cookie}=${one.access}`,
    ],
    [
      'broken cookies of others around it',
      () => `a=%%%; =x; ;; b; ${cookie}=${one.access}; "c=; __proto__=x; constructor=y`,
    ],
    ['no spaces', () => `a=b;${cookie}=${one.access};c=d`],
  ])('finds the good one: %s', async (_what, line) => {
    expect((await get(line())).json).toMatchObject({ username: 'alice' });
  });

  it('finds it in the second of two Cookie headers', async () => {
    expect((await get(`${cookie}=garbage`, `${cookie}=${one.access}`)).json).toMatchObject({ username: 'alice' });
  });

  it('finds the good refresh cookie beside a planted one', async () => {
    for (const line of [
      `jwt_refresh=garbage; jwt_refresh=${one.refresh}`,
      `jwt_refresh=${one.refresh}; jwt_refresh=garbage`,
    ]) {
      expect((await refresh('validate_refresh', line)).json).toEqual({ msg: 'Token is valid' });
    }
  });

  it('refuses good ones of two sessions, in either order', async () => {
    const refusal = { status: 400, code: 'request_invalid' } as const;
    await expectRefusal(test, () => get(`${cookie}=${one.access}; ${cookie}=${other.access}`), refusal);
    await expectRefusal(test, () => get(`${cookie}=${other.access}; ${cookie}=${one.access}`), refusal);
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh']) {
      await expectRefusal(
        test,
        () => refresh(endpoint, `jwt_refresh=${one.refresh}; jwt_refresh=${other.refresh}`),
        refusal,
      );
    }
  });

  it('does not look at Authorization headers, good or bad, one or two', async () => {
    for (const lines of [
      [`Authorization: Bearer ${one.access}`],
      [`Authorization: Bearer ${one.access}`, 'Authorization: Bearer x'],
      ['Authorization: Bearer'],
    ]) {
      const request = { method: 'GET', path: '/testapp/protect' };
      await expectRefusal(test, () => sendRaw(test.url, { ...request, headers: lines }), bad('token_missing'));
      const answer = await sendRaw(test.url, { ...request, headers: [...lines, `Cookie: ${cookie}=${one.access}`] });
      expect(answer.text).toBe('worked!');
    }
  });
});
