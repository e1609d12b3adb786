import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { CookieStore, PageModel } from '../support/page-model.js';
import { storedRows } from '../support/refusals.js';
import { rightCors, rightOptions, startTwoHosts, type TwoHosts, type TwoHostsOptions } from '../support/two-hosts.js';

const REFRESH = '/api/token/refresh';
const CHANGES = [
  ['POST', '/testapp/protect'],
  ['POST', '/validate_access/'],
  ['POST', `${REFRESH}/refresh_access/`],
  ['DELETE', `${REFRESH}/logout/`],
] as const;

describe.each(ADAPTERS)('a front end and an API on two hosts of one site, on %s', (name, adapter) => {
  let hosts: TwoHosts;
  afterEach(() => hosts.close());

  async function start(options: Omit<TwoHostsOptions, 'adapter'> = {}): Promise<PageModel> {
    hosts = await startTwoHosts({ adapter, ...options });
    return pageOf(hosts.front);
  }
  const pageOf = (origin: string, cookies = new CookieStore()): PageModel =>
    new PageModel(origin, hosts.api, hosts.ca, cookies);
  const withHints = (more: object) => (front: string) => ({ ...rightOptions(front), hints: true, ...more });
  /** Nothing was changed and no success told of what is sent meanwhile. */
  async function unchanged<T>(send: () => Promise<T>, events: readonly string[]): Promise<T> {
    hosts.test.takeEvents();
    const before = await storedRows(hosts.test);
    const outcome = await send();
    expect(await storedRows(hosts.test)).toEqual(before);
    expect(hosts.test.takeEvents()).toEqual(events);
    return outcome;
  }

  it('works with domain, trustedOrigins and CORS, from login to logout', async () => {
    const page = await start();
    expect(await page.login()).toEqual({ sent: true, status: 200 });
    expect(page.cookie('csrftoken')).toMatch(/^[\w-]+$/);
    expect(page.cookie('jwt_access_payload')).toBeDefined();
    expect(page.cookie('jwt_access_token')).toBeUndefined();
    expect(page.cookie('jwt_refresh')).toBeUndefined();
    expect(await page.fetch('GET', '/testapp/protect')).toMatchObject({ status: 200 });
    for (const [method, path] of CHANGES) expect(await page.fetch(method, path)).toEqual({ sent: true, status: 200 });
    expect(page.cookie('csrftoken')).toBeUndefined();
    expect(await page.fetch('GET', '/testapp/protect')).toMatchObject({ status: 401, code: 'token_missing' });
  });

  it('without trustedOrigins even the login is refused, and the hint names the front end', async () => {
    const page = await start({ options: withHints({ trustedOrigins: undefined }) });
    const events = ['jwto.csrf_failed', 'jwto.login_failed'];
    const { status, code, hint } = await unchanged(() => page.login(), events);
    expect([status, code]).toEqual([403, 'csrf_origin']);
    expect(hint).toContain(`"${hosts.front}" was compared with trustedOrigins, which is empty`);
  });

  it('without the right trustedOrigins a signed-in browser cannot change anything', async () => {
    const page = await start({ options: withHints({ trustedOrigins: ['https://www.example.test'] }) });
    const cookies = await signedInElsewhere();
    for (const [method, path] of CHANGES) {
      const outcome = await unchanged(() => pageOf(page.origin, cookies).fetch(method, path), ['jwto.csrf_failed']);
      expect(outcome).toMatchObject({
        status: 403,
        code: 'csrf_origin',
        hint: expect.stringContaining('the 1 of trustedOrigins'),
      });
    }
  });

  it('without domain the page cannot read csrftoken', async () => {
    const page = await start({ options: withHints({ domain: undefined }) });
    expect(await page.login()).toMatchObject({ status: 200 });
    expect(page.cookie('csrftoken')).toBeUndefined();
    expect(await page.fetch('GET', '/testapp/protect')).toMatchObject({ status: 200 });
    for (const [method, path] of CHANGES.filter(([method]) => method !== 'DELETE')) {
      const outcome = await unchanged(() => page.fetch(method, path), ['jwto.csrf_failed']);
      expect(outcome).toMatchObject({
        status: 403,
        code: 'csrf_missing',
        hint: expect.stringMatching(/pages of this very host.*"front\.example\.test".*set domain/),
      });
    }
  });

  it('without CORS the browser sends nothing that needs a preflight', async () => {
    const page = await start({ cors: () => false });
    const blocked = 'the preflight has no Access-Control-Allow-Origin';
    expect(await unchanged(() => page.login(), [])).toEqual({ sent: false, blocked });
    // What needs none is sent, and the page sees no answer.
    const answer = 'the answer has no Access-Control-Allow-Origin';
    expect(await page.fetch('GET', '/testapp/protect')).toEqual({ sent: true, blocked: answer });
  });

  it.each([
    [
      'another origin',
      () => ({ credentials: true as const, origin: ['https://www.example.test'] }),
      /no Access-Control-Allow-Origin|allows the origin https:\/\/www/,
    ],
    ['any origin by *', () => ({ credentials: true as const, origin: '*' }), /allows the origin \*/],
    ['no credentials', (front: string) => ({ origin: [front] }), /allows no credentials/],
    [
      'no Content-Type',
      (front: string) => ({ ...rightCors(front), allowedHeaders: ['X-CSRFToken'] }),
      /not allow the header content-type/,
    ],
  ])('with CORS that allows %s the browser does not send the login', async (_what, cors, blocked) => {
    const page = await start({ cors });
    const outcome = await unchanged(() => page.login(), []);
    expect(outcome).toEqual({ sent: false, blocked: expect.stringMatching(blocked) });
  });

  it('with CORS that does not allow X-CSRFToken it logs in, and no further', async () => {
    const page = await start({ cors: (front) => ({ ...rightCors(front), allowedHeaders: ['Content-Type'] }) });
    expect(await page.login()).toMatchObject({ status: 200 });
    const blocked = 'the preflight does not allow the header x-csrftoken';
    for (const [method, path] of CHANGES) {
      expect(await unchanged(() => page.fetch(method, path), [])).toEqual({ sent: false, blocked });
    }
  });

  it('without methods, what CORS allows is the framework’s: Fastify’s default has no DELETE', async () => {
    const page = await start({ cors: (front) => ({ origin: [front], credentials: true }) });
    await page.login();
    const outcome = await page.fetch('DELETE', `${REFRESH}/logout/`);
    const blocked = { sent: false, blocked: 'the preflight does not allow the method DELETE' };
    expect(outcome).toEqual(name === 'Fastify' ? blocked : { sent: true, status: 200 });
  });

  it('where CORS reflects every origin, a sibling host and another site read nothing more than refusals', async () => {
    const cookies = new CookieStore();
    hosts = await startTwoHosts({
      adapter,
      cors: () => ({ origin: true, credentials: true, methods: ['GET', 'POST', 'DELETE'] }),
    });
    expect(await pageOf(hosts.front, cookies).login()).toMatchObject({ status: 200 });
    for (const [method, path] of CHANGES) {
      const sibling = await unchanged(() => pageOf(hosts.sibling, cookies).fetch(method, path), ['jwto.csrf_failed']);
      expect(sibling).toMatchObject({ status: 403, code: 'csrf_origin' });
    }
    // This is why one does not reflect: a GET is readable for the sibling, with the cookies of the site.
    expect(await pageOf(hosts.sibling, cookies).fetch('GET', '/testapp/protect')).toMatchObject({ status: 200 });
    // Another site gets no cookies along, as they are Lax.
    expect(await pageOf(hosts.foreign, cookies).fetch('GET', '/testapp/protect')).toMatchObject({ status: 401 });
    expect(await pageOf(hosts.foreign, cookies).login()).toMatchObject({ status: 403, code: 'csrf_origin' });
  });

  it('a front end of another site needs sameSite None, and cannot read csrftoken even then', async () => {
    const foreignOptions = (sameSite: 'Lax' | 'None') => (front: string) => ({
      ...rightOptions(front),
      trustedOrigins: [front, front.replace('front.example', 'other')],
      sameSite,
    });
    const cors = (front: string) => ({ ...rightCors(front), origin: [front.replace('front.example', 'other')] });
    await start({ options: foreignOptions('Lax'), cors });
    const lax = pageOf(hosts.foreign);
    expect(await lax.login()).toMatchObject({ status: 200 });
    expect(await lax.fetch('GET', '/testapp/protect')).toMatchObject({ status: 401, code: 'token_missing' });
    await hosts.close();
    await start({ options: foreignOptions('None'), cors });
    const none = pageOf(hosts.foreign);
    expect(await none.login()).toMatchObject({ status: 200 });
    expect(await none.fetch('GET', '/testapp/protect')).toMatchObject({ status: 200 });
    expect(await none.fetch('POST', '/testapp/protect')).toMatchObject({ status: 403, code: 'csrf_missing' });
  });

  /** The cookies of a browser that signed in on a page of the API itself. */
  async function signedInElsewhere(): Promise<CookieStore> {
    const cookies = new CookieStore();
    const answer = await hosts.test.client().login();
    cookies.store(answer, new URL(hosts.api), false);
    return cookies;
  }
});
