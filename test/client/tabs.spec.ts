import { type JwtoClientOptions } from 'jwto/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApp, type TestApp } from '../support/test-app.js';
import { FakeBrowser, pass, skew, wait, type TestClient } from './fake-browser.js';

const REFRESH = '/api/token/refresh/refresh_access/';
const ALICE = { username: 'alice', password: 'pass' };

/** Sessions that the tabs of a browser share, by what they share them. */
const SHARED = (['ONE-COOKIE', 'TWO-COOKIES', 'JSON'] as const).flatMap((mode) =>
  (['Web Locks', 'a lease'] as const).flatMap((by) =>
    (['a channel', 'no channel'] as const).map((channel) => [mode, by, channel] as const),
  ),
);

let app: TestApp;
let browser: FakeBrowser;
afterEach(async () => {
  browser.close();
  vi.restoreAllMocks();
  await app.close();
});

const open = async (
  mode: JwtoClientOptions['mode'],
  {
    by = 'Web Locks',
    channel = 'a channel',
    ...options
  }: Partial<JwtoClientOptions> & { by?: string; channel?: string } = {},
): Promise<void> => {
  app = await startApp({ options: { mode } });
  browser = new FakeBrowser(app, { mode, ...options });
  browser.window.locks = by === 'Web Locks';
  browser.window.channel = channel === 'a channel';
};
const withStorage = (): void => {
  const { localStorage } = browser;
  const tab = browser.tab.bind(browser);
  browser.tab = (options) => tab({ storage: localStorage, ...options });
};
const refreshes = (): number => browser.take(REFRESH).length;
const work = (client: TestClient): Promise<string> =>
  client.fetch('/testapp/protect', { method: 'POST' }).then((answer) => answer.text());
const worked = (count: number): string[] => Array.from({ length: count }, () => 'worked!');
/** Everything that the tabs have under way is done. */
const settled = (): Promise<void> => wait(60);

describe.each(SHARED)('ten tabs in the mode %s, by %s and %s', (mode, by, channel) => {
  let tabs: TestClient[];
  beforeEach(async () => {
    await open(mode, { by, channel });
    if (mode === 'JSON') withStorage();
    tabs = browser.tabs(10);
    await tabs[0]?.login(ALICE);
    await settled();
    app.takeEvents();
    browser.take();
  });

  it('refresh once when the token of all expires, and go on', async () => {
    for (let round = 0; round < 2; round++) {
      pass(app, 301);
      expect(await Promise.all(tabs.map(work))).toEqual(worked(10));
      expect(refreshes()).toBe(1);
      expect(app.takeEvents()).toEqual(['jwto.access_refreshed']);
    }
  });

  it('refresh once when the server is slow', async () => {
    pass(app, 301);
    browser.network = async ({ path }, go) => {
      if (path === REFRESH) await wait(400);
      return go();
    };
    expect(await Promise.all(tabs.map(work))).toEqual(worked(10));
    expect(refreshes()).toBe(1);
  });

  it('ask again once when the reply is lost', async () => {
    pass(app, 301);
    let lost = 0;
    browser.network = async ({ path }, go) => {
      const answer = await go();
      if (path === REFRESH && lost++ === 0) throw new TypeError('network');
      return answer;
    };
    // The cookies of the lost reply are the browser's all the same; tokens in a body are lost.
    expect(await Promise.all(tabs.map(work))).toEqual(worked(10));
    expect(refreshes()).toBe(2);
    expect(app.takeEvents()).toEqual(['jwto.access_refreshed']);
    expect(await Promise.all(tabs.map(work))).toEqual(worked(10));
  });

  it('sign out together', async () => {
    const seen: unknown[] = [];
    for (const tab of tabs) tab.onChange((session, { reason, remote }) => seen.push([session, reason, remote]));
    await tabs[3]?.logout();
    await settled();
    expect(await Promise.all(tabs.map((tab) => tab.session()))).toEqual(tabs.map(() => null));
    expect(browser.take()).toEqual(['DELETE /api/token/refresh/logout/']);
    expect(seen[0]).toEqual([null, 'logout', false]);
    if (channel === 'a channel') {
      expect(seen.slice(1)).toEqual(Array.from({ length: 9 }, () => [null, 'logout', true]));
    }
    expect(browser.names()).toEqual([]);
  });

  it('end together when the session was revoked', async () => {
    const seen: unknown[] = [];
    for (const tab of tabs)
      tab.onChange((session, { reason, code, remote }) => seen.push([session, reason, code, remote]));
    await app.tokens.revokeUser('1');
    pass(app, 301);
    const answers = await Promise.all(tabs.map((tab) => tab.fetch('/testapp/protect')));
    expect(answers.map(({ status }) => status)).toEqual(tabs.map(() => 401));
    expect(refreshes()).toBe(1);
    await settled();
    expect(seen[0]).toEqual([null, 'ended', 'token_revoked', false]);
    if (channel === 'a channel') expect(seen).toHaveLength(10);
    expect(await Promise.all(tabs.map((tab) => tab.session()))).toEqual(tabs.map(() => null));
    expect(browser.take()).toEqual([]);
  });

  it('go on with whoever signs in next', async () => {
    await tabs[2]?.login({ username: 'bob', password: 'pass' });
    await settled();
    const perms = await Promise.all(
      tabs.map((tab) => tab.fetch('/testapp/perms_protect').then((answer) => answer.text())),
    );
    expect(perms).toEqual(tabs.map(() => 'perms also worked!'));
    expect(refreshes()).toBe(0);
  });

  it('are not signed out by a server that is down, and do not queue up at it', async () => {
    pass(app, 301);
    let down = true;
    browser.network = ({ path }, go) =>
      down && path === REFRESH ? Promise.resolve(new Response('{}', { status: 503 })) : go();
    const began = performance.now();
    const refused = await Promise.allSettled(tabs.map((tab) => tab.fetch('/testapp/protect')));
    expect(refused.map((one) => one.status === 'rejected' && (one.reason as { code: unknown }).code)).toEqual(
      tabs.map(() => 'unavailable'),
    );
    expect(performance.now() - began).toBeLessThan(3500);
    expect(refreshes()).toBe(2);
    down = false;
    expect(await Promise.all(tabs.map(work))).toEqual(worked(10));
    expect(refreshes()).toBe(1);
  });
});

describe.each(SHARED)('tabs of which one is frozen in the mode %s, by %s and %s', (mode, by, channel) => {
  it.each(['before its refresh was answered', 'before its request left'])('%s: the others go on', async (when) => {
    await open(mode, { by, channel, refreshTimeout: 2500 });
    if (mode === 'JSON') withStorage();
    const frozen = browser.tab();
    const others = browser.tabs(5);
    await frozen.client.login(ALICE);
    await settled();
    pass(app, 301);
    browser.network = async (sent, go) => {
      if (sent.tab !== 0 || sent.path !== REFRESH) return go();
      if (when === 'before its request left') return new Promise(() => undefined);
      frozen.freeze();
      return go();
    };
    void work(frozen.client).catch(() => undefined);
    await wait(100);
    browser.take();
    expect(await Promise.all(others.map(work))).toEqual(worked(5));
    // Cookies that came reach the browser, whatever the page that asked does.
    expect(refreshes()).toBeLessThanOrEqual(1);
    pass(app, 301);
    expect(await Promise.all(others.map(work))).toEqual(worked(5));
    expect(refreshes()).toBe(1);
    pass(app, 301);
    const began = performance.now();
    expect(await Promise.all(others.map(work))).toEqual(worked(5));
    expect(refreshes()).toBe(1);
    // Nobody waits for it again.
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe.each(['ONE-COOKIE', 'TWO-COOKIES', 'JSON'] as const)('a tab that comes late in the mode %s', (mode) => {
  let hold: (() => void) | undefined;
  beforeEach(async () => {
    hold = undefined;
    await open(mode, { refreshTimeout: 300 });
    if (mode === 'JSON') withStorage();
  });
  /** Holds the first tab's first refresh back before it is sent. */
  const holdBack = (): void => {
    browser.network = async ({ tab, path }, go) => {
      if (tab === 0 && path === REFRESH && !hold) await new Promise<void>((resolve) => (hold = resolve));
      return go();
    };
  };

  it('does not bring a session back after a logout', async () => {
    const { client: late } = browser.tab({ refreshTimeout: 10_000 });
    const { client: other } = browser.tab();
    await late.login(ALICE);
    pass(app, 301);
    // The network holds the answer back longer than anybody waits; its cookies come after all.
    const cookies = new Map(browser.cookies);
    let answered = new Map<string, typeof cookies extends Map<string, infer V> ? V : never>();
    browser.network = async ({ tab, path }, go) => {
      const answer = await go();
      if (tab !== 0 || path !== REFRESH) return answer;
      answered = new Map(browser.cookies);
      browser.cookies.clear();
      for (const [name, cookie] of cookies) browser.cookies.set(name, cookie);
      await new Promise<void>((resolve) => (hold = resolve));
      for (const [name, cookie] of answered) browser.cookies.set(name, cookie);
      return answer;
    };
    const working = late.fetch('/testapp/protect');
    await vi.waitFor(() => {
      expect(hold).toBeDefined();
    });
    await other.logout();
    expect(browser.names()).toEqual([]);
    hold?.();
    expect((await working).status).toBe(401);
    expect(await late.session()).toBeNull();
    expect(await other.session()).toBeNull();
    expect(browser.names()).toEqual([]);
    expect([...browser.values.values()].join()).not.toContain('eyJ');
  });

  it('does not end the session of those who were faster', async () => {
    const { client: late } = browser.tab({ refreshTimeout: 10_000 });
    const { client: other } = browser.tab();
    const seen: string[] = [];
    await late.login(ALICE);
    late.onChange((_session, { reason }) => seen.push(reason));
    pass(app, 301);
    browser.network = async ({ tab, path }, go) => {
      if (tab !== 0 || path !== REFRESH) return go();
      await new Promise<void>((resolve) => (hold = resolve));
      return Response.json({ error: '', code: 'token_expired' }, { status: 401 });
    };
    const working = work(late);
    await vi.waitFor(() => {
      expect(hold).toBeDefined();
    });
    expect(await work(other)).toBe('worked!');
    hold?.();
    expect(await working).toBe('worked!');
    expect(seen).not.toContain('ended');
    expect(await other.session()).not.toBeNull();
  });

  it('does not take the place of a session that was begun meanwhile', async () => {
    const { client: late } = browser.tab({ refreshTimeout: 10_000 });
    const { client: other } = browser.tab();
    await late.login(ALICE);
    pass(app, 301);
    holdBack();
    const working = work(late);
    working.catch(() => 0);
    await vi.waitFor(() => {
      expect(hold).toBeDefined();
    });
    await other.login({ username: 'bob', password: 'pass' });
    hold?.();
    // What was asked in alice's name is not done in bob's.
    if (mode === 'ONE-COOKIE') expect(await working).toContain('"statusCode":401');
    else await expect(working).rejects.toMatchObject({ code: 'session_replaced' });
    for (const tab of [late, other]) expect((await tab.fetch('/testapp/perms_protect')).status).toBe(200);
  });
});

it('refreshes although a refresh failed when the clock was ahead', async () => {
  await open('TWO-COOKIES', { refreshTimeout: 50 });
  const { client } = browser.tab();
  await client.login(ALICE);
  skew(86_400);
  browser.network = () => Promise.reject(new TypeError('offline'));
  await expect(client.fetch('/testapp/protect')).rejects.toMatchObject({ code: 'unavailable' });
  browser.network = (_sent, go) => go();
  vi.mocked(Date.now).mockRestore();
  pass(app, 301);
  expect(await work(client)).toBe('worked!');
});

it('needs no channel between tabs where that is forbidden', async () => {
  await open('TWO-COOKIES');
  const Forbidden = vi.fn(function () {
    throw new DOMException('The operation is insecure.', 'SecurityError');
  });
  const tabs = { BroadcastChannel: Forbidden as never, localStorage: browser.localStorage };
  const { client } = browser.tab({ tabs });
  await client.login(ALICE);
  expect(await work(client)).toBe('worked!');
});

describe('tokens in memory', () => {
  it('are a sign-in of each tab, and a logout reaches the tabs of the same user', async () => {
    await open('JSON');
    const [first, second, admin] = browser.tabs(3) as [TestClient, TestClient, TestClient];
    await first.login(ALICE);
    await second.login(ALICE);
    await admin.login({ username: 'admin', password: 'abc123' });
    pass(app, 301);
    const others: unknown[] = [];
    admin.onChange((_session, { remote }) => others.push(remote));
    expect(await Promise.all([first, second, admin].map(work))).toEqual(worked(3));
    await settled();
    expect(refreshes()).toBe(3);
    expect(others).toEqual([false]);
    const seen: unknown[] = [];
    second.onChange((session, { reason }) => seen.push([session, reason]));
    app.takeEvents();
    await first.logout();
    await vi.waitFor(() => {
      expect(seen).toEqual([[null, 'logout']]);
    });
    expect(await second.session()).toBeNull();
    expect((await admin.session())?.claims.user.username).toBe('admin');
    expect(app.takeEvents().filter((name) => name === 'jwto.blacklisted')).toHaveLength(2);
    await second.login(ALICE);
    await settled();
    expect(await second.session()).not.toBeNull();
    // No token is told to anybody.
    expect([...browser.values.values()].join()).not.toContain('eyJ');
  });

  it('of a tab that signs in again are not ended by an old logout', async () => {
    await open('JSON');
    const [first, second] = browser.tabs(2) as [TestClient, TestClient];
    await first.login(ALICE);
    browser.delay = 100;
    await first.logout();
    await second.login(ALICE);
    await wait(200);
    expect(await second.session()).not.toBeNull();
  });
});
