import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUILD_TIMEOUT, CHROMIUM } from './support/chromium.js';
import { BROWSER_DATABASES } from './support/databases.js';
import { gate, type Fate, type Passing } from './support/door.js';
import { openStage, type Stage } from './support/stage.js';
import { openTabs, type Tab } from './support/tab.js';

/** Asks for a refresh now, as a tab does that was told `token_expired`. */
const REFRESH = `return (await client.fetch('/testapp/protect/')).status`;
const isRefresh = ({ path }: Passing): boolean => path.endsWith('/refresh_access/');
const isLogout = ({ path }: Passing): boolean => path.endsWith('/logout/');

describe.runIf(CHROMIUM !== '').each(BROWSER_DATABASES)(
  'a refresh and a logout at the same time, on $name',
  (database) => {
    let stage: Stage;
    let context: BrowserContext;
    let tabs: [Tab, ...Tab[]];

    beforeAll(async () => {
      stage = await openStage({}, await database.empty());
    }, BUILD_TIMEOUT);
    afterAll(() => stage.close());
    beforeEach(async () => {
      stage.door.onRequest = () => undefined;
      stage.door.onReply = () => 'pass';
      context = await stage.newContext();
    });
    afterEach(() => context.close());

    async function open(refreshTimeout = 5000): Promise<[Tab, Tab, Tab]> {
      tabs = await openTabs(context, stage.origin, 3, { refreshTimeout });
      // The next request of any tab finds no access token: 401, and then a refresh.
      await context.clearCookies({ name: 'jwt_access_token' });
      stage.takeEvents();
      stage.door.seen.length = 0;
      return tabs as unknown as [Tab, Tab, Tab];
    }

    const cookies = async (): Promise<string[]> => (await context.cookies()).map(({ name }) => name);

    /** Nobody is signed in: not at the server, not in any tab, and not for long. */
    async function over(refresh: string): Promise<void> {
      await expect.poll(cookies, { timeout: 20_000 }).toEqual([]);
      for (const tab of tabs) {
        expect(await tab.isSignedIn()).toBe(false);
        expect(await tab.fetch()).toBe(401);
        await expect.poll(async () => (await tab.told()).at(-1)?.signedIn, { timeout: 15_000 }).toBe(false);
      }
      expect(await cookies()).toEqual([]);
      // Not even with a cookie that somebody kept.
      const { name, value } = JSON.parse(refresh) as { name: string; value: string };
      await context.addCookies([{ name, value, url: `${stage.origin}/api/token/refresh/`, secure: true }]);
      const kept = `return (await fetch('/api/token/refresh/refresh_access/', { method: 'POST' })).status`;
      expect([401, 403]).toContain(await tabs[0].run(kept));
      expect(stage.takeEvents()).toContain('jwto.blacklisted');
    }
    const refreshCookie = async (): Promise<string> =>
      JSON.stringify((await context.cookies()).find(({ name }) => name === 'jwt_refresh'));

    it('the logout waits for a refresh whose answer is on its way', async () => {
      const [refreshing, leaving] = await open();
      const kept = await refreshCookie();
      const asked = gate();
      const reply = gate();
      stage.door.onReply = async (passing): Promise<Fate> => {
        if (isRefresh(passing)) {
          asked.open();
          await reply.passed;
        }
        return 'pass';
      };
      const late = refreshing.run<number>(REFRESH);
      await asked.passed;
      const left = leaving.logout();
      reply.open();
      await Promise.all([left, late]);
      expect(stage.door.seen.filter(isLogout).map(({ status }) => status)).toEqual([200]);
      await over(kept);
    });

    it('the answer of the refresh comes after the end, with cookies', async () => {
      const [refreshing, leaving] = await open(2500);
      const kept = await refreshCookie();
      const asked = gate();
      const reply = gate();
      stage.door.onReply = async (passing): Promise<Fate> => {
        if (isRefresh(passing)) {
          asked.open();
          await reply.passed;
        }
        return 'pass';
      };
      // It is frozen, so that its own time does not run out before.
      const late = refreshing.run<number>(REFRESH);
      await asked.passed;
      const devtools = await context.newCDPSession(refreshing.page);
      await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
      await leaving.logout();
      expect(await cookies()).toEqual([]);
      reply.open();
      // They do come back, or this would prove nothing.
      await expect.poll(cookies, { timeout: 15_000 }).toContain('jwt_refresh');
      await devtools.send('Page.setWebLifecycleState', { state: 'active' });
      expect(await late).toBe(401);
      await over(kept);
    });

    it('the refresh reaches the server after the logout', async () => {
      const [refreshing, leaving] = await open(2500);
      const kept = await refreshCookie();
      const asked = gate();
      const ended = gate();
      stage.door.onRequest = async (passing) => {
        if (isRefresh(passing)) {
          asked.open();
          await ended.passed;
        }
      };
      const late = refreshing.run<number>(REFRESH);
      await asked.passed;
      await leaving.logout();
      ended.open();
      expect(await late).toBe(401);
      expect(stage.door.refreshes().map(({ status }) => status)).not.toContain(200);
      await over(kept);
    });

    it.each([1, 2, 3])('both at once, without anybody holding them (%i)', async () => {
      const [first, second, leaving] = await open();
      const kept = await refreshCookie();
      await Promise.all([first.run(REFRESH), second.run(REFRESH), leaving.logout()]);
      await over(kept);
    });
  },
);
