import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** What `String.trim` and `\\s` take for white space and fits into a header, byte by byte; HTTP knows space and tab alone. */
const NO_WHITE_SPACE = ['\u00a0', '\u00a0 ', ' \u00a0'];

describe.each(ADAPTERS)('characters that only look like white space on %s', (_name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  let stranger: Browser;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode: ['ONE-COOKIE', 'JSON'], cookiePrefix: 'host' } });
    browser = await Browser.signIn(test);
    stranger = await Browser.signIn(test, 'bob');
  });
  afterAll(() => test.close());
  const planted = (): string => stranger.cookies['__Host-jwt_access'] ?? '';

  it.each(NO_WHITE_SPACE)('before the name of a cookie make another name of it: %j', async (space) => {
    for (const name of [`${space}__Host-jwt_access`, `__Host-jwt_access${space}`]) {
      const alone = await browser.send('GET /testapp/claims', { cookies: () => `${name}=${planted()}` });
      expect(alone.json.code).toBe('token_missing');
      const beside = await browser.send('GET /testapp/claims', {
        cookies: (own) => `${name}=${planted()}; ${joined(own)}`,
      });
      expect(beside.json).toMatchObject({ user: { username: 'alice' } });
    }
  });

  it('do not belong to a value', async () => {
    const { json } = await browser.send('GET /testapp/claims', {
      cookies: () => `__Host-jwt_access=\u00a0${planted()}`,
    });
    expect(json.code).toBe('token_malformed');
  });

  it.each([' ', '\t', ' \t '])('unlike space and tab, which do: %j', async (space) => {
    const cookies = (): string => `a=b;${space}__Host-jwt_access${space}=${space}${planted()}${space}`;
    expect((await browser.send('GET /testapp/claims', { cookies })).json).toMatchObject({ user: { username: 'bob' } });
  });

  it('behind a scheme are no separator', async () => {
    const { status, json } = await browser.send('GET /testapp/claims', {
      headers: { authorization: 'Bearer \u00a0' },
      cookies: () => '',
    });
    expect([status, json.code]).toEqual([401, 'token_malformed']);
  });
});
