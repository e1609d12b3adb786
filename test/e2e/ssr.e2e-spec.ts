import type { JwtoModuleOptions } from 'jwto';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Client } from '../support/client.js';
import { documentedVisitor, PAGES, startPageServer, type VisitorOf } from '../support/page-server.js';
import { startApp, type TestApp } from '../support/test-app.js';

const SIGNED_IN = 'alice, worked!';
const SIGNED_OUT = 'nobody, 401';

describe.each(ADAPTERS)('the page server of docs/ssr.md, before an API on %s', (_name, adapter) => {
  let visitorOf: VisitorOf;
  let test: TestApp;
  let pages: { url: string; close: () => void };
  beforeAll(async () => {
    visitorOf = await documentedVisitor();
  });
  afterEach(async () => {
    pages.close();
    await test.close();
  });

  /** Starts both, and signs in a browser that has seen its access cookie expire. */
  async function start(options: Partial<JwtoModuleOptions> = {}): Promise<{ api: Client; page: Client }> {
    test = await startApp({
      adapter,
      options: { mode: 'TWO-COOKIES', refreshCookiePath: '/', trustedOrigins: [PAGES], ...options },
    });
    pages = await startPageServer(test.url, visitorOf);
    const api = test.client();
    expect((await api.login()).status).toBe(200);
    expire(api);
    test.takeEvents();
    return { api, page: browserOf(api) };
  }
  /** The same browser at the page server: one jar, as on one host behind a proxy. */
  const browserOf = ({ jar }: Client): Client => Object.assign(new Client(pages.url), { jar });
  function expire({ jar }: Client): void {
    test.clock.advance(301);
    for (const name of jar.keys()) if (name.includes('jwt_access')) jar.delete(name);
  }

  it.each(['ONE-COOKIE', 'TWO-COOKIES'] as const)(
    'renders for a visitor without an access cookie: %s',
    async (mode) => {
      const { api, page } = await start({ mode });
      const before = api.cookie('jwt_refresh');
      const answer = await page.get('/');
      expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([200, SIGNED_IN, 'no-store']);
      expect(answer.cookies.find(({ name }) => name === 'jwt_refresh')).toMatchObject({ path: '/', httpOnly: true });
      expect(api.cookie('jwt_refresh')).not.toBe(before);
      expect(test.takeEvents()).toEqual(['jwto.access_refreshed']);

      // The browser goes on with what it was given, at the API and at the next page, which refreshes nothing.
      expect((await api.send('/testapp/protect', { headers: api.csrf() })).status).toBe(200);
      const next = await page.get('/');
      expect([next.text, next.cookies, test.takeEvents()]).toEqual([SIGNED_IN, [], []]);
    },
  );

  it('needs the refresh cookie with the request for the page', async () => {
    const { page } = await start({ refreshCookiePath: undefined });
    const answer = await page.get('/');
    expect([answer.text, answer.cookies, test.takeEvents()]).toEqual([SIGNED_OUT, [], []]);
  });

  it('uses the new cookies where each also expires an older one of its name', async () => {
    const { page } = await start({ domain: 'example.test', formerDomains: ['test.example'] });
    const answer = await page.get('/');
    expect(answer.text).toBe(SIGNED_IN);
    const refresh = answer.cookies.filter(({ name }) => name === 'jwt_refresh');
    expect(refresh.map(({ domain, maxAge }) => [domain, maxAge === 0])).toEqual([
      [undefined, true],
      ['test.example', true],
      ['example.test', false],
    ]);
  });

  it('ends with one live token when pages load side by side', async () => {
    const { api } = await start();
    const browsers = Array.from({ length: 5 }, () => Object.assign(new Client(pages.url), { jar: new Map(api.jar) }));
    const answers = await Promise.all(browsers.map((browser) => browser.get('/')));
    expect(answers.map(({ text }) => text)).toEqual(browsers.map(() => SIGNED_IN));
    expect(new Set(browsers.map((browser) => browser.cookie('jwt_refresh'))).size).toBe(1);
    expect(test.takeEvents()).toEqual(['jwto.access_refreshed']);
  });

  it('goes on after a lost answer inside the grace, and ends the session after it', async () => {
    const { api } = await start({ rotationGrace: '60s' });
    const lost = (): Client => Object.assign(new Client(pages.url), { jar: new Map(api.jar) });
    expect((await lost().get('/')).text).toBe(SIGNED_IN);
    test.clock.advance(59);
    expect((await lost().get('/')).text).toBe(SIGNED_IN);
    test.clock.advance(2);
    expect((await lost().get('/')).text).toBe(SIGNED_OUT);
    expect(test.takeEvents()).toContain('jwto.refresh_reused');
  });

  it('is signed out, and sets nothing, when the session has ended', async () => {
    const { page } = await start();
    await test.tokens.revokeUser(1);
    const answer = await page.get('/');
    expect([answer.status, answer.text, answer.cookies]).toEqual([200, SIGNED_OUT, []]);
  });

  it('says 503 when the refresh cannot be decided, and the session lives', async () => {
    const { page } = await start();
    const broken = vi.spyOn(test.users, 'findById').mockRejectedValue(new Error('no users now'));
    const answer = await page.get('/');
    expect([answer.status, answer.text, answer.cookies]).toEqual([503, 'nobody, 503', []]);
    broken.mockRestore();
    expect((await page.get('/')).text).toBe(SIGNED_IN);
  });

  it('is not disturbed by a refresh cookie of an earlier path when the names change with the path', async () => {
    const { api } = await start({ cookiePrefix: 'host' });
    const left = `jwt_refresh=${api.cookie('__Secure-jwt_refresh') ?? ''}`;
    api.jar.clear();
    await api.login();
    const sent = [left, ...[...api.jar.values()].map(({ name, value }) => `${name}=${value}`)].join('; ');
    const headers = { cookie: sent, 'x-csrftoken': api.cookie('__Host-csrftoken') ?? '' };
    const answer = await new Client(test.url).send('/api/token/refresh/refresh_access/', { headers });
    expect(answer.status).toBe(200);
  });

  it('is refused by the API unless its origin is trusted', async () => {
    const { page } = await start({ trustedOrigins: undefined });
    const answer = await page.get('/');
    expect([answer.status, answer.cookies, test.takeEvents()]).toEqual([403, [], ['jwto.csrf_failed']]);
  });
});
