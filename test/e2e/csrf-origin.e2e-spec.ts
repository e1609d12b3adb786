import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, HOST, OWN_ORIGIN, type Difference } from '../support/browser.js';
import { expectRefusal, storedRows } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const TRUSTED = ['https://trusted.example', 'http://plain.example:8080', 'https://*.wild.example'];
/** Where nothing changes, so that a success can be repeated. */
const REPEATABLE = ['POST /testapp/protect', 'POST /validate_access/', `POST ${REFRESH}/validate_refresh/`] as const;
const EVERYWHERE = [
  ...REPEATABLE,
  `POST ${REFRESH}/refresh_access/`,
  `POST ${REFRESH}/update_refresh/`,
  `POST ${REFRESH}/logout/`,
  `DELETE ${REFRESH}/logout/`,
] as const;
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  (['ONE-COOKIE', 'TWO-COOKIES'] as const).map((mode) => [mode, name, adapter] as const),
);

type Headers = NonNullable<Difference['headers']>;

const FOREIGN = [
  'https://evil.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com.evil.example',
  'https://evil-app.example.com',
  'https://example.com',
  'https://sub.app.example.com',
  'https://app.example.com@evil.example',
  'https://evil.example?app.example.com',
  'http://trusted.example',
  'https://trusted.example:444',
  'https://trusted.example.evil.example',
  'https://plain.example:8080',
  'http://plain.example',
  'https://wild.example',
  'https://evilwild.example',
  'http://a.wild.example',
  'https://a.wild.example:444',
  'https://a.wild.example.evil.example',
  'https://evil.example/.wild.example',
  'https://evil.example#.wild.example',
  'https://evil.example\\.wild.example',
  'https://evil.example:80@a.wild.example',
  'https://.wild.example',
  'https://*.wild.example',
];
const UNPARSABLE = [
  'null',
  '',
  ' ',
  'garbage',
  'https://',
  '//app.example.com',
  'app.example.com',
  'file:///etc/passwd',
  'data:text/html,x',
  'about:blank',
  'chrome-extension://abc',
];

describe.each(APPS)('where a request comes from, in the mode %s on %s', (mode, _name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode, trustedOrigins: TRUSTED } });
  });
  beforeEach(async () => {
    test.clock.advance(1);
    browser = await Browser.signIn(test);
  });
  afterAll(() => test.close());

  async function expectAccepted(headers: Headers): Promise<void> {
    for (const route of REPEATABLE)
      expect([route, (await browser.send(route, { headers })).status]).toEqual([route, 200]);
  }
  async function expectRefused(headers: Headers): Promise<void> {
    for (const route of EVERYWHERE) {
      await expectRefusal(test, () => browser.send(route, { headers }), {
        status: 403,
        code: 'csrf_origin',
        events: ['jwto.csrf_failed'],
      });
      expect(test.events.at(-1)?.event.reason).toBe('csrf_origin');
    }
  }

  it('a page of ours is accepted', () => expectAccepted({}));

  it.each(['same-origin', 'none', '', 'unknown', 'cross-site-ish', 'same-site, none'])(
    'Sec-Fetch-Site %j is accepted',
    (site) => expectAccepted({ 'sec-fetch-site': site }),
  );

  it.each(['cross-site', 'same-site'])('Sec-Fetch-Site %s is refused, unless the Origin is trusted', async (site) => {
    await expectRefused({ 'sec-fetch-site': site });
    await expectRefused({ 'sec-fetch-site': site, origin: 'https://evil.example' });
    await expectRefused({ 'sec-fetch-site': site, origin: null });
    await expectRefused({ 'sec-fetch-site': site, origin: null, referer: `${OWN_ORIGIN}/page` });
    await expectAccepted({ 'sec-fetch-site': site, origin: 'https://trusted.example' });
    await expectAccepted({ 'sec-fetch-site': site, origin: 'https://a.wild.example' });
  });

  it.each([
    'https://trusted.example',
    'http://plain.example:8080',
    'https://a.wild.example',
    'https://a.b.wild.example',
  ])('the trusted Origin %s is accepted', (origin) => expectAccepted({ origin }));

  it.each(FOREIGN)('the Origin %s is refused', (origin) => expectRefused({ origin }));
  it.each(UNPARSABLE)('the Origin %j is refused, whatever the Referer', (origin) =>
    expectRefused({ origin, referer: `${OWN_ORIGIN}/` }),
  );

  it('of two Origins, an own one does not help a foreign one', async () => {
    await expectRefused({ origin: [OWN_ORIGIN, 'https://evil.example'] });
    await expectRefused({ origin: ['https://evil.example', OWN_ORIGIN] });
    await expectRefused({ origin: `${OWN_ORIGIN} https://evil.example` });
  });

  it('the Origin decides, where there is one', async () => {
    await expectRefused({ origin: 'https://evil.example', referer: `${OWN_ORIGIN}/page` });
    await expectAccepted({ origin: OWN_ORIGIN, referer: 'https://evil.example/page' });
  });

  it.each([
    `${OWN_ORIGIN}/`,
    `${OWN_ORIGIN}/a/page?next=https://evil.example#x`,
    OWN_ORIGIN,
    'https://trusted.example/page',
    'https://a.wild.example/page',
  ])('without an Origin the Referer %s is accepted', (referer) => expectAccepted({ origin: null, referer }));
  it.each([
    ...FOREIGN.filter((origin) => !origin.includes('@a.wild')).map((origin) => `${origin}/page`),
    'https://evil.example/https://app.example.com/',
    ...UNPARSABLE,
  ])('without an Origin the Referer %j is refused', (referer) => expectRefused({ origin: null, referer }));

  it('neither is refused, and says what to send', async () => {
    await expectRefused({ origin: null });
    const { json } = await browser.send('POST /testapp/protect', { headers: { origin: null } });
    expect(json.error).toMatch(/Origin/);
    const foreign = await browser.send('POST /testapp/protect', { headers: { origin: 'https://evil.example' } });
    expect(foreign.json.error).toMatch(/trustedOrigins/);
  });

  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST:3000',
    'a.localhost:3000',
    '127.0.0.1',
    '127.0.0.1:8080',
    '127.1.2.3',
    '[::1]',
    '[::1]:8080',
  ])('neither is accepted over plain http on the loopback host %s', async (host) => {
    await expectAccepted({ host, origin: null });
    await expectAccepted({ host, origin: `http://${host.toLowerCase()}` });
    await expectAccepted({ host, origin: `https://${host.toLowerCase()}` });
    await expectRefused({ host, origin: 'http://evil.example' });
    await expectRefused({ host, origin: 'null' });
  });

  it.each([
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-localhost',
    'localhostx',
    '10.0.0.1',
    '192.168.0.1',
    '0.0.0.0',
    '[::2]',
    '128.0.0.1',
    '127.evil.example',
    'app.example.com',
  ])('the host %s is not loopback', async (host) => {
    await expectRefused({ host, origin: null });
    await expectRefused({ host, origin: `http://${host}` });
    await expectAccepted({ host, origin: `https://${host}` });
  });

  it('another port or name of loopback is foreign', async () => {
    await expectRefused({ host: 'localhost:3000', origin: 'http://localhost:4000' });
    await expectRefused({ host: 'localhost:3000', origin: 'http://localhost' });
    await expectRefused({ host: 'localhost:3000', origin: 'http://127.0.0.1:3000' });
  });

  it('the Host is compared as an origin: case, and the default port', async () => {
    await expectAccepted({ host: HOST.toUpperCase() });
    await expectAccepted({ host: `${HOST}:443` });
    await expectAccepted({ host: `${HOST}:8443`, origin: `${OWN_ORIGIN}:8443` });
    await expectRefused({ host: `${HOST}:8443` });
    await expectRefused({ host: `${HOST}:80` });
    await expectRefused({ host: 'other.example.com' });
    await expectRefused({ host: '' });
    await expectRefused({ host: 'bad host/..' });
  });

  it('what a proxy is said to have seen is never read', async () => {
    const forwarded = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      forwarded: 'host=evil.example;proto=https',
      'x-original-host': 'evil.example',
    };
    await expectRefused({ ...forwarded, origin: 'https://evil.example' });
    await expectRefused({
      ...forwarded,
      origin: null,
      'x-forwarded-host': 'localhost',
      'x-forwarded-for': '127.0.0.1',
    });
    await expectRefused({ 'x-forwarded-proto': 'http', origin: `http://${HOST}` });
    await expectAccepted(forwarded);
  });

  it('DELETE without a session to end needs nothing of it', async () => {
    const before = await storedRows(test);
    for (const cookies of [() => 'a=b', () => 'jwt_refresh=garbage; jwt_access=garbage']) {
      const answer = await browser.send(`DELETE ${REFRESH}/logout/`, {
        headers: { origin: 'https://evil.example', 'x-csrftoken': null },
        cookies,
      });
      expect(answer.json).toEqual({ msg: 'Tokens successfully deleted.' });
    }
    expect(await storedRows(test)).toEqual(before);
  });
});
