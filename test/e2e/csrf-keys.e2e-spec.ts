import { createPublicKey, randomBytes } from 'node:crypto';
import type { JwtoModuleOptions } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import type { Answer } from '../support/client.js';
import { expectRefusal } from '../support/refusals.js';
import { ringKey, Vault, type TestKey } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';

const PROTECT = 'POST /testapp/protect';
const REFRESH = 'POST /api/token/refresh';
const SECRET = { csrfSecret: randomBytes(32) };
const CASES = ADAPTERS.flatMap(([name, adapter]) =>
  (['HS256', 'ES256'] as const).flatMap((algorithm) =>
    ([{}, SECRET] as const).map(
      (more) => [algorithm, 'csrfSecret' in more ? 'with' : 'without', name, more, adapter] as const,
    ),
  ),
);

/** What is left of a key that no longer signs. */
const retired = ({ kid, algorithm, signingKey }: TestKey): object => ({
  kid,
  algorithm,
  verifyingKey: algorithm === 'HS256' ? signingKey : createPublicKey(signingKey),
});
const csrfCookie = (answer: Answer): string | undefined =>
  answer.cookies.find(({ name, maxAge }) => name === 'csrftoken' && maxAge !== 0)?.value;

describe.each(CASES)(
  'CSRF tokens through a change of %s keys, %s csrfSecret, on %s',
  (algorithm, _with, _name, more, adapter) => {
    const [old, fresh] = [ringKey('old', algorithm), ringKey('fresh', algorithm)];
    let vault: Vault;
    let test: TestApp;
    let browser: Browser;
    async function start(options: Partial<JwtoModuleOptions> = {}): Promise<void> {
      vault = new Vault([old]);
      test = await startApp({ adapter, options: { ...vault.options, mode: 'TWO-COOKIES', ...more, ...options } });
      browser = await Browser.signIn(test);
    }
    async function keys(...next: object[]): Promise<void> {
      vault.keys = next;
      await test.tokens.reloadKeys();
    }
    afterEach(() => test.close());
    const works = async (): Promise<boolean> => (await browser.send(PROTECT)).text === 'worked!';
    const refusal = { status: 403, code: 'csrf_mismatch', events: ['jwto.csrf_failed'] } as const;

    it('a new key in the ring changes none', async () => {
      await start();
      await keys(old, fresh);
      expect(await works()).toBe(true);
      expect(csrfCookie(await browser.send(`${REFRESH}/refresh_access/`))).toBe(browser.csrf);
    });

    it('a new signer leaves the old ones good, and a refresh gives one that outlives the old key', async () => {
      await start();
      await keys(fresh, old);
      expect(await works()).toBe(true);
      const refreshed = await browser.send(`${REFRESH}/refresh_access/`);
      expect(refreshed.json.msg).toBe('Access token successfully refreshed.');
      const next = csrfCookie(refreshed) ?? '';
      // A secret of its own does not change with the keys.
      if ('csrfSecret' in more) expect(next).toBe(browser.csrf);
      else expect(next).not.toBe(browser.csrf);
      expect(await works()).toBe(true);

      const jar = Object.fromEntries(refreshed.cookies.map(({ name, value }) => [name, value]));
      const renewed = {
        cookies: (own: Readonly<Record<string, string>>) => joined(own, jar),
        headers: { 'x-csrftoken': next },
      };
      expect((await browser.send(PROTECT, renewed)).text).toBe('worked!');
      expect(csrfCookie(await browser.send(`${REFRESH}/update_refresh/`, renewed))).toBe(next);
      await keys(fresh);
      expect((await browser.send(PROTECT, renewed)).text).toBe('worked!');
      expect(csrfCookie(await browser.send(`${REFRESH}/refresh_access/`, renewed))).toBe(next);
    });

    it('a former signer that only verifies from then on keeps its own, as long as it stays', async () => {
      await start();
      await keys(fresh, retired(old));
      expect(await works()).toBe(true);
      await keys(ringKey('third', algorithm), fresh, retired(old));
      expect(await works()).toBe(true);
      const refreshed = csrfCookie(await browser.send(`${REFRESH}/refresh_access/`));
      expect(refreshed === browser.csrf).toBe('csrfSecret' in more);
    });

    it('a removed key takes them with it, unless csrfSecret is set', async () => {
      await start();
      // So that the token is still good, and nothing but the CSRF token is about the key.
      await keys(fresh, old);
      const refreshed = await browser.send(`${REFRESH}/refresh_access/`);
      const jar = Object.fromEntries(refreshed.cookies.map(({ name, value }) => [name, value]));
      await keys(fresh);
      const mixed = {
        cookies: (own: Readonly<Record<string, string>>) => joined(own, { ...jar, csrftoken: browser.csrf }),
      };
      if ('csrfSecret' in more) expect((await browser.send(PROTECT, mixed)).text).toBe('worked!');
      else {
        await expectRefusal(test, () => browser.send(PROTECT, mixed), refusal);
        // A page that lost its CSRF token gets another for the session.
        const own = await browser.send('GET /csrf/', mixed);
        const again = { ...mixed, headers: { 'x-csrftoken': csrfCookie(own) ?? '' } };
        const cookies = (all: Readonly<Record<string, string>>) =>
          joined(all, { ...jar, csrftoken: csrfCookie(own) ?? '' });
        expect((await browser.send(PROTECT, { ...again, cookies })).text).toBe('worked!');
      }
    });

    it('belong to their session under every key', async () => {
      await start();
      const other = await Browser.signIn(test, 'bob');
      await keys(fresh, old);
      const newer = await Browser.signIn(test, 'bob');
      for (const { csrf } of [other, newer]) {
        const planted = {
          cookies: (own: Readonly<Record<string, string>>) => joined(own, { csrftoken: csrf }),
          headers: { 'x-csrftoken': csrf },
        };
        await expectRefusal(test, () => browser.send(PROTECT, planted), refusal);
      }
      expect(await works()).toBe(true);
    });
  },
);
