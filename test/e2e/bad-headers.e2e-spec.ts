import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const MISSING = { status: 401, code: 'token_missing', error: 'Token not found in "Authorization" header.' } as const;
const MALFORMED = { status: 401, code: 'token_malformed' } as const;

describe.each(ADAPTERS)('Authorization headers in JSON mode on %s', (_name, adapter) => {
  let test: TestApp;
  let [access, refresh] = ['', ''];
  beforeAll(async () => {
    test = await startApp({ adapter });
    ({ access = '', refresh = '' } = (await test.client().login()).json);
  });
  afterAll(() => test.close());

  const get = (...headers: string[]): Promise<Answer> =>
    sendRaw(test.url, { method: 'GET', path: '/testapp/protect', headers });
  const post = (path: string, ...headers: string[]): Promise<Answer> => sendRaw(test.url, { path, headers, body: '' });

  it.each([
    ['Bearer', (token: string) => `Authorization: Bearer ${token}`],
    ['lower case', (token: string) => `authorization: bearer ${token}`],
    ['upper case', (token: string) => `AUTHORIZATION: BEARER ${token}`],
    ['several spaces', (token: string) => `Authorization:   Bearer   ${token}  `],
  ])('takes a token behind %s', async (_what, line) => {
    expect((await get(line(access))).text).toBe('worked!');
    expect((await post(`${REFRESH}/validate_refresh/`, line(refresh))).json).toEqual({ msg: 'Token is valid' });
  });

  it.each([
    ['no header', () => 'X-Nothing: 1'],
    ['an empty one', () => 'Authorization:'],
    ['white space', () => 'Authorization:  \t '],
    ['the scheme alone', () => 'Authorization: Bearer'],
    ['the scheme and spaces', () => 'Authorization: Bearer   '],
    ['the token alone', (token: string) => `Authorization: ${token}`],
    ['Basic', () => `Authorization: Basic ${Buffer.from('alice:pass').toString('base64')}`],
    ['Basic with the token', (token: string) => `Authorization: Basic ${token}`],
    ['Digest', () => 'Authorization: Digest username="alice"'],
    ['a scheme that ends in Bearer', (token: string) => `Authorization: xBearer ${token}`],
    ['a scheme that begins with Bearer', (token: string) => `Authorization: Bearerx ${token}`],
    ['a word before Bearer', (token: string) => `Authorization: not Bearer ${token}`],
    ['Bearer inside of Basic', (token: string) => `Authorization: Basic x Bearer ${token}`],
    ['a list that begins with Basic', (token: string) => `Authorization: Basic x, Bearer ${token}`],
    ['Token', (token: string) => `Authorization: Token ${token}`],
    ['JWT', (token: string) => `Authorization: JWT ${token}`],
    ['no space behind the scheme', (token: string) => `Authorization: Bearer${token}`],
    ['another header', (token: string) => `X-Authorization: Bearer ${token}`],
    ['the header of a proxy', (token: string) => `Proxy-Authorization: Bearer ${token}`],
    ['a cookie', (token: string) => `Cookie: jwt_access=${token}; jwt_access_token=${token}; jwt_refresh=${token}`],
  ])('takes %s for no token', async (_what, line) => {
    for (const request of [
      () => get(line(access)),
      () => post('/validate_access/', line(access)),
      () => post(`${REFRESH}/refresh_access/`, line(refresh)),
      () => post(`${REFRESH}/logout/`, line(refresh)),
    ]) {
      const answer = await expectRefusal(test, request, MISSING);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"');
    }
  });

  it.each([
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['a token and a word', (token: string) => `Bearer ${token} b`],
    ['two words', () => 'Bearer a b'],
    ['two of them joined by a comma', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['a list that begins with Bearer', (token: string) => `Bearer ${token}, Basic x`],
    ['a comma behind it', (token: string) => `Bearer ${token},`],
    ['quotes', (token: string) => `Bearer "${token}"`],
    ['a parameter', (token: string) => `Bearer token="${token}"`],
    ['a colon', (token: string) => `Bearer: ${token}`],
    ['an equals sign', (token: string) => `Bearer=${token}`],
    ['the scheme twice', (token: string) => `Bearer Bearer ${token}`],
    ['an encoded space', (token: string) => `Bearer %20${token}`],
    ['a semicolon', (token: string) => `Bearer ${token};`],
    ['characters outside of ASCII', (token: string) => `Bearer ${token}\u00e4`],
    ['nothing but characters outside of ASCII', () => 'Bearer \u00e4\u00f6\u00fc'],
    ['dots', () => 'Bearer ...'],
    ['10000 characters', () => `Bearer ${'a'.repeat(10_000)}`],
  ])('refuses %s behind the scheme', async (_what, value) => {
    await expectRefusal(test, () => get(`Authorization: ${value(access)}`), MALFORMED);
    await expectRefusal(test, () => post(`${REFRESH}/update_refresh/`, `Authorization: ${value(refresh)}`), MALFORMED);
    await expectRefusal(test, () => post(`${REFRESH}/logout/`, `Authorization: ${value(refresh)}`), MALFORMED);
  });

  it.each([
    ['equal', (token: string) => [`Bearer ${token}`, `Bearer ${token}`]],
    ['good and bad', (token: string) => [`Bearer ${token}`, 'Bearer bad']],
    ['bad and good', (token: string) => ['Bearer bad', `Bearer ${token}`]],
    ['of another scheme', (token: string) => ['Basic x', `Bearer ${token}`]],
    ['empty', (token: string) => ['', `Bearer ${token}`]],
  ])('refuses two headers, when they are %s, everywhere', async (_what, values) => {
    const lines = (token: string): string[] => values(token).map((value) => `Authorization: ${value}`);
    const refusal = { status: 400, code: 'request_invalid' } as const;
    await expectRefusal(test, () => get(...lines(access)), refusal);
    await expectRefusal(test, () => post('/validate_access/', ...lines(access)), refusal);
    for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh', 'logout']) {
      await expectRefusal(test, () => post(`${REFRESH}/${endpoint}/`, ...lines(refresh)), refusal);
    }
    await expectRefusal(
      test,
      () => sendRaw(test.url, { method: 'DELETE', path: `${REFRESH}/logout/`, headers: lines(refresh) }),
      refusal,
    );
  });

  it('takes no token from the query or the body', async () => {
    const query = `?access_token=${access}&token=${access}&jwt=${access}`;
    await expectRefusal(test, () => sendRaw(test.url, { method: 'GET', path: `/testapp/protect${query}` }), MISSING);
    const names = ['refresh', 'access', 'token', 'access_token', 'refresh_token', 'jwt'];
    const body = JSON.stringify(Object.fromEntries(names.map((name) => [name, refresh])));
    for (const path of ['/validate_access/', `${REFRESH}/refresh_access/`]) {
      await expectRefusal(
        test,
        () => sendRaw(test.url, { path, headers: ['Content-Type: application/json'], body }),
        MISSING,
      );
    }
  });

  it('answers what Node refuses by itself without an error of the server', async () => {
    for (const line of [
      `Authorization: Bearer ${'a'.repeat(17_000)}`,
      'Authorization: Bearer a\u0000b',
      'Authorization : Bearer a',
    ]) {
      const answer = await get(line);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  it('redirects nowhere and takes the method as it is', async () => {
    const answer = await sendRaw(test.url, {
      path: '/login/?next=https://evil.example',
      headers: ['Content-Type: application/json'],
      body: '{"username":"alice","password":"pass"}',
    });
    expect(answer.status).toBe(200);
    const override = await sendRaw(test.url, {
      path: `${REFRESH}/logout/`,
      headers: ['X-HTTP-Method-Override: DELETE'],
      body: '',
    });
    expect(override.json.code).toBe('token_missing');
  });
});
