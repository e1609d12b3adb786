import {
  createJwtoClient,
  JwtoClientError,
  type ClientMode,
  type SessionChange,
  type SessionClaims,
} from 'jwto/client';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { FakeBrowser, pass, skew, type TestClient } from './fake-browser.js';

const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const;
const CASES = ADAPTERS.flatMap(([name, adapter]) => MODES.map((mode) => [mode, name, adapter] as const));
const REFRESH = 'POST /api/token/refresh/refresh_access/';
const ALICE = { username: 'alice', password: 'pass' };

let app: TestApp;
let browser: FakeBrowser;
let client: TestClient;
afterEach(async () => {
  browser.close();
  vi.restoreAllMocks();
  await app.close();
});

describe.each(CASES)('a sign-in in the mode %s on %s', (mode: ClientMode, _name, adapter) => {
  beforeEach(async () => {
    app = await startApp({ adapter, options: { mode } });
    browser = new FakeBrowser(app, { mode });
    ({ client } = browser.tab());
  });
  const work = (): Promise<string> =>
    client.fetch('/testapp/protect', { method: 'POST' }).then((answer) => answer.text());

  it('works from login to logout', async () => {
    expect(await client.session()).toBeNull();
    expect((await client.fetch('testapp/protect')).status).toBe(401);
    const session = await client.login({ username: 'admin', password: 'abc123' });
    if (mode === 'ONE-COOKIE') expect(session).toEqual({ claims: undefined, expiresAt: undefined });
    else {
      expect(session.claims).toMatchObject({ type: 'access', user: { username: 'admin', perms: ['perm1', 'perm2'] } });
      expect((session.expiresAt ?? 0) - Date.now()).toBeGreaterThan(298_000);
      expect((session.expiresAt ?? 0) - Date.now()).toBeLessThanOrEqual(300_000);
    }
    expect(await client.session()).toEqual(session);
    expect(await work()).toBe('worked!');
    browser.take();
    await client.logout();
    expect(browser.take()).toEqual(['DELETE /api/token/refresh/logout/']);
    expect(await client.session()).toBeNull();
    expect(browser.names()).toEqual([]);
    expect((await client.fetch('testapp/protect')).status).toBe(401);
    expect(browser.take()).toEqual(['GET /testapp/protect']);
    expect(app.takeEvents().filter((name) => name === 'jwto.blacklisted')).toHaveLength(1);
  });

  it('is refreshed when the token has expired, and the request is sent on', async () => {
    await client.login(ALICE);
    pass(app, 301);
    browser.take();
    expect(await work()).toBe('worked!');
    const post = 'POST /testapp/protect';
    // What no page can read, the server says.
    expect(browser.take()).toEqual(mode === 'ONE-COOKIE' ? [post, REFRESH, post] : [REFRESH, post]);
    expect(await work()).toBe('worked!');
    expect(browser.take()).toEqual([post]);
  });

  it('is refreshed shortly before, and nothing waits for that', async () => {
    browser.close();
    ({ client } = browser.tab({ accessTokenLifetime: 300 }));
    await client.login(ALICE);
    pass(app, 269);
    browser.take();
    expect(await work()).toBe('worked!');
    expect(browser.take(REFRESH)).toEqual([]);
    pass(app, 2);
    expect(await work()).toBe('worked!');
    await vi.waitFor(() => {
      expect(app.takeEvents()).toContain('jwto.access_refreshed');
    });
    expect(browser.take(REFRESH)).toHaveLength(1);
  });

  it('refreshes for session(), which tells who it is after the token has expired', async () => {
    browser.close();
    ({ client } = browser.tab({ accessTokenLifetime: 300 }));
    await client.login(ALICE);
    pass(app, 301);
    browser.take();
    const session = await client.session();
    expect((session?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(298_000);
    expect(browser.take()).toEqual([REFRESH]);
  });

  it.each([3600, -3600])('does not mind a clock that is %i seconds wrong', async (seconds) => {
    skew(seconds);
    const session = await client.login(ALICE);
    if (mode !== 'ONE-COOKIE') expect(Math.abs((session.expiresAt ?? 0) - Date.now() - 300_000)).toBeLessThan(2000);
    browser.take();
    expect(await work()).toBe('worked!');
    expect(await client.session()).toEqual(session);
    expect(browser.take()).toEqual(['POST /testapp/protect']);
  });

  it('asks at most once more than needed when the clock is set while signed in', async () => {
    await client.login(ALICE);
    skew(3600);
    browser.take();
    for (let i = 0; i < 3; i++) expect(await work()).toBe('worked!');
    expect(browser.take(REFRESH).length).toBeLessThanOrEqual(1);
  });

  it('extends the sign-in with `extend`', async () => {
    browser.close();
    ({ client } = browser.tab({ extend: true }));
    await client.login(ALICE);
    pass(app, 301);
    expect(await work()).toBe('worked!');
    expect(app.takeEvents()).toContain('jwto.refresh_updated');
  });

  it('says why a login was refused, and stays what it was', async () => {
    const wrong = client.login({ username: 'alice', password: 'wrong' });
    await expect(wrong).rejects.toBeInstanceOf(JwtoClientError);
    await expect(wrong).rejects.toMatchObject({ code: 'credentials_invalid', status: 401 });
    expect(await client.session()).toBeNull();
    await client.login(ALICE);
    await expect(client.login({ username: 'alice', password: '' })).rejects.toMatchObject({
      code: 'credentials_missing',
      status: 400,
    });
    expect(await work()).toBe('worked!');
  });

  const nameOf = (session: { claims: SessionClaims | undefined } | null): string | undefined =>
    session?.claims?.user.username;

  it('tells of each change, whatever a listener does', async () => {
    const seen: [string | undefined, SessionChange][] = [];
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    client.onChange(() => {
      throw new Error('a listener of the app');
    });
    const stop = client.onChange((session, change) => seen.push([nameOf(session), change]));
    await client.login(ALICE);
    pass(app, 301);
    await work();
    await client.logout();
    stop();
    await client.login(ALICE);
    const name = mode === 'ONE-COOKIE' ? undefined : 'alice';
    expect(seen).toEqual([
      [name, { reason: 'login', code: undefined, remote: false }],
      [name, { reason: 'refresh', code: undefined, remote: false }],
      [undefined, { reason: 'logout', code: undefined, remote: false }],
    ]);
  });

  it('is no news to a page where nobody ever was signed in', async () => {
    const seen: unknown[] = [];
    const tabs = browser.tabs(3);
    for (const tab of [client, ...tabs]) tab.onChange((session, change) => seen.push([session, change]));
    expect((await client.fetch('testapp/protect')).status).toBe(401);
    expect(await client.session()).toBeNull();
    expect(await tabs[0]?.session()).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(seen).toEqual([]);
    await client.login(ALICE);
    await client.logout();
    await vi.waitFor(() => {
      expect(seen.filter((news) => (news as unknown[])[0] === null)).toHaveLength(mode === 'JSON' ? 1 : 4);
    });
  });

  it.skipIf(mode === 'JSON')('is told to have ended where its cookies are gone', async () => {
    await client.login(ALICE);
    const { client: later } = browser.tab();
    expect(await later.session()).not.toBeNull();
    const changes: unknown[] = [];
    later.onChange((_session, change) => changes.push(change));
    browser.cookies.clear();
    expect((await later.fetch('testapp/protect')).status).toBe(401);
    expect(changes).toEqual([{ reason: 'ended', code: 'token_missing', remote: false }]);
  });

  it('reads names of every alphabet', async () => {
    app.users.named('alice').username = 'Zoë 王';
    const session = await client.login({ username: 'Zoë 王', password: 'pass' });
    if (mode !== 'ONE-COOKIE') expect(session.claims.user.username).toBe('Zoë 王');
  });

  it('goes on in a page that was opened later, unless tokens are in memory', async () => {
    await client.login(ALICE);
    const later = browser.tab().client;
    const session = await later.session();
    if (mode === 'JSON') expect(session).toBeNull();
    else expect(session).not.toBeNull();
    pass(app, 301);
    const answer = await browser.tab().client.fetch('/testapp/protect');
    expect(answer.status).toBe(mode === 'JSON' ? 401 : 200);
  });
});

it('keeps JSON tokens where the app says, also asynchronously', async () => {
  app = await startApp();
  browser = new FakeBrowser(app, { mode: 'JSON' });
  const values = new Map<string, string>();
  const storage = {
    getItem: (key: string) => Promise.resolve(values.get(key) ?? null),
    setItem: (key: string, value: string) => Promise.resolve(void values.set(key, value)),
    removeItem: (key: string) => Promise.resolve(void values.delete(key)),
  };
  ({ client } = browser.tab({ storage, name: 'mine' }));
  await client.login(ALICE);
  expect([...values.keys()]).toEqual(['mine tokens']);
  expect((await browser.tab({ storage, name: 'mine' }).client.session())?.claims.user.username).toBe('alice');
  expect([...browser.values.values()].join()).not.toContain('eyJ');
  await client.logout();
  expect(values.size).toBe(0);
  values.set('mine tokens', 'no json');
  expect(await client.session()).toBeNull();
});

it('goes on in memory where the storage takes and gives up nothing', async () => {
  app = await startApp();
  const values = new Map<string, string>();
  let full = false;
  const check = (): void => {
    if (full) throw new DOMException('full', 'QuotaExceededError');
  };
  const storage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => {
      check();
      values.set(key, value);
    },
    removeItem: (key: string) => {
      check();
      values.delete(key);
    },
  };
  browser = new FakeBrowser(app, { mode: 'JSON', storage });
  ({ client } = browser.tab());
  await client.login(ALICE);
  full = true;
  for (let round = 0; round < 2; round++) {
    pass(app, 301);
    expect((await client.fetch('/testapp/protect')).status).toBe(200);
  }
  await client.logout();
  expect(await client.session()).toBeNull();
  expect(values.size).toBe(1);
  // Whoever writes next is believed.
  full = false;
  await browser.tab().client.login(ALICE);
  expect(await client.session()).not.toBeNull();
  await client.logout();
  expect(values.size).toBe(0);
});

it('sends cookie tokens only where the server has them, and works with prefixes and names', async () => {
  app = await startApp({ options: { mode: 'TWO-COOKIES', cookiePrefix: 'host', refreshCookiePath: 'a/b' } });
  browser = new FakeBrowser(app, {
    mode: 'TWO-COOKIES',
    refreshPath: 'a/b',
    csrfCookie: '__Host-csrftoken',
    payloadCookie: '__Host-jwt_access_payload',
  });
  ({ client } = browser.tab());
  expect((await client.login(ALICE)).claims.user.username).toBe('alice');
  pass(app, 301);
  expect((await client.fetch('/testapp/protect', { method: 'POST' })).status).toBe(200);
  await client.logout();
  expect(browser.names()).toEqual([]);
});

it('explains a payload cookie that it cannot read', async () => {
  app = await startApp({ options: { mode: 'TWO-COOKIES' } });
  browser = new FakeBrowser(app, { mode: 'TWO-COOKIES', payloadCookie: 'other' });
  ({ client } = browser.tab());
  await expect(client.login(ALICE)).rejects.toMatchObject({
    code: 'session_unreadable',
    message: expect.stringMatching(/"other" unreadable: another name/),
  });
  expect((await client.fetch('/testapp/protect', { method: 'POST' })).status).toBe(200);
});

it('has the types of the app', async () => {
  app = await startApp();
  browser = new FakeBrowser(app, { mode: 'JSON' });
  const typed = createJwtoClient<{ tenant: string; user: { email: string } }>({ baseUrl: app.url, mode: 'JSON' });
  const session = await typed.session();
  expectTypeOf(session?.claims.tenant).toEqualTypeOf<string | undefined>();
  expectTypeOf(session?.claims.user.email).toEqualTypeOf<string | undefined>();
  expectTypeOf(session?.claims.user.perms).toEqualTypeOf<readonly string[] | undefined>();
  const blind = createJwtoClient({ baseUrl: app.url, mode: 'ONE-COOKIE' });
  expectTypeOf((await blind.session())?.claims)
    .extract<undefined>()
    .toBeUndefined();
  blind.dispose();
  expect(() => createJwtoClient({ baseUrl: '/relative', mode: 'JSON' })).toThrow(TypeError);
});
