import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import { maskSecret, newSecret, unmaskToken } from '../support/django-csrf.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** A Python that has Django. */
const PYTHON = process.env['TEST_PYTHON'] ?? '';
const HAS_DJANGO = PYTHON !== '' && spawnSync(PYTHON, ['-c', 'import django']).status === 0;

interface Case {
  cookie: string;
  header?: string;
  field?: string;
}

/** What Django says of each case, and tokens that it makes of a cookie. */
function askDjango(cookie: string, cases: readonly Case[]): { accepts: boolean[]; tokens: string[] } {
  const script = join(import.meta.dirname, 'django_csrf.py');
  const env = { PYTHONDONTWRITEBYTECODE: '1' };
  const input = JSON.stringify({ cookie, cases });
  return JSON.parse(
    execFileSync(PYTHON, [script], { input, env, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }),
  ) as never;
}

describe.runIf(HAS_DJANGO).each(ADAPTERS)('csrf: django beside Django itself, on %s', (_name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES', csrf: 'django' } });
    browser = await Browser.signIn(test);
  });
  afterAll(() => test.close());

  const accepts = async ({ cookie, header, field }: Case): Promise<boolean> => {
    const { status } = await browser.send('POST /testapp/protect', {
      headers: { 'x-csrftoken': header ?? null, 'content-type': 'application/x-www-form-urlencoded' },
      cookies: (own) => joined(own, { csrftoken: cookie }),
      body: field === undefined ? '' : new URLSearchParams({ csrfmiddlewaretoken: field }).toString(),
    });
    expect([200, 403]).toContain(status);
    return status === 200;
  };

  it('agrees on every pair of the session, and on what is no pair', async () => {
    const [masked, secret] = [browser.csrf, unmaskToken(browser.csrf)];
    const good = [masked, secret, maskSecret(secret)];
    const bad = [
      newSecret(),
      maskSecret(newSecret()),
      'x',
      '-'.repeat(32),
      secret.slice(1),
      `${masked}a`,
      masked.slice(32),
    ];
    const cases: Case[] = good.flatMap((cookie) => [
      ...[...good, ...bad].map((header) => ({ cookie, header })),
      ...[...good, ...bad].map((field) => ({ cookie, field })),
      { cookie, header: masked, field: 'x' },
      { cookie, header: 'x', field: masked },
      { cookie, header: masked, field: '' },
      { cookie },
    ]);
    const ours: boolean[] = [];
    for (const one of cases) ours.push(await accepts(one));
    expect(askDjango(masked, cases).accepts).toEqual(ours);
    expect(new Set(ours).size).toBe(2);
  });

  it('takes every token that Django makes of our cookie', async () => {
    for (const header of askDjango(browser.csrf, []).tokens) {
      expect(await accepts({ cookie: browser.csrf, header })).toBe(true);
    }
  });

  it('refuses a planted pair, which Django takes', async () => {
    const made = newSecret();
    const planted = { cookie: made, header: maskSecret(made) };
    expect(askDjango(browser.csrf, [planted]).accepts).toEqual([true]);
    expect(await accepts(planted)).toBe(false);
  });
});
