import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApp, type TestApp } from '../support/test-app.js';
import { FakeBrowser, pass } from './fake-browser.js';

const ALICE = { username: 'alice', password: 'pass' };
const BOB = { username: 'bob', password: 'pass' };
const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const;

let app: TestApp;
let browser: FakeBrowser;
afterEach(async () => {
  browser.close();
  vi.restoreAllMocks();
  await app.close();
});

describe.each(MODES)('in the mode %s', (mode) => {
  beforeEach(async () => {
    app = await startApp({ options: { mode } });
    browser = new FakeBrowser(app, { mode });
  });
  const live = async (): Promise<number> => (await app.tokens.listSessions(1)).length;

  it.each([true, false])(
    'login and logout that are not waited for end signed out, with Web Locks: %s',
    async (locks) => {
      browser.window.locks = locks;
      const { client } = browser.tab();
      const login = client.login(ALICE);
      await Promise.all([login.catch(() => 0), client.logout()]);
      expect(await client.session()).toBeNull();
      expect(await live()).toBe(0);
    },
  );

  it('a second login ends the session that it replaces', async () => {
    const { client } = browser.tab();
    await client.login(ALICE);
    await client.login(BOB);
    await vi.waitFor(async () => {
      expect(await live()).toBe(0);
    });
    expect((await client.fetch('/testapp/protect')).status).toBe(200);
  });

  it('a login that was aborted is ended at the server when its answer comes', async () => {
    const { client } = browser.tab();
    const abort = new AbortController();
    browser.network = async ({ path }, go) => {
      const response = await go();
      if (path === '/login/') abort.abort(new Error('enough'));
      return response;
    };
    await expect(client.login(ALICE, { signal: abort.signal })).rejects.toThrow('enough');
    await vi.waitFor(async () => {
      expect(await live()).toBe(0);
    });
    expect(await client.session()).toBeNull();
  });

  it('no redirect is followed with a password or a refresh token, and the error says so', async () => {
    const { client } = browser.tab();
    const redirect = (): Promise<Response> =>
      Promise.resolve(new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } }));
    browser.network = redirect;
    await expect(client.login(ALICE)).rejects.toMatchObject({
      code: 'redirected',
      message: expect.stringContaining('baseUrl'),
    });
    browser.network = (_sent, go) => go();
    await client.login(ALICE);
    pass(app, 301);
    browser.network = ({ path }, go) => (path.endsWith('/refresh_access/') ? redirect() : go());
    browser.take();
    // In the mode ONE-COOKIE nobody knows that the token has expired before the server says so.
    await expect(client.fetch('/testapp/protect')).rejects.toMatchObject({ code: 'redirected' });
    expect(browser.take('/refresh_access/')).toHaveLength(1);
    browser.network = (_sent, go) => go();
    expect((await client.fetch('/testapp/protect')).status).toBe(200);
  });

  it('a refresh that the server’s clock is not ready for is asked for again', async () => {
    const { client } = browser.tab();
    await client.login(ALICE);
    pass(app, 301);
    let refused = 0;
    browser.network = ({ path }, go) => {
      if (!path.endsWith('/refresh_access/') || refused > 0) return go();
      refused += 1;
      return Promise.resolve(Response.json({ code: 'token_not_yet_valid', error: 'x' }, { status: 401 }));
    };
    expect((await client.fetch('/testapp/protect')).status).toBe(200);
    expect(refused).toBe(1);
  });

  it('a refusal whose body never ends is given to the caller', async () => {
    const { client } = browser.tab();
    await client.login(ALICE);
    browser.network = ({ path }, go) =>
      path === '/testapp/protect' ? Promise.resolve(new Response(new ReadableStream(), { status: 401 })) : go();
    expect((await client.fetch('/testapp/protect')).status).toBe(401);
  });

  it('other tabs hear by the storage where there is no BroadcastChannel', async () => {
    browser.window.channel = false;
    const [one, other] = [browser.tab().client, browser.tab().client];
    if (mode === 'JSON') return;
    await one.session().catch(() => null);
    await other.session().catch(() => null);
    const heard: string[] = [];
    other.onChange((_session, { reason, remote }) => heard.push(`${reason} ${String(remote)}`));
    await one.login(ALICE);
    await vi.waitFor(() => {
      expect(heard).toContain('login true');
    });
    await one.logout();
    await vi.waitFor(() => {
      expect(heard).toContain('logout true');
    });
  });

  it('a lease of a clock that was ahead is not waited for', async () => {
    browser.window.locks = false;
    const { client } = browser.tab();
    const name = `jwto ${app.url}/api/token/refresh/ ${mode} lease`;
    browser.values.set(name, String(Date.now() + 86_400_000));
    const began = performance.now();
    await client.login(ALICE);
    expect(performance.now() - began).toBeLessThan(6000);
  });
});
