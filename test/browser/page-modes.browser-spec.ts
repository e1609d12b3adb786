import { describe, expect, it } from 'vitest';
import { CHROMIUM } from './support/chromium.js';
import { BROWSER_DATABASES } from './support/databases.js';
import { openPages } from './support/open-pages.js';
import type { PageMode } from './support/page.js';

const MODES: PageMode[] = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'];

describe.runIf(CHROMIUM !== '').each(BROWSER_DATABASES)('the page in Chromium, on $name', ({ empty }) => {
  const open = openPages(async () => ({ databaseUrl: await empty() }));

  describe.each(MODES)('%s', (mode) => {
    it('signs in, shows the claims and the time left, and signs out', async () => {
      const it = await open();
      const { page } = it;
      await it.signIn('admin', mode);
      await expect.poll(() => it.text('#account')).toBe(`admin ${mode}`);
      await page.getByText('Claims of the access token').first().click();
      const claims = await it.text('#claims');
      expect(claims).toContain('"email":"admin@djwto.com"');
      expect(claims).toMatch(/exp\s+\d{10}\s+expires at/);
      expect(await it.text('#perms')).toMatch(/perm1\s*perm2/);

      await expect.poll(() => it.text('#access-left')).toMatch(/^(5:00|4:5\d)$/);
      const before = await it.text('#access-left');
      await expect.poll(() => it.text('#access-left'), { timeout: 3000 }).not.toBe(before);
      expect(await it.text('#refresh-left')).toMatch(/^23:59:5\d$|^24:00:00$/);

      await it.press('Sign out');
      await it.part('Sign in').waitFor();
      expect(await it.text('#account')).toBe('Signed out');
      expect(await page.locator('#session').isVisible()).toBe(false);
    });

    it('calls the routes, with and without the permission', async () => {
      const it = await open();
      await it.signIn('alice', mode);
      await it.part('Signed in').waitFor();
      const call = it.part('Call a route');
      for (const [name, answer] of [
        ['GET /testapp/protect/', /200\s+worked!/],
        ['POST /testapp/protect/', /200\s+worked!/],
        ['GET /testapp/perms_protect/', /403\s+permission_denied[^]*Signing in again will not help/],
      ] as const) {
        await call.getByRole('button', { name }).click();
        // The answer of the call before stands there until this one's does: the name first, then what it says.
        await expect.poll(() => it.text('#call-result')).toContain(name);
        expect(await it.text('#call-result')).toMatch(answer);
      }
      await it.press('Sign out');
      await it.signIn('bob', mode);
      await it.part('Signed in').waitFor();
      await call.getByRole('button', { name: 'GET /testapp/perms_protect/' }).click();
      await expect.poll(() => it.text('#call-result')).toContain('perms also worked!');
    });

    it(mode === 'JSON' ? 'forgets the sign-in at a reload' : 'is still signed in after a reload', async () => {
      const it = await open();
      await it.signIn('bob', mode);
      await it.part('Signed in').waitFor();
      await it.reload();
      expect(await it.text('#account')).toBe(mode === 'JSON' ? 'Signed out' : `bob ${mode}`);
      expect(await it.page.locator('#sign-in-error').isVisible()).toBe(false);
    });

    it('lists the sessions, revokes one, and ends all others', async () => {
      const it = await open();
      const others = await Promise.all([open(), open(), open()]);
      for (const other of others) {
        await other.signIn('admin', mode);
        await other.part('Signed in').waitFor();
      }
      await it.signIn('admin', mode);
      const rows = it.page.locator('#sessions-list li');
      await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(4);
      expect(await it.part('Sessions').getByText('this one').count()).toBe(1);
      const count = await rows.count();

      await rows
        .nth(1)
        .getByRole('button', { name: /^Revoke the session of Chrom/ })
        .click();
      await expect.poll(() => rows.count()).toBe(count - 1);
      expect(await it.page.evaluate('document.activeElement.id')).toBe('sessions-title');

      await it.press('Sign out everywhere else');
      await expect.poll(() => rows.count()).toBe(1);
      const [other] = others;
      await other.part('Call a route').getByRole('button', { name: 'GET /testapp/protect/' }).click();
      await expect.poll(() => other.text('#sign-in-error')).toMatch(/Your sign-in has ended\.\s+token_revoked/);

      await it.press('Revoke this session');
      await it.part('Sign in').waitFor();
    });
  });
});
