import { Controller, Delete, HttpCode, Post, Put } from '@nestjs/common';
import { JwtLoginRequired } from 'jwto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined, type Difference } from '../support/browser.js';
import { maskSecret, newSecret, unmaskToken } from '../support/django-csrf.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const PROTECT = 'POST /testapp/protect';
const REPEATABLE = [PROTECT, 'POST /validate_access/', `POST ${REFRESH}/validate_refresh/`] as const;
const EVERYWHERE = [...REPEATABLE, `POST ${REFRESH}/refresh_access/`, `POST ${REFRESH}/logout/`] as const;
const FORM = 'application/x-www-form-urlencoded';
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  (['ONE-COOKIE', 'TWO-COOKIES'] as const).map((mode) => [mode, name, adapter] as const),
);
type Own = Readonly<Record<string, string>>;

@Controller('app')
class Methods {
  @Put()
  @JwtLoginRequired()
  put(): string {
    return 'done';
  }

  @Delete()
  @JwtLoginRequired()
  delete(): string {
    return 'done';
  }

  @Post()
  @HttpCode(200)
  @JwtLoginRequired()
  post(): string {
    return 'done';
  }
}

describe.each(APPS)('csrf: django, in the mode %s on %s', (mode, _name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  let other: Browser;
  let secret: string;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode, csrf: 'django' }, metadata: { controllers: [Methods] } });
  });
  beforeEach(async () => {
    test.clock.advance(1);
    browser = await Browser.signIn(test);
    other = await Browser.signIn(test, 'bob');
    secret = unmaskToken(browser.csrf);
  });
  afterAll(() => test.close());

  const pair = (cookie: string | null, header: string | null): Difference => ({
    headers: { 'x-csrftoken': header },
    cookies: (own: Own) => joined(own, { csrftoken: cookie }),
  });
  const form = (body: string, header: string | null = null): Difference => ({
    headers: { 'x-csrftoken': header, 'content-type': FORM },
    body,
  });
  async function expectAccepted(difference: Difference, routes: readonly string[] = REPEATABLE): Promise<void> {
    for (const route of routes) expect([route, (await browser.send(route, difference)).status]).toEqual([route, 200]);
  }
  async function expectRefused(
    code: 'csrf_missing' | 'csrf_mismatch',
    difference: Difference,
    routes: readonly string[] = EVERYWHERE,
  ): Promise<void> {
    const refusal = { status: 403, code, events: ['jwto.csrf_failed'] } as const;
    for (const route of routes) await expectRefusal(test, () => browser.send(route, difference), refusal);
  }

  it('the cookie is a masked token: another mask each time, another secret each sign-in', async () => {
    expect(browser.csrf).toMatch(/^[a-zA-Z0-9]{64}$/);
    const answer = await browser.send('GET /csrf/');
    const again = answer.cookies.find(({ name }) => name === 'csrftoken')?.value ?? '';
    expect(again).toMatch(/^[a-zA-Z0-9]{64}$/);
    expect(again).not.toBe(browser.csrf);
    expect(unmaskToken(again)).toBe(secret);
    expect(unmaskToken((await Browser.signIn(test)).csrf)).not.toBe(secret);
    expect(new Set([secret, unmaskToken(other.csrf)]).size).toBe(2);
  });

  it('takes the secret, or it behind any mask, in the cookie as in the header', async () => {
    const forms = [
      secret,
      browser.csrf,
      maskSecret(secret),
      maskSecret(secret, 'a'.repeat(32)),
      maskSecret(secret, '9'.repeat(32)),
    ];
    for (const cookie of forms) for (const header of forms) await expectAccepted(pair(cookie, header), [PROTECT]);
    await expectAccepted(pair(secret, maskSecret(secret)));
  });

  it('refuses what is missing', async () => {
    await expectRefused('csrf_missing', pair(null, browser.csrf));
    await expectRefused('csrf_missing', pair(browser.csrf, null));
    await expectRefused('csrf_missing', pair(browser.csrf, ''));
  });

  it('refuses header and cookie with different secrets, and what is no token', async () => {
    for (const header of [
      other.csrf,
      maskSecret(newSecret()),
      newSecret(),
      secret.slice(0, -1),
      `${secret}a`,
      `${browser.csrf.slice(0, -1)}-`,
      `${browser.csrf}a`,
      browser.csrf.slice(32),
      browser.csrf.toUpperCase(),
      'x',
    ]) {
      await expectRefused('csrf_mismatch', pair(browser.csrf, header));
    }
  });

  it('refuses a pair that a stranger planted, or of another session, which Django itself would take', async () => {
    const made = newSecret();
    for (const [cookie, header] of [
      [made, made],
      [made, maskSecret(made)],
      [maskSecret(made), maskSecret(made)],
      [other.csrf, other.csrf],
      [unmaskToken(other.csrf), other.csrf],
    ] as const) {
      await expectRefused('csrf_mismatch', pair(cookie, header));
    }
    for (const garbage of ['x', '-'.repeat(32), '-'.repeat(64)]) {
      await expectRefused('csrf_mismatch', pair(garbage, garbage));
      // What is no token is no pair either.
      const { json } = await browser.send(PROTECT, pair(garbage, garbage));
      expect(json.error).toMatch(/^The header X-CSRFToken differs/);
    }
  });

  it('finds its cookie among planted ones', async () => {
    const cookies = (own: Own): string => `csrftoken=${newSecret()}; csrftoken=x; ${joined(own)}`;
    await expectAccepted({ cookies });
  });

  it('takes the form field csrfmiddlewaretoken of a POST, which goes before the header', async () => {
    const field = `a=1&csrfmiddlewaretoken=${maskSecret(secret)}&b=2`;
    await expectAccepted(form(field), [...REPEATABLE, 'POST /app']);
    await expectAccepted(form(field, other.csrf));
    await expectAccepted(form('csrfmiddlewaretoken=', browser.csrf));
    await expectAccepted(form(`csrfmiddlewaretoken=x&csrfmiddlewaretoken=${secret}`));
    await expectRefused('csrf_mismatch', form('csrfmiddlewaretoken=x', browser.csrf));
    await expectRefused('csrf_mismatch', form(`csrfmiddlewaretoken=${other.csrf}`));
    await expectRefused('csrf_mismatch', form(`csrfmiddlewaretoken=${secret}&csrfmiddlewaretoken=x`));
    await expectRefused('csrf_missing', form('csrfmiddlewaretoken='));
    await expectRefused('csrf_missing', form(`token=${secret}`));
  });

  it('looks for the field where Django does: in a form, by POST', async () => {
    const field = `csrfmiddlewaretoken=${secret}`;
    await expectRefused('csrf_missing', form(field), ['PUT /app', 'DELETE /app']);
    const json = { 'x-csrftoken': null, 'content-type': 'application/json' };
    await expectRefused('csrf_missing', { headers: json, body: JSON.stringify({ csrfmiddlewaretoken: secret }) });
    expect((await browser.send(`PUT /app?${field}`, pair(browser.csrf, browser.csrf))).status).toBe(200);
    await expectRefused('csrf_missing', pair(browser.csrf, null), [`POST /app?${field}`]);
  });

  it('comes with the checks of the Origin', async () => {
    const refusal = { status: 403, code: 'csrf_origin', events: ['jwto.csrf_failed'] } as const;
    for (const route of EVERYWHERE) {
      await expectRefusal(test, () => browser.send(route, { headers: { origin: 'https://evil.example' } }), refusal);
    }
  });

  it.each(['refresh_access', 'update_refresh'])('%s sends the same again, and logout deletes it', async (endpoint) => {
    const cookie = async (route: string, difference: Difference): Promise<unknown> =>
      (await browser.send(route, difference)).cookies.find(({ name }) => name === 'csrftoken')?.value;
    expect(await cookie(`POST ${REFRESH}/${endpoint}/`, {})).toBe(browser.csrf);
    expect(await cookie(`POST ${REFRESH}/logout/`, {})).toBe('');
  });
});
