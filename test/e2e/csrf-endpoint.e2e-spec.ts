import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined, type Difference } from '../support/browser.js';
import type { Answer } from '../support/client.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const EVERYWHERE = ['POST /testapp/protect', 'POST /validate_access/', `POST ${REFRESH}/refresh_access/`] as const;
const MODES = ['ONE-COOKIE', 'TWO-COOKIES', ['TWO-COOKIES', 'JSON']] as const;
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  MODES.flatMap((mode) => ([true, 'django'] as const).map((csrf) => [mode, csrf, name, adapter] as const)),
);
type Own = Readonly<Record<string, string>>;

describe.each(APPS)(
  'a session of the mode %j that lost its CSRF token, csrf %j, on %s',
  (mode, csrf, _name, adapter) => {
    let test: TestApp;
    let browser: Browser;
    beforeAll(async () => {
      test = await startApp({ adapter, options: { mode, csrf } });
    });
    beforeEach(async () => {
      test.clock.advance(1);
      browser = await Browser.signIn(test);
    });
    afterAll(() => test.close());

    const tokenOf = ({ cookies }: Answer): string => cookies.find(({ name }) => name === 'csrftoken')?.value ?? '';
    const lost: Difference = { headers: { 'x-csrftoken': null }, cookies: (own) => joined(own, { csrftoken: null }) };
    const CSRF_MISSING = { status: 403, code: 'csrf_missing', events: ['jwto.csrf_failed'] } as const;

    it('is refused, gets one by GET /csrf/, and goes on', async () => {
      for (const route of EVERYWHERE) {
        const { json } = await expectRefusal(test, () => browser.send(route, lost), CSRF_MISSING);
        expect(json.error).toBe('The cookie "csrftoken" is missing. GET the csrf endpoint, or sign in, to get one.');
      }
      const answer = await browser.send('GET /csrf/', lost);
      expect([answer.status, answer.json]).toEqual([200, { msg: 'CSRF cookie successfully set.' }]);
      expect(answer.cookies.map(({ name }) => name)).toEqual(['csrftoken']);
      const found = tokenOf(answer);
      for (const route of EVERYWHERE) {
        const request = { headers: { 'x-csrftoken': found }, cookies: (own: Own) => joined(own, { csrftoken: found }) };
        expect([route, (await browser.send(route, request)).status]).toEqual([route, 200]);
      }
    });

    it('gets none once its access token has expired: the refresh cookie is not for that path; a login helps', async () => {
      test.clock.advance(301);
      // What a browser that keeps expired cookies sends, and what others send.
      const expired = { status: 401, code: 'token_expired' } as const;
      await expectRefusal(test, () => browser.send('GET /csrf/', lost), expired);
      const accessless = (own: Own): string =>
        joined(own, { csrftoken: null, jwt_access: null, jwt_access_token: null, jwt_access_payload: null });
      const missing = { status: 401, code: 'token_missing' } as const;
      await expectRefusal(test, () => browser.send('GET /csrf/', { ...lost, cookies: accessless }), missing);
      const refresh = `POST ${REFRESH}/refresh_access/`;
      await expectRefusal(test, () => browser.send(refresh, { ...lost, cookies: accessless }), CSRF_MISSING);

      const login = await browser.send('POST /login/', {
        headers: { 'x-csrftoken': null, 'content-type': 'application/json' },
        cookies: () => 'a=b',
        body: '{"username":"alice","password":"pass"}',
      });
      expect(login.status).toBe(200);
      expect(tokenOf(login)).not.toBe('');
    });

    it('with its token, refreshes after the access token expired, and GET /csrf/ works again', async () => {
      test.clock.advance(301);
      const refreshed = await browser.send(`POST ${REFRESH}/refresh_access/`);
      expect([refreshed.status, tokenOf(refreshed)]).toEqual([200, browser.csrf]);
      const access = Object.fromEntries(refreshed.cookies.map(({ name, value }) => [name, value]));
      const answer = await browser.send('GET /csrf/', { cookies: (own) => joined(own, access) });
      expect(answer.status).toBe(200);
      expect(tokenOf(answer)).not.toBe('');
    });

    it.runIf(typeof mode === 'object')('a token in the header needs none, and is given none', async () => {
      const bearer = (await test.client().login('alice', 'pass', { mode: 'JSON' })).json.access;
      if (bearer === undefined) return;
      const answer = await browser.send('GET /csrf/', { headers: { authorization: `Bearer ${bearer}` } });
      expect([answer.status, answer.cookies]).toEqual([200, []]);
    });
  },
);
