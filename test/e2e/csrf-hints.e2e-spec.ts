import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import { CAUSES, withoutCsrf } from '../support/csrf-causes.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const PROTECT = 'POST /testapp/protect';
const EVERYWHERE = [PROTECT, 'POST /validate_access/', 'POST /api/token/refresh/refresh_access/'] as const;
type Own = Readonly<Record<string, string>>;

describe.each(ADAPTERS)('with hints a refusal names its likely cause, on %s', (_name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  let other: Browser;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES', hints: true } });
  });
  beforeEach(async () => {
    test.clock.advance(11);
    browser = await Browser.signIn(test);
    other = await Browser.signIn(test, 'bob');
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => test.close());

  it.each(CAUSES)('%s: %s', async (_what, code, cause, hint, make) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    for (const route of EVERYWHERE) {
      const answer = await expectRefusal(test, () => browser.send(route, make(browser, other)), {
        status: 403,
        code,
        hint,
        events: ['jwto.csrf_failed'],
      });
      for (const secret of [browser.csrf, other.csrf, browser.cookies['jwt_access_token'] ?? '']) {
        expect(answer.text).not.toContain(secret);
      }
      // The first is told in the log, and the same cause no second time within ten seconds.
      expect(warn.mock.calls).toEqual([[`CSRF refused (${cause}): ${String(answer.json['hint'])}`]]);
    }
    test.clock.advance(10);
    await browser.send(PROTECT, make(browser, other));
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('what came from outside is cut short and has no markup in it', async () => {
    const origin = `https://<script>alert(1)</script>.example/\u00e4${'x'.repeat(2000)}`;
    for (const headers of [{ origin }, { origin, 'sec-fetch-site': 'cross-site' }]) {
      const { json } = await browser.send(PROTECT, { headers });
      expect(json['hint']).toMatch(/https:\/\/\?script\?alert\?1\?/);
      expect(json['hint']).not.toMatch(/[<>\u00e4]|x{100}/);
      expect(String(json['hint']).length).toBeLessThan(600);
    }
    const cookies = (own: Own): string => `${withoutCsrf(own)}; <b>${'y'.repeat(500)}csrftoken=1`;
    expect((await browser.send(PROTECT, { cookies })).json['hint']).toMatch(/^A cookie "\?b\?y{77}…" came/);
  });

  it('a login from a foreign page gets one too, a refusal for another reason none', async () => {
    const login = { body: '{"username":"alice","password":"pass"}', headers: { 'content-type': 'application/json' } };
    const headers = { ...login.headers, origin: 'https://evil.example' };
    expect((await browser.send('POST /login/', { ...login, headers })).json['hint']).toContain('https://evil.example');
    const nobody = await browser.send(PROTECT, { cookies: () => 'a=b' });
    expect(Object.keys(nobody.json).sort()).toEqual(['code', 'error', 'statusCode']);
  });
});

describe('hints', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it.each([
    ['development', undefined, true],
    ['development', false, false],
    ['test', undefined, false],
    ['', undefined, false],
    ['production', undefined, false],
    ['production', true, true],
  ])('with NODE_ENV %j and hints %j: %j', async (NODE_ENV, hints, there) => {
    vi.stubEnv('NODE_ENV', NODE_ENV);
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const test = await startApp({ options: { mode: 'ONE-COOKIE', hints } });
    const warned = warn.mock.calls.flat().some((text) => String(text).includes('hints is true'));
    expect(warned).toBe(NODE_ENV === 'production' && there);
    warn.mockClear();
    const answer = await (await Browser.signIn(test)).send(PROTECT, { headers: { 'x-csrftoken': null } });
    expect([answer.status, 'hint' in answer.json, warn.mock.calls.length]).toEqual([403, there, there ? 1 : 0]);
    await test.close();
  });

  it('name the domain whose pages can read the cookie, and reach an errorMapper', async () => {
    const errorMapper = (_error: unknown, body: object) => ({ status: 418, body: { mapped: body } });
    const test = await startApp({ options: { mode: 'ONE-COOKIE', hints: true, domain: 'example.com', errorMapper } });
    const { json, status } = await (await Browser.signIn(test)).send(PROTECT, { headers: { 'x-csrftoken': null } });
    expect(status).toBe(418);
    expect(json['mapped']).toMatchObject({
      hint: expect.stringContaining('pages of example.com and the hosts below it'),
    });
    await test.close();
  });

  it('do not send to an endpoint that is not there', async () => {
    const test = await startApp({ options: { mode: 'ONE-COOKIE', endpoints: { csrf: false } } });
    const browser = await Browser.signIn(test);
    const { json } = await browser.send(PROTECT, { cookies: (own) => joined(own, { csrftoken: null }) });
    expect(json.error).toBe('The cookie "csrftoken" is missing. Sign in again to get one.');
    await test.close();
  });
});
