import { randomBytes } from 'node:crypto';
import { All, Controller } from '@nestjs/common';
import { JwtLoginRequired } from 'jwto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined, OWN_ORIGIN, type Difference } from '../support/browser.js';
import { expectRefusal, storedRows } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const PROTECT = 'POST /testapp/protect';
const REPEATABLE = [PROTECT, 'POST /validate_access/', `POST ${REFRESH}/validate_refresh/`] as const;
const EVERYWHERE = [
  ...REPEATABLE,
  `POST ${REFRESH}/refresh_access/`,
  `POST ${REFRESH}/update_refresh/`,
  `POST ${REFRESH}/logout/`,
] as const;
const MODES = [
  ['ONE-COOKIE', 'jwt_access'],
  ['TWO-COOKIES', 'jwt_access_token'],
] as const;
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  MODES.map(([mode, cookie]) => [mode, name, adapter, cookie] as const),
);

@Controller('any')
class AnyMethod {
  @All()
  @JwtLoginRequired()
  any(): string {
    return 'done';
  }
}

describe.each(APPS)('the CSRF token in the mode %s on %s', (mode, _name, adapter, accessCookie) => {
  let test: TestApp;
  let browser: Browser;
  let other: Browser;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode }, metadata: { controllers: [AnyMethod] } });
  });
  beforeEach(async () => {
    test.clock.advance(1);
    browser = await Browser.signIn(test);
    other = await Browser.signIn(test, 'bob');
  });
  afterAll(() => test.close());

  async function expectRefused(
    code: 'csrf_missing' | 'csrf_mismatch',
    difference: Difference,
    routes: readonly string[] = EVERYWHERE,
  ): Promise<void> {
    for (const route of routes) {
      await expectRefusal(test, () => browser.send(route, difference), {
        status: 403,
        code,
        events: ['jwto.csrf_failed'],
      });
      const { event } = test.events.at(-1) ?? {};
      expect(event).toMatchObject({
        reason: code,
        request: { method: route.split(' ')[0], path: route.split(' ')[1] },
        claims: null,
      });
      expect(JSON.stringify(event)).not.toContain(browser.csrf);
    }
  }
  const withCsrfCookie =
    (value: string | null): NonNullable<Difference['cookies']> =>
    (own) =>
      joined(own, { csrftoken: value });

  it('is taken as it is, on endpoints and guarded routes', async () => {
    for (const route of REPEATABLE) expect((await browser.send(route)).status).toBe(200);
  });

  it.each([
    ['is not there', null],
    ['is empty', ''],
  ])('is missing when the header %s, and the answer says what to send', async (_what, value) => {
    await expectRefused('csrf_missing', { headers: { 'x-csrftoken': value } });
    const { json } = await browser.send(PROTECT, { headers: { 'x-csrftoken': value } });
    expect(json.error).toContain('X-CSRFToken');
    expect(json.error).toContain('csrftoken');
  });

  it.each([
    ['is not there', null],
    ['is empty', ''],
  ])('is missing when the cookie %s', async (_what, value) => {
    await expectRefused('csrf_missing', { cookies: withCsrfCookie(value) });
  });

  it('is read from no other header, and not from the body', async () => {
    const headers = {
      'x-csrftoken': null,
      'x-csrf-token': browser.csrf,
      'x-xsrf-token': browser.csrf,
      csrftoken: browser.csrf,
    };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await expectRefused('csrf_missing', {
      headers: { ...headers, ...form },
      body: `csrfmiddlewaretoken=${browser.csrf}&csrftoken=${browser.csrf}`,
    });
  });

  it('must be equal in header and cookie', async () => {
    for (const header of [
      'x',
      other.csrf,
      `${browser.csrf}x`,
      browser.csrf.slice(0, -1),
      browser.csrf.toUpperCase(),
      `${browser.csrf}, ${browser.csrf}`,
    ]) {
      await expectRefused('csrf_mismatch', { headers: { 'x-csrftoken': header } });
    }
    await expectRefused('csrf_mismatch', { headers: { 'x-csrftoken': [browser.csrf, browser.csrf] } });
    await expectRefused('csrf_mismatch', { cookies: withCsrfCookie(other.csrf) });
  });

  it('is refused where a stranger made the pair, or it is of another session', async () => {
    const longAsOurs = randomBytes(64).toString('base64url').slice(0, browser.csrf.length);
    const changed = browser.csrf.slice(0, 5) + (browser.csrf[5] === 'A' ? 'B' : 'A') + browser.csrf.slice(6);
    for (const made of [
      'x',
      longAsOurs,
      changed,
      browser.csrf.slice(0, -1),
      `${browser.csrf}A`,
      '.'.repeat(65),
      other.csrf,
    ]) {
      for (const route of EVERYWHERE) {
        await expectRefusal(
          test,
          () => browser.send(route, { headers: { 'x-csrftoken': made }, cookies: withCsrfCookie(made) }),
          {
            status: 403,
            code: 'csrf_mismatch',
            events: ['jwto.csrf_failed'],
          },
        );
      }
    }
  });

  it('is found among several csrftoken cookies, and a planted one is none', async () => {
    const planted = other.csrf;
    for (const cookies of [
      (own: Readonly<Record<string, string>>) => `csrftoken=${planted}; ${joined(own)}`,
      (own: Readonly<Record<string, string>>) => `${joined(own)}; csrftoken=${planted}; csrftoken=; csrftoken=garbage`,
    ]) {
      for (const route of REPEATABLE) expect((await browser.send(route, { cookies })).status).toBe(200);
      const refusal = { status: 403, code: 'csrf_mismatch', events: ['jwto.csrf_failed'] } as const;
      await expectRefusal(test, () => browser.send(PROTECT, { cookies, headers: { 'x-csrftoken': planted } }), refusal);
    }
  });

  it('of an older session is worth nothing after a new login', async () => {
    const again = await Browser.signIn(test);
    expect(again.csrf).not.toBe(browser.csrf);
    const cookies = (): string => joined(again.cookies, { csrftoken: browser.csrf });
    await expectRefusal(test, () => browser.send(PROTECT, { cookies }), {
      status: 403,
      code: 'csrf_mismatch',
      events: ['jwto.csrf_failed'],
    });
  });

  it('is not needed for GET, HEAD and OPTIONS, wherever they come from', async () => {
    const foreign = {
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'x-csrftoken': null },
      cookies: withCsrfCookie(null),
    };
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      expect([method, (await browser.send(`${method} /any`, foreign)).status]).toEqual([method, 200]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('is needed for %s on the routes of the application', async (method) => {
    expect((await browser.send(`${method} /any`)).text).toBe('done');
    await expectRefused('csrf_missing', { headers: { 'x-csrftoken': null } }, [`${method} /any`]);
    await expectRefused('csrf_missing', { headers: { 'x-csrftoken': null, 'x-http-method-override': 'GET' } }, [
      `${method} /any`,
    ]);
  });

  it('is not switched off by an Authorization header, which is not looked at here', async () => {
    for (const authorization of [
      'Bearer garbage',
      'Bearer',
      'Basic x',
      `Bearer ${browser.cookies[accessCookie] ?? ''}`,
    ]) {
      await expectRefused('csrf_missing', { headers: { authorization, 'x-csrftoken': null } });
      expect((await browser.send(PROTECT, { headers: { authorization } })).status).toBe(200);
    }
  });

  it('is asked of a logout by DELETE only where nothing says what page it comes from', async () => {
    const cookies = (own: Readonly<Record<string, string>>): string =>
      joined(own, { jwt_refresh: null, csrftoken: null });
    const route = `DELETE ${REFRESH}/logout/`;
    const nothing = { origin: null, 'sec-fetch-site': null, 'x-csrftoken': null };
    for (const [headers, code] of [
      [nothing, 'csrf_origin'],
      [{ ...nothing, referer: `${OWN_ORIGIN}/page` }, 'csrf_missing'],
      [{ ...nothing, origin: 'https://evil.example' }, 'csrf_origin'],
      [{ ...nothing, origin: 'null' }, 'csrf_origin'],
      [{ ...nothing, 'sec-fetch-site': 'cross-site' }, 'csrf_origin'],
      [{ ...nothing, 'sec-fetch-site': 'same-site' }, 'csrf_origin'],
    ] as const) {
      await expectRefusal(test, () => browser.send(route, { cookies, headers }), {
        status: 403,
        code,
        events: ['jwto.csrf_failed'],
      });
    }
    const before = await storedRows(test);
    // A browser that lost its CSRF cookie gets out.
    const answer = await browser.send(route, { cookies, headers: { 'x-csrftoken': null } });
    expect(answer.json).toEqual({ msg: 'Tokens successfully deleted.' });
    expect(await storedRows(test)).not.toEqual(before);
    expect(test.takeEvents()).toEqual(['jwto.blacklisted']);
  });
});
