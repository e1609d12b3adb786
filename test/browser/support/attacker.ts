import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Door, Passing } from './door.js';

/** A page of another host, which makes a browser send requests to the sample. */
export interface Attacker {
  readonly page: Page;
  /** Submits a form, as a click on the page would, and gives what came to the sample. */
  readonly submit: (url: string, fields?: Record<string, string>, enctype?: string) => Promise<Passing>;
  /** The same by `fetch` with cookies, as far as that asks nobody: no header but those of a form. */
  readonly send: (url: string, body?: string, type?: string) => Promise<Passing>;
  /** Sets a cookie for every host of the site. */
  readonly plant: (name: string, value: string, path?: string) => Promise<void>;
}

/** @param origin - of the attacker's host, behind the door */
export async function openAttacker(context: BrowserContext, door: Door, origin: string): Promise<Attacker> {
  const page = await context.newPage();
  await page.goto(origin);

  /** What the sample answered to the first POST from here on; the page itself cannot see it. */
  const outcome = async (since: number): Promise<Passing> => {
    const arrived = (): Passing[] =>
      door.seen.slice(since).filter(({ method, status }) => method === 'POST' && status !== undefined);
    await expect.poll(arrived, { timeout: 20_000 }).toHaveLength(1);
    const [passing] = arrived();
    if (passing === undefined) throw new Error('no request came');
    return passing;
  };

  return {
    page,
    async submit(url, fields = {}, enctype = 'application/x-www-form-urlencoded') {
      const since = door.seen.length;
      await page.evaluate(`
        const form = document.createElement('form');
        Object.assign(form, { method: 'POST', action: '${url}', enctype: '${enctype}' });
        for (const [name, value] of Object.entries(${JSON.stringify(fields)})) {
          form.append(Object.assign(document.createElement('input'), { name, value }));
        }
        document.body.append(form);
        form.submit();`);
      const passing = await outcome(since);
      await page.waitForURL(url);
      await page.goto(origin);
      return passing;
    },
    async send(url, body, type = 'application/x-www-form-urlencoded') {
      const since = door.seen.length;
      const init = { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'content-type': type }, body };
      // The answer is opaque, or withheld.
      await page.evaluate(`fetch('${url}', ${JSON.stringify(init)}).then(() => 0, () => 0)`);
      return outcome(since);
    },
    async plant(name, value, path = '/') {
      const domain = new URL(origin).hostname.split('.').slice(-2).join('.');
      await page.evaluate(`document.cookie = '${name}=${value}; Domain=${domain}; Path=${path}; Secure; Max-Age=3600'`);
    },
  };
}
