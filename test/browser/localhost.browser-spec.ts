import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { BUILD_TIMEOUT, CHROMIUM, launchChromium } from './support/chromium.js';
import { startFront, type Front } from './support/front.js';

type Mode = 'TWO-COOKIES' | 'JSON';
const MODES: readonly Mode[] = ['TWO-COOKIES', 'JSON'];

describe.runIf(CHROMIUM !== '').each(ADAPTERS)(
  'a page and an API on two ports of this machine, over plain http, on %s',
  (_name, adapter) => {
    let browser: Browser;
    let front: Front;
    let test: TestApp;
    let context: BrowserContext;

    beforeAll(async () => {
      await buildSample();
      front = await startFront();
      browser = await launchChromium({ args: ['--host-resolver-rules=MAP *.test 127.0.0.1'] });
    }, BUILD_TIMEOUT);
    afterAll(async () => {
      await browser.close();
      await front.close();
    });
    afterEach(async () => {
      await context.close();
      await test.close();
    });

    /** A page of the front end with the client; the application is set up as docs/cross-origin.md has it. */
    async function open(
      mode: Mode,
      { page: pageHost = 'localhost', api = 'localhost', cors = true, options = {} } = {},
    ): Promise<Page> {
      const origin = `http://${pageHost}:${String(front.port)}`;
      test = await startApp({
        adapter,
        options: { mode, hints: true, ...(mode === 'JSON' ? {} : { trustedOrigins: [origin] }), ...options },
        setUp: (app) => {
          if (!cors) return;
          const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
          app.enableCors(
            mode === 'JSON' ? { origin: [origin], methods } : { origin: [origin], methods, credentials: true },
          );
        },
      });
      context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(origin);
      await page.evaluate(`(async () => {
      const { createJwtoClient } = await import('/client/index.js');
      globalThis.api = '${test.url.replace('127.0.0.1', api)}';
      globalThis.client = createJwtoClient({ baseUrl: api, mode: '${mode}' });
    })()`);
      return page;
    }

    /** What a call comes to: status and body of an answer, the client's error, or `done`. */
    const outcome = (page: Page, call: string): Promise<Record<string, unknown>> =>
      page.evaluate(`(async () => {
      try {
        const answer = await ${call};
        if (!(answer instanceof Response)) return { done: true };
        const text = await answer.text();
        return { status: answer.status, ...(text.startsWith('{') ? JSON.parse(text) : { text }) };
      } catch ({ code, message }) {
        return { code, message };
      }
    })()`);
    const LOGIN = `client.login({ username: 'alice', password: 'pass' })`;
    const GET = `client.fetch('/testapp/protect')`;
    const CHANGE = `client.fetch('/testapp/protect', { method: 'POST' })`;

    it.each(MODES)('on localhost work without domain from login to logout, with a refresh: %s', async (mode) => {
      const page = await open(mode);
      expect(await outcome(page, LOGIN)).toEqual({ done: true });
      for (const call of [GET, CHANGE]) expect(await outcome(page, call)).toEqual({ status: 200, text: 'worked!' });
      const cookies = await context.cookies();
      expect(cookies.map(({ domain, secure }) => [domain, secure])).toEqual(
        mode === 'JSON' ? [] : cookies.map(() => ['localhost', true]),
      );
      expect(cookies).toHaveLength(mode === 'JSON' ? 0 : 4);

      test.clock.advance(301);
      test.takeEvents();
      expect(await outcome(page, CHANGE)).toMatchObject({ status: 200 });
      expect(test.takeEvents()).toEqual(['jwto.access_refreshed']);

      expect(await outcome(page, 'client.logout()')).toEqual({ done: true });
      expect(test.takeEvents()).toEqual(['jwto.blacklisted']);
      expect(await context.cookies()).toEqual([]);
      expect(await outcome(page, GET)).toMatchObject({ status: 401, code: 'token_missing' });
    });

    it('with a page on localhost and the API on 127.0.0.1 lose the cookies, and both ends name the hosts', async () => {
      const page = await open('TWO-COOKIES', { api: '127.0.0.1' });
      expect(await outcome(page, LOGIN)).toEqual({
        code: 'session_unreadable',
        message: expect.stringContaining('pages on localhost see those of 127.0.0.1 only with a "domain" above both'),
      });
      expect(test.takeEvents()).toContain('jwto.logged_in');
      expect(await context.cookies()).toEqual([]);
      expect(await outcome(page, `fetch(api + '/testapp/protect', { credentials: 'include' })`)).toMatchObject({
        status: 401,
        code: 'token_missing',
        hint: expect.stringContaining('page is on "localhost" and this API on "127.0.0.1"'),
      });
    });

    it('both on 127.0.0.1 keep the cookies as well', async () => {
      const page = await open('TWO-COOKIES', { page: '127.0.0.1', api: '127.0.0.1' });
      expect(await outcome(page, LOGIN)).toEqual({ done: true });
      expect(await outcome(page, CHANGE)).toMatchObject({ status: 200 });
    });

    it('with a page on localhost and the API on 127.0.0.1 work in JSON', async () => {
      const page = await open('JSON', { api: '127.0.0.1' });
      expect(await outcome(page, LOGIN)).toEqual({ done: true });
      expect(await outcome(page, CHANGE)).toMatchObject({ status: 200 });
    });

    it('with a domain that is not above localhost lose the cookies, and the hint says so', async () => {
      const page = await open('TWO-COOKIES', { options: { domain: 'example.com' } });
      expect(await outcome(page, LOGIN)).toMatchObject({ code: 'session_unreadable' });
      expect(await context.cookies()).toEqual([]);
      const { hint } = await outcome(page, GET);
      expect(hint).toMatch(/Domain=example\.com is not above this host "localhost"/);
    });

    it('under another name than a loopback one lose Secure cookies, and the hint says so', async () => {
      const page = await open('TWO-COOKIES', { page: 'app.test', api: 'app.test' });
      // Plain http under such a name is no own origin, but a trusted one.
      expect(await outcome(page, LOGIN)).toMatchObject({ code: 'session_unreadable' });
      expect(await context.cookies()).toEqual([]);
      const { hint } = await outcome(page, GET);
      expect(hint).toMatch(/cookies are Secure and this connection is plain http/);
    });

    it.each(MODES)('without CORS are explained by the client: %s', async (mode) => {
      const page = await open(mode, { cors: false });
      const { code, message } = await outcome(page, LOGIN);
      expect(code).toBe('unavailable');
      expect(message).toContain(
        `CORS settings are missing or do not allow this page's origin http://localhost:${String(front.port)}`,
      );
      expect(test.takeEvents()).toEqual([]);
    });
  },
);
