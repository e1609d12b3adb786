import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAttacker, type Attacker } from './support/attacker.js';
import { BUILD_TIMEOUT, CHROMIUM } from './support/chromium.js';
import { BROWSER_DATABASES } from './support/databases.js';
import { APP, openStage, SIBLING, type Stage } from './support/stage.js';
import { openTab, type Tab } from './support/tab.js';

const SITE = 'example.test';
const PROTECT = '/testapp/protect/';
const ON = { JWTO_DOMAIN: SITE };
const OFF = {};

/** What the server is started with, one after the other, and the domain of the cookies that remain at the end. */
const CHANGES: readonly [string, Record<string, string>[], string][] = [
  ['switched on', [OFF, ON], `.${SITE}`],
  ['switched off', [ON, { JWTO_FORMER_DOMAINS: SITE }], APP],
  ['changed', [ON, { JWTO_DOMAIN: APP, JWTO_FORMER_DOMAINS: SITE }], `.${APP}`],
  ['switched off, the former one forgotten', [ON, OFF], APP],
  ['changed, the former one forgotten', [ON, { JWTO_DOMAIN: APP }], `.${APP}`],
];

describe.runIf(CHROMIUM !== '').each(BROWSER_DATABASES)('the domain of the cookies, on $name', ({ empty }) => {
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

  const whoIs = (tab: Tab): Promise<string> =>
    tab.run(`return (await (await client.fetch('/testapp/claims/')).json()).user?.username ?? 'nobody'`);

  /** What a user can do after a login, whatever the browser holds besides. */
  async function works(tab: Tab, username: string): Promise<void> {
    expect(await whoIs(tab)).toBe(username);
    expect(await tab.fetch(PROTECT, 'POST')).toBe(200);
    expect(
      await tab.run(`return (await client.fetch('/api/token/refresh/refresh_access/', { method: 'POST' })).status`),
    ).toBe(200);
    expect(await whoIs(tab)).toBe(username);
  }

  it.each(CHANGES)(
    '%s under signed-in browsers, lets login and logout work',
    async (_name, [before, after], domain) => {
      await stage.restart(before ?? {});
      const second = await stage.newContext();
      const staying = await openTab(context, stage.origin);
      const leaving = await openTab(second, stage.origin);
      for (const tab of [staying, leaving]) {
        await tab.login();
        await works(tab, 'alice');
      }
      await stage.restart(after ?? {});

      expect(await whoIs(staying)).toBe('alice');
      await staying.login('bob');
      await works(staying, 'bob');
      const tokens = (await context.cookies()).filter(({ name }) => name === 'jwt_access_token');
      expect(tokens.map((cookie) => cookie.domain)).toContain(domain);
      await staying.logout();
      expect(await whoIs(staying)).toBe('nobody');

      expect(await whoIs(leaving)).toBe('alice');
      await leaving.logout();
      expect(await leaving.isSignedIn()).toBe(false);
      expect(await whoIs(leaving)).toBe('nobody');
      await leaving.login('bob');
      await works(leaving, 'bob');
      await second.close();
    },
  );

  it('that is named as a former one leaves no cookie behind', async () => {
    await stage.restart(ON);
    const tab = await openTab(context, stage.origin);
    await tab.login();
    await stage.restart({ JWTO_FORMER_DOMAINS: SITE });
    await tab.login();
    expect((await context.cookies()).map((cookie) => cookie.domain)).toEqual([APP, APP, APP, APP]);
    await tab.logout();
    expect(await context.cookies()).toEqual([]);
  });

  describe('a second cookie of a name, planted by another host', () => {
    let attacker: Attacker;
    let tab: Tab;

    beforeAll(() => stage.restart(OFF), BUILD_TIMEOUT);
    beforeEach(async () => {
      attacker = await openAttacker(context, stage.door, stage.door.origin(SIBLING));
      tab = await openTab(context, stage.origin);
    });

    const NAMES = ['jwt_access_token', 'jwt_access_payload', 'jwt_refresh', 'csrftoken'];
    /** At paths where the browser sends the planted one first, too: the longest goes ahead. */
    async function plantAll(valueOf: (name: string) => string): Promise<void> {
      for (const name of NAMES) {
        for (const path of ['/', '/login', '/testapp', '/api/token/refresh/logout']) {
          await attacker.plant(name, valueOf(name), path);
        }
      }
      expect((await context.cookies()).filter(({ name }) => name === 'csrftoken').length).toBeGreaterThanOrEqual(4);
    }
    /** What bob's browser holds. */
    async function bobsCookies(): Promise<Record<string, string>> {
      const other = await stage.newContext();
      await (await openTab(other, stage.origin)).login('bob');
      const cookies = await other.cookies();
      await other.close();
      return Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
    }

    it('of garbage: login, everything after it, and logout work', async () => {
      await plantAll(() => 'garbage');
      await tab.login();
      await works(tab, 'alice');
      await plantAll(() => 'other');
      await works(tab, 'alice');
      await tab.logout();
      expect(await tab.fetch()).toBe(401);
      await tab.login('bob');
      await works(tab, 'bob');
    });

    it('of another session: logout and login work', async () => {
      await tab.login();
      const bobs = await bobsCookies();
      await plantAll((name) => bobs[name] ?? '');
      // Which of the two is meant nobody knows: neither is.
      expect(await tab.run(`return (await (await fetch('${PROTECT}')).json()).code`)).toBe('request_invalid');
      stage.takeEvents();
      await tab.logout();
      expect(stage.takeEvents()).toEqual(['jwto.blacklisted', 'jwto.blacklisted']);
      expect(await tab.fetch()).toBe(401);
      await tab.login();
      await expect.poll(() => stage.takeEvents().includes('jwto.logged_in')).toBe(true);
    });

    it('a CSRF token of another session gains nothing, and does where the protection is off', async () => {
      await tab.login();
      const { csrftoken = '' } = await bobsCookies();
      await attacker.plant('csrftoken', csrftoken, '/testapp');
      const body = `const answer = await fetch('${PROTECT}', { method: 'POST', headers: { 'X-CSRFToken': '${csrftoken}' } });
        return [answer.status, (await answer.text()).match(/"code":"(\\w+)"/)?.[1]]`;
      expect(await tab.run(body)).toEqual([403, 'csrf_mismatch']);
      expect(stage.door.seen.at(-1)?.cookie.match(/csrftoken=/g)).toHaveLength(2);
      await works(tab, 'alice');
      await stage.restart({ JWTO_CSRF: 'false' });
      expect(await tab.run(body)).toEqual([200, undefined]);
      await stage.restart(OFF);
    });

    it('a whole session signs a stranger in as bob, and does not with cookiePrefix', async () => {
      const whose = `return (await (await fetch('/testapp/claims/')).json()).user?.username ?? 'nobody'`;
      const bobs = await bobsCookies();
      await attacker.plant('jwt_access_token', bobs['jwt_access_token'] ?? '');
      expect(await tab.run(whose)).toBe('bob');
      await stage.restart({ JWTO_COOKIE_PREFIX: 'host' });
      for (const prefix of ['', '__Host-']) {
        await attacker.plant(`${prefix}jwt_access_token`, bobs['jwt_access_token'] ?? '');
      }
      expect(await tab.run(whose)).toBe('nobody');
      await stage.restart(OFF);
      expect(await tab.run(whose)).toBe('bob');
    });
  });
});
