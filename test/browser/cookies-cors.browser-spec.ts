import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildSample, ROOT } from '../sample/build-sample.js';
import { rightOptions, startTwoHosts, type TwoHosts, type TwoHostsOptions } from '../support/two-hosts.js';
import { BUILD_TIMEOUT, CHROMIUM, launchChromium } from './support/chromium.js';

describe.runIf(CHROMIUM !== '')('a front end and an API on two hosts, by the client in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let hosts: TwoHosts;

  beforeAll(async () => {
    await buildSample();
    browser = await launchChromium({ args: ['--host-resolver-rules=MAP *.test 127.0.0.1'] });
  }, BUILD_TIMEOUT);
  afterAll(() => browser.close());
  afterEach(async () => {
    await context.close();
    await hosts.close();
  });

  /** A page with the client, which is of the front end's build. */
  async function openPage(options: TwoHostsOptions = {}, origin: 'front' | 'sibling' = 'front'): Promise<Page> {
    hosts = await startTwoHosts(options);
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    await context.route('**/client/*.js', async (route) => {
      const file = join(ROOT, 'dist/client', basename(new URL(route.request().url()).pathname));
      await route.fulfill({ contentType: 'text/javascript', body: await readFile(file, 'utf8') });
    });
    const page = await context.newPage();
    await page.goto(hosts[origin]);
    await page.evaluate(`(async () => {
      const { createJwtoClient } = await import('/client/index.js');
      globalThis.client = createJwtoClient({ baseUrl: '${hosts.api}', mode: 'TWO-COOKIES' });
    })()`);
    // Where requests are intercepted, preflights never reach the server.
    await context.unrouteAll();
    return page;
  }

  /** What a call comes to: its status, or the reason for which it failed. */
  const outcome = (page: Page, call: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      try {
        const answer = await ${call};
        return answer?.status === undefined ? 'done' : answer.ok ? answer.status : (await answer.json()).code;
      } catch (error) {
        return error.code ?? error.name;
      }
    })()`);
  const login = (page: Page): Promise<unknown> =>
    outcome(page, `client.login({ username: 'alice', password: 'pass' })`);
  const change = (page: Page): Promise<unknown> =>
    outcome(page, `client.fetch('/testapp/protect', { method: 'POST' })`);

  it('works from login to logout, with a refresh', async () => {
    const page = await openPage();
    expect(await login(page)).toBe('done');
    expect(await outcome(page, `client.fetch('/testapp/protect')`)).toBe(200);
    expect(await change(page)).toBe(200);
    hosts.test.clock.advance(301);
    hosts.test.takeEvents();
    expect(await change(page)).toBe(200);
    expect(hosts.test.takeEvents()).toContain('jwto.access_refreshed');
    expect(await outcome(page, 'client.logout()')).toBe('done');
    expect(await context.cookies()).toEqual([]);
    expect(await change(page)).toBe('token_missing');
  });

  it('fails at the login without trustedOrigins, and the hint names the front end', async () => {
    const page = await openPage({ options: () => ({ mode: 'TWO-COOKIES', domain: 'example.test', hints: true }) });
    expect(await login(page)).toBe('csrf_origin');
    const call = `fetch('${hosts.api}/login/', { method: 'POST', credentials: 'include' }).then((a) => a.json())`;
    const { hint } = await page.evaluate<{ hint: string }>(call);
    expect(hint).toContain(`"${hosts.front}" was compared with trustedOrigins, which is empty`);
    expect(hosts.test.takeEvents()).not.toContain('jwto.logged_in');
  });

  it('fails at the login without domain: the page cannot read the cookies', async () => {
    const page = await openPage({ options: (front) => ({ ...rightOptions(front), domain: undefined }) });
    expect(await login(page)).toBe('session_unreadable');
    expect(await change(page)).toBe('csrf_unreadable');
  });

  it('fails without CORS: the browser sends no login', async () => {
    const page = await openPage({ cors: () => false });
    expect(await login(page)).toBe('unavailable');
    expect(hosts.test.takeEvents()).toEqual([]);
  });

  it('lets a sibling host do nothing, also where CORS lets it ask', async () => {
    const page = await openPage({ cors: () => ({ origin: true, credentials: true }) }, 'sibling');
    expect(await login(page)).toBe('csrf_origin');
    expect(hosts.test.takeEvents()).toEqual(['jwto.csrf_failed', 'jwto.login_failed']);
  });
});
