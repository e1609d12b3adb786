import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, launchChromium, startSample } from './support/chromium.js';
import { openPages } from './support/open-pages.js';
import { SamplePage } from './support/page.js';

const AXE = join(process.cwd(), 'node_modules/axe-core/axe.min.js');

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** What axe-core finds serious or critical. */
async function findings({ page }: SamplePage): Promise<string[]> {
  await page.addScriptTag({ path: AXE });
  const { passes, violations } = await page.evaluate<{ passes: unknown[]; violations: Violation[] }>('axe.run()');
  expect(passes.length).toBeGreaterThan(30);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

describe.runIf(CHROMIUM !== '')('the page in Chromium', () => {
  const open = openPages(() => Promise.resolve({ env: { JWTO_ROTATION_GRACE: '1' } }));

  it('says at the form why a sign-in was refused, and goes to the password', async () => {
    const it = await open();
    await it.signIn('carol', 'TWO-COOKIES');
    await it.page.getByRole('alert').filter({ hasText: 'credentials_invalid' }).waitFor();
    expect(await it.page.evaluate('document.activeElement.id')).toBe('password');
    expect(await it.page.locator('#password').getAttribute('aria-invalid')).toBe('true');
    await it.signIn('alice');
    await it.part('Signed in').waitFor();
  });

  it('fills the form by one click', async () => {
    const it = await open();
    for (const user of ['alice', 'bob', 'admin', 'carol']) {
      await it
        .part('Sign in')
        .getByRole('button', { name: new RegExp(`^${user}`) })
        .click();
      expect(await it.page.getByLabel('Username').inputValue()).toBe(user);
      expect(await it.page.getByLabel('Password').inputValue()).toBe(user === 'admin' ? 'abc123' : 'pass');
    }
  });

  it('provokes each refusal, and explains it', async () => {
    const it = await open();
    await it.signIn('bob', 'TWO-COOKIES');
    await it.part('Signed in').waitFor();
    const buttons = await it.page.locator('button.experiment').all();
    expect(buttons.length).toBeGreaterThanOrEqual(17);
    for (const button of buttons) {
      const code = String(await button.getAttribute('title')).replace('is refused with ', '');
      await button.click();
      await expect.poll(() => it.text('#experiment-result'), { timeout: 15_000 }).toContain(code);
      await it.page.locator(`#experiment-result .exchange:has(.code:text-is("${code}")) .why`).waitFor();
      await expect.poll(() => button.getAttribute('aria-disabled')).toBeNull();
    }
    // The page's own sign-in is as it was.
    await it.part('Call a route').getByRole('button', { name: 'POST /testapp/protect/' }).click();
    await expect.poll(() => it.text('#call-result')).toContain('worked!');
  });

  it('shows the events live, in all tabs over one connection, and after the first tab is closed', async () => {
    const it = await open();
    const streams: string[] = [];
    it.page.context().on('request', (request) => {
      if (request.url().endsWith('/page/events')) streams.push(request.url());
    });
    const tabs = await Promise.all(Array.from({ length: 7 }, () => it.tab()));
    const counts = () => Promise.all([it, ...tabs].map((tab) => tab.page.locator('.event').count()));
    const [before = 0] = await counts();
    for (const tab of [it, ...tabs]) await expect.poll(() => tab.text('#events-state')).toBe('live');

    await it.signIn('alice', 'JSON', 'wrong');
    const first = it.page.locator('.event').first();
    await expect.poll(() => first.innerText()).toMatch(/login_failed[^]*credentials_invalid[^]*POST \/login\//);
    await expect.poll(counts).toEqual(Array(8).fill(before + 1));
    expect(streams).toEqual([]);

    await it.page.close();
    const [next] = tabs;
    await expect.poll(() => streams.length).toBe(1);
    await next?.signIn('alice', 'JSON');
    await expect
      .poll(() => Promise.all(tabs.map((tab) => tab.page.locator('.event').first().innerText())))
      .toEqual(Array(7).fill(expect.stringMatching(/^logged_in[^]*alice · POST \/login\//)));
    await next?.close();
  });

  it('can be used by keyboard alone', async () => {
    const it = await open();
    const { keyboard } = it.page;
    const focused = () => it.page.evaluate<string>('document.activeElement.id || document.activeElement.textContent');
    const tabTo = async (text: string) => {
      for (let i = 0; i < 60; i += 1) {
        await keyboard.press('Tab');
        const outline = await it.page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
        expect(outline, await focused()).not.toBe('none');
        if ((await focused()).startsWith(text)) return;
      }
      throw new Error(`Tab does not lead to ${text}`);
    };
    await keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await keyboard.press('Enter');
    expect(await focused()).toBe('main');

    await tabTo('username');
    await keyboard.type('alice');
    await tabTo('password');
    await keyboard.type('pass');
    await tabTo('mode-JSON');
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await expect.poll(focused).toBe('session-title');
    expect(await it.text('#account')).toBe('alice TWO-COOKIES');

    await tabTo('GET /testapp/perms_protect/');
    await keyboard.press('Enter');
    await expect.poll(() => it.text('#call-result')).toContain('permission_denied');
    expect(await it.text('#announcer')).toContain('GET /testapp/perms_protect/: 403, permission_denied');
    expect(await focused()).toMatch(/^GET \/testapp\/perms_protect/);

    await tabTo('No CSRF header');
    await keyboard.press('Space');
    await expect.poll(() => it.text('#announcer')).toContain('csrf_missing');

    await keyboard.press('Home');
    await it.page.locator('#session-title').focus();
    await tabTo('sign-out-button');
    await keyboard.press('Enter');
    await expect.poll(focused).toBe('sign-in-title');
    expect(await it.text('#announcer')).toBe('Signed out.');
  });

  it('follows the sign-in and the sign-out of another tab', async () => {
    const it = await open();
    const other = await it.tab();
    await it.signIn('bob', 'TWO-COOKIES');
    await expect.poll(() => other.text('#account')).toBe('bob TWO-COOKIES');
    await other.press('Sign out');
    await expect.poll(() => it.text('#account')).toBe('Signed out');
  });

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    it.each([
      ['signed out', () => Promise.resolve()],
      ['signed in', (it: SamplePage) => it.signIn('admin', 'TWO-COOKIES')],
      ['with an error', (it: SamplePage) => it.signIn('admin', 'TWO-COOKIES', 'wrong')],
    ])('has nothing that is hard to use: %s', async (state, prepare) => {
      const it = await open({ bypassCSP: true, colorScheme, reducedMotion: 'reduce' });
      await prepare(it);
      if (state === 'signed in') {
        await it.page.locator('#sessions-list li').first().waitFor();
        await it.page.getByText('Claims of the access token').first().click();
      }
      await it.part('Call a route').getByRole('button', { name: 'GET /testapp/perms_protect/' }).click();
      await it.page.locator('#call-result .exchange').waitFor();
      await it.press('Revoked session');
      await it.page.locator('#experiment-result .exchange').nth(2).waitFor();
      expect(await findings(it)).toEqual([]);
    });
  });

  it('fits a small screen', async () => {
    const it = await open({ viewport: { width: 320, height: 640 } });
    await it.signIn('admin', 'TWO-COOKIES');
    await it.page.locator('#sessions-list li').first().waitFor();
    expect(await it.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
  });
});

describe.runIf(CHROMIUM !== '').each([
  { adapter: 'fastify', https: true, mode: undefined },
  { adapter: 'express', https: false, mode: undefined },
  { adapter: 'fastify', https: false, mode: 'TWO-COOKIES,JSON' },
] as const)('the page of a server with %o', ({ adapter, https, mode }) => {
  it('signs in with what there is', async () => {
    const env = { JWTO_ACCESS_TOKEN_LIFETIME: '2' };
    const server = await startSample({ adapter, https, mode: mode ?? '', env });
    const chromium = await launchChromium();
    try {
      const it = await SamplePage.open(chromium, server);
      const offered = await it.page.getByRole('radio').evaluateAll((all) => all.map(({ id }) => id));
      expect(offered).toEqual((mode ?? 'JSON').split(',').map((one) => `mode-${one}`));
      expect(await it.text('#sign-in')).toContain('JWTO_MODE=JSON,ONE-COOKIE,TWO-COOKIES npm start');
      await it.signIn('bob');
      await expect.poll(() => it.text('#account')).toContain('bob');
      await it.page.locator('.event', { hasText: 'logged_in' }).waitFor();

      // The client refreshes when it must.
      await expect.poll(() => it.text('#access-left'), { timeout: 5000 }).toContain('expired');
      await it.part('Call a route').getByRole('button', { name: 'POST /testapp/protect/' }).click();
      await expect.poll(() => it.text('#call-result')).toContain('worked!');
      await it.page.locator('.event', { hasText: 'access_refreshed' }).first().waitFor();
      expect(it.troubles).toEqual([]);
    } finally {
      await server.stop();
      await chromium.close();
    }
  });
});
