import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined, type Difference } from '../support/browser.js';
import { forge } from '../support/forge.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const PROTECT = 'POST /testapp/protect';
const REPEATABLE = [PROTECT, 'POST /validate_access/', `POST ${REFRESH}/validate_refresh/`] as const;
const ALL = [
  ...REPEATABLE,
  `POST ${REFRESH}/refresh_access/`,
  `POST ${REFRESH}/update_refresh/`,
  `POST ${REFRESH}/logout/`,
] as const;
const MODES = [
  ['ONE-COOKIE', 'jwt_access'],
  ['TWO-COOKIES', 'jwt_access_token'],
] as const;
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  MODES.map(([mode, cookie]) => [mode, name, adapter, cookie] as const),
);
const CSRF_MISSING = { status: 403, code: 'csrf_missing', events: ['jwto.csrf_failed'] } as const;
const CSRF_MISMATCH = { status: 403, code: 'csrf_mismatch', events: ['jwto.csrf_failed'] } as const;

/** request → token present → CSRF origin, header and cookie → signature, claims, expiry → CSRF binding → revocation. */
describe.each(APPS)('the order of checks in the mode %s on %s', (mode, _name, adapter, accessCookie) => {
  let test: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode } });
  });
  beforeEach(async () => {
    test.clock.advance(1);
    browser = await Browser.signIn(test);
  });
  afterAll(() => test.close());

  const noHeader: Difference['headers'] = { 'x-csrftoken': null };
  const wrongHeader: Difference['headers'] = { 'x-csrftoken': 'x' };
  type Own = Readonly<Record<string, string>>;
  const wrongPair = { headers: wrongHeader, cookies: (own: Own) => joined(own, { csrftoken: 'x' }) };
  /** Both tokens are what was planted, and the CSRF pair is one that a stranger made. */
  const planted = (value: string) => (own: Own) =>
    joined(own, { [accessCookie]: value, jwt_refresh: value, csrftoken: 'x' });

  it('CSRF comes behind the body and the presence of a token', async () => {
    const headers = { ...noHeader, 'content-type': 'application/json' };
    for (const route of ALL.slice(1)) {
      const refusal = { status: 400, code: 'request_invalid' } as const;
      await expectRefusal(test, () => browser.send(route, { headers, body: '[' }), refusal);
    }
    const foreign = { headers: { ...noHeader, origin: 'https://evil.example' }, cookies: () => 'a=b' };
    for (const route of ALL) {
      await expectRefusal(test, () => browser.send(route, foreign), { status: 401, code: 'token_missing' });
    }
  });

  it('CSRF comes before the signature', async () => {
    for (const route of ALL) {
      for (const token of ['garbage', forge({}, undefined, 'x'.repeat(32))]) {
        const request = { headers: noHeader, cookies: planted(token) };
        await expectRefusal(test, () => browser.send(route, request), CSRF_MISSING);
      }
    }
  });

  it('the session of the CSRF token is asked for behind the signature and the expiry', async () => {
    for (const route of ALL) {
      const request = { headers: wrongHeader, cookies: planted('garbage') };
      await expectRefusal(test, () => browser.send(route, request), { status: 401, code: 'token_malformed' });
      await expectRefusal(test, () => browser.send(route, wrongPair), CSRF_MISMATCH);
    }
    test.clock.advance(301);
    await expectRefusal(test, () => browser.send(PROTECT, wrongPair), { status: 401, code: 'token_expired' });
  });

  it('the session of the CSRF token is asked for before the revocation is looked at', async () => {
    expect((await browser.send(`POST ${REFRESH}/logout/`)).status).toBe(200);
    for (const route of REPEATABLE) {
      await expectRefusal(test, () => browser.send(route, { headers: noHeader }), CSRF_MISSING);
      await expectRefusal(test, () => browser.send(route, wrongPair), CSRF_MISMATCH);
      await expectRefusal(test, () => browser.send(route), { status: 401, code: 'token_revoked' });
    }
  });

  it('no database is asked before CSRF stands', async () => {
    const own = await startApp({ adapter, options: { mode, blocklistCheck: 'database' } });
    const other = await Browser.signIn(own);
    await own.dataSource.destroy();
    const code = async (difference: Difference): Promise<unknown> => (await other.send(PROTECT, difference)).json.code;
    expect(await code({ headers: noHeader })).toBe('csrf_missing');
    expect(await code({ headers: { origin: 'https://evil.example' } })).toBe('csrf_origin');
    expect(await code(wrongPair)).toBe('csrf_mismatch');
    expect(await code({})).toBe('store_unavailable');
    await own.close();
  });
});
