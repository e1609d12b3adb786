import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUILD_TIMEOUT, CHROMIUM } from './support/chromium.js';
import { BROWSER_DATABASES } from './support/databases.js';
import { gate, type Fate } from './support/door.js';
import { openStage, type Stage } from './support/stage.js';
import { openTabs, type Tab, type TabOptions } from './support/tab.js';

/** Seconds. Long enough for ten tabs on a slow machine to go on before the new token expires too. */
const LIFETIME = 6;
const COUNT = 10;

/** How the browser keeps the tokens; the database is no part of that, so the others than the first run on one. */
const KEEPING: readonly [string, TabOptions][] = [
  ['TWO-COOKIES', { mode: 'TWO-COOKIES' }],
  ['ONE-COOKIE, at the first 401', { mode: 'ONE-COOKIE' }],
  ['ONE-COOKIE, told the lifetime', { mode: 'ONE-COOKIE', accessTokenLifetime: LIFETIME }],
  ['JSON in localStorage', { mode: 'JSON' }],
];

describe.runIf(CHROMIUM !== '').each(BROWSER_DATABASES)('ten tabs of one browser, on $name', ({ name, empty }) => {
  let stage: Stage;
  let context: BrowserContext;

  beforeAll(async () => {
    stage = await openStage({ JWTO_ACCESS_TOKEN_LIFETIME: String(LIFETIME) }, await empty());
  }, BUILD_TIMEOUT);
  afterAll(() => stage.close());
  beforeEach(async () => {
    stage.door.onRequest = () => undefined;
    stage.door.onReply = () => 'pass';
    context = await stage.newContext();
  });
  afterEach(() => context.close());

  /** Tabs that know of the session, its access token having expired. */
  async function expired(options: TabOptions = {}): Promise<[Tab, ...Tab[]]> {
    const tabs = await openTabs(context, stage.origin, COUNT, options);
    const since = Date.now();
    for (const tab of tabs) expect(await tab.isSignedIn()).toBe(true);
    await sleep(LIFETIME * 1000 + 100 - (Date.now() - since));
    stage.door.seen.length = 0;
    stage.takeEvents();
    return tabs;
  }
  const all = (tabs: readonly Tab[]): Promise<number[]> => Promise.all(tabs.map((tab) => tab.fetch()));
  const EVERY = Array<number>(COUNT).fill(200);

  /** All are still signed in, in the one session, and can be signed out. */
  async function goOn(tabs: readonly [Tab, ...Tab[]]): Promise<void> {
    const { door } = stage;
    const refreshes = door.refreshes().length;
    expect(await all(tabs)).toEqual(EVERY);
    expect(door.refreshes().length).toBe(refreshes);
    await tabs[0].logout();
    expect(await all(tabs)).toEqual(Array(COUNT).fill(401));
    expect(door.refreshes().length).toBe(refreshes);
  }

  it.each(name === 'SQLite' ? KEEPING : KEEPING.slice(0, 1))('refresh once for all: %s', async (_keeping, options) => {
    const tabs = await expired(options);
    expect(await all(tabs)).toEqual(EVERY);
    expect(stage.door.refreshes().map(({ status }) => status)).toEqual([200]);
    expect(stage.takeEvents()).toEqual(['jwto.access_refreshed']);
    await goOn(tabs);
  });

  it('refresh once more, and no further, when the reply is lost', async () => {
    const tabs = await expired();
    const fates: Fate[] = ['lose'];
    stage.door.onReply = ({ path }) => (path.endsWith('/refresh_access/') ? fates.pop() : undefined) ?? 'pass';
    expect(await all(tabs)).toEqual(EVERY);
    expect(stage.door.refreshes().map(({ status }) => status)).toEqual([200, 200]);
    // The same successor: the session rotated once.
    expect(stage.takeEvents()).toEqual(['jwto.access_refreshed']);
    await goOn(tabs);
  });

  it('refresh once more, and no further, when the reply never comes', async () => {
    const tabs = await expired({ refreshTimeout: 4000 });
    const never = gate();
    let held = false;
    stage.door.onReply = async ({ path }): Promise<Fate> => {
      if (path.endsWith('/refresh_access/') && !held) {
        held = true;
        await never.passed;
        return 'lose';
      }
      return 'pass';
    };
    expect(await all(tabs)).toEqual(EVERY);
    expect(stage.door.refreshes().map(({ status }) => status)).toEqual([200, 200]);
    expect(stage.takeEvents()).toEqual(['jwto.access_refreshed']);
    never.open();
    await goOn(tabs);
  });

  it('wait for a slow server together', async () => {
    const tabs = await expired();
    stage.door.onRequest = ({ path }) => (path.endsWith('/refresh_access/') ? sleep(2500) : undefined);
    expect(await all(tabs)).toEqual(EVERY);
    expect(stage.door.refreshes().map(({ status }) => status)).toEqual([200]);
    expect(stage.takeEvents()).toEqual(['jwto.access_refreshed']);
    await goOn(tabs);
  });

  it('refresh once for all where there are no Web Locks', async () => {
    await context.addInitScript(`Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })`);
    const tabs = await expired();
    expect(await tabs[0].run('return [typeof navigator.locks, typeof localStorage]')).toEqual(['undefined', 'object']);
    expect(await all(tabs)).toEqual(EVERY);
    expect(stage.door.refreshes().map(({ status }) => status)).toEqual([200]);
    expect(stage.takeEvents()).toEqual(['jwto.access_refreshed']);
    await goOn(tabs);
  });

  it('go on without the one that is frozen in the middle of its refresh', async () => {
    const tabs = await expired({ refreshTimeout: 2000 });
    const [cold, ...others] = tabs;
    const asked = gate();
    const thaw = gate();
    stage.door.onReply = async ({ path }): Promise<Fate> => {
      if (path.endsWith('/refresh_access/') && stage.door.refreshes().length === 1) {
        asked.open();
        await thaw.passed;
      }
      return 'pass';
    };
    const late = cold.fetch();
    late.catch(() => undefined);
    await asked.passed;
    const devtools = await context.newCDPSession(cold.page);
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    expect(await all(others)).toEqual(EVERY.slice(1));
    expect(stage.door.refreshes().map(({ status }) => status)).toEqual([200, 200]);
    expect(stage.takeEvents()).toEqual(['jwto.access_refreshed']);

    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    thaw.open();
    expect(await late).toBe(200);
    await cold.page.bringToFront();
    expect(await all(tabs)).toEqual(EVERY);
    expect(stage.takeEvents()).not.toContain('jwto.refresh_reused');
    await tabs[0].logout();
    expect(await all(tabs)).toEqual(Array(COUNT).fill(401));
  });

  it('hear of a login and of a logout in one of them', async () => {
    const tabs = await openTabs(context, stage.origin, COUNT);
    const heard = (reason: string, signedIn: boolean) =>
      expect
        .poll(async () => (await Promise.all(tabs.slice(1).map((tab) => tab.told()))).map((told) => told.at(-1)), {
          timeout: 15_000,
        })
        .toEqual(Array(COUNT - 1).fill(expect.objectContaining({ reason, signedIn, remote: true })));
    await heard('login', true);
    expect(await all(tabs)).toEqual(EVERY);
    await tabs.at(-1)?.logout();
    expect((await tabs.at(-1)?.told())?.at(-1)).toMatchObject({ reason: 'logout', signedIn: false, remote: false });
    await expect
      .poll(() => tabs[0].told(), { timeout: 15_000 })
      .toContainEqual(expect.objectContaining({ reason: 'logout', signedIn: false, remote: true }));
    for (const tab of tabs) expect(await tab.isSignedIn()).toBe(false);
    expect((await context.cookies()).map(({ name }) => name)).toEqual([]);
  });
});
