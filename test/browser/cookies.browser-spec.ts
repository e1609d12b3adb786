import type { BrowserContext, Cookie } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUILD_TIMEOUT, CHROMIUM, launchChromium } from './support/chromium.js';
import { startApp } from '../support/test-app.js';
import { BROWSER_DATABASES } from './support/databases.js';
import { APP, openStage, type Stage } from './support/stage.js';
import { openTab } from './support/tab.js';

const DAY = 86_400;

/** What must hold of a cookie in the browser, its value and its name apart. */
function stored({ httpOnly, secure, sameSite, path, domain, expires }: Cookie): object {
  return { httpOnly, secure, sameSite, path, domain, seconds: Math.round((expires - Date.now() / 1000) / 60) * 60 };
}

describe.runIf(CHROMIUM !== '').each(BROWSER_DATABASES)('the cookies in a browser, on $name', ({ empty }) => {
  let stage: Stage;
  let context: BrowserContext;

  beforeAll(async () => {
    stage = await openStage({}, await empty());
  }, BUILD_TIMEOUT);
  afterAll(() => stage.close());
  beforeEach(async () => {
    context = await stage.newContext();
  });
  afterEach(() => context.close());

  const byName = async (): Promise<Record<string, object>> =>
    Object.fromEntries((await context.cookies()).map((cookie) => [cookie.name, stored(cookie)]));
  const shown = (text: string): string[] => text.split('; ').map((pair) => pair.slice(0, pair.indexOf('=')));

  const common = { secure: true, sameSite: 'Lax', domain: APP };
  const access = { ...common, httpOnly: true, path: '/', seconds: 300 };
  const refresh = { ...common, httpOnly: true, path: '/api/token/refresh', seconds: DAY };
  const csrftoken = { ...common, httpOnly: false, path: '/', seconds: 30 * DAY };

  it('are stored as they should be, and a script sees the payload and the CSRF token: TWO-COOKIES', async () => {
    const tab = await openTab(context, stage.origin);
    await tab.login();
    expect(await byName()).toEqual({
      jwt_access_token: access,
      jwt_access_payload: { ...access, httpOnly: false },
      jwt_refresh: refresh,
      csrftoken,
    });
    expect(shown(await tab.run<string>('return document.cookie')).sort()).toEqual(['csrftoken', 'jwt_access_payload']);
    // Nor on a page where the refresh cookie is sent.
    await tab.page.goto(`${stage.origin}/api/token/refresh/nothing`);
    expect(shown(await tab.page.evaluate('document.cookie')).sort()).toEqual(['csrftoken', 'jwt_access_payload']);
    await tab.page.goto(stage.origin);
    expect(await tab.page.evaluate(`typeof cookieStore`)).toBe('object');
    const names = `cookieStore.getAll().then((all) => all.map(({ name }) => name))`;
    expect((await tab.page.evaluate<string[]>(names)).sort()).toEqual(['csrftoken', 'jwt_access_payload']);
  });

  it('are stored as they should be, and a script sees the CSRF token alone: ONE-COOKIE', async () => {
    const tab = await openTab(context, stage.origin, { mode: 'ONE-COOKIE' });
    await tab.login();
    expect(await byName()).toEqual({ jwt_access: access, jwt_refresh: refresh, csrftoken });
    expect(shown(await tab.run<string>('return document.cookie'))).toEqual(['csrftoken']);
  });

  it('cannot be overwritten by a script where it cannot read them', async () => {
    const tab = await openTab(context, stage.origin);
    await tab.login();
    await tab.run(`document.cookie = 'jwt_access_token=mine; Path=/; Secure'`);
    expect(await tab.fetch()).toBe(200);
  });

  it.each(['TWO-COOKIES', 'ONE-COOKIE'] as const)('an XSS gets no token in any body: %s', async (mode) => {
    const tab = await openTab(context, stage.origin, { mode });
    await tab.login();
    await tab.run(`
      globalThis.bodies = [];
      globalThis.attack = async (method, path, body, headers = {}) => {
        const csrf = /csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? '';
        const answer = await fetch(path, { method, body, headers: { 'x-csrftoken': csrf, ...headers } });
        bodies.push([...answer.headers].join(' ') + ' ' + await answer.text());
        return method + ' ' + path + ' ' + answer.status;
      };`);
    const statuses = await tab.run<string[]>(`
      const refresh = '/api/token/refresh/';
      const json = { 'content-type': 'application/json' };
      const statuses = [];
      for (const more of [{}, { authorization: 'Bearer ' }, { 'x-jwto-mode': 'JSON', accept: 'application/jwt' }]) {
        for (const body of [undefined, '{"mode":"JSON"}', '{"mode":"JSON","jwt_type":"refresh"}']) {
          for (const path of [refresh + 'validate_refresh/', refresh + 'refresh_access/', refresh + 'update_refresh/',
              '/validate_access/', '/login/', '/login/?mode=JSON', '/testapp/protect/']) {
            statuses.push(await attack('POST', path, body, { ...json, ...more }));
          }
        }
        for (const path of ['/testapp/claims/', '/testapp/protect/', '/csrf/', '/page/settings.json', '/login/']) {
          statuses.push(await attack('GET', path, undefined, more));
        }
      }
      statuses.push(await attack('POST', refresh + 'logout/', '{"mode":"JSON"}', json));
      statuses.push(await attack('DELETE', refresh + 'logout/', undefined));
      return statuses;`);
    // It was let in, or it would have seen nothing anyway.
    for (const path of ['refresh_access/', 'update_refresh/', 'logout/', 'validate_refresh/']) {
      expect(statuses).toContain(`POST /api/token/refresh/${path} 200`);
    }
    expect(statuses).toContain('POST /login/ 200');
    const bodies = await tab.run<string[]>('return bodies');
    const pattern = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;
    // The page's settings hold an expired token of nobody.
    const found = bodies.map((body) => body.replace(/"expiredToken":"[^"]*"/, '')).filter((body) => pattern.test(body));
    expect(found).toEqual([]);
    // The pattern does find one: in JSON, with the password.
    const json = `{"username":"alice","password":"pass","mode":"JSON"}`;
    await tab.run(`await attack('POST', '/login/', '${json}', { 'content-type': 'application/json' })`);
    expect((await tab.run<string[]>('return bodies')).at(-1)).toMatch(pattern);
  });
});

describe.runIf(CHROMIUM !== '')('the payload cookie of a user named Zoë 王', () => {
  it('is read by JSON.parse(atob(...))', async () => {
    const test = await startApp({ options: { mode: 'TWO-COOKIES', secureCookies: false } });
    const browser = await launchChromium();
    try {
      test.users.rows.push({
        id: 5,
        username: 'Zoë 王',
        password: 'pass',
        email: 'zoë@王.example',
        perms: ['ñ', '😀'],
      });
      const page = await browser.newPage();
      await page.goto(`${test.url}/testapp/protect`);
      const claims = await page.evaluate(`(async () => {
        const body = JSON.stringify({ username: 'Zoë 王', password: 'pass' });
        await fetch('/login/', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
        const payload = document.cookie.split('; ').find((pair) => pair.startsWith('jwt_access_payload='));
        return JSON.parse(atob(payload.slice('jwt_access_payload='.length)));
      })()`);
      expect(claims).toMatchObject({ type: 'access', user: { id: 5, username: 'Zoë 王', perms: ['ñ', '😀'] } });
    } finally {
      await browser.close();
      await test.close();
    }
  });
});
