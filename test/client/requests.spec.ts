import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientMode } from 'jwto/client';
import { startApp, type TestApp } from '../support/test-app.js';
import { FakeBrowser, pass, wait, type TestClient } from './fake-browser.js';

const REFRESH = '/api/token/refresh/refresh_access/';
const ALICE = { username: 'alice', password: 'pass' };
const PATH = '/testapp/protect';

let app: TestApp;
let browser: FakeBrowser;
let client: TestClient;
const start = async (mode: ClientMode): Promise<void> => {
  app = await startApp({ options: { mode } });
  browser = new FakeBrowser(app, { mode });
  ({ client } = browser.tab());
  await client.login(ALICE);
  browser.take();
};
afterEach(async () => {
  browser.close();
  vi.restoreAllMocks();
  await app.close();
});
/** Answers requests to a path; the others go on. */
const answer = (path: string, response: () => Response | Promise<Response>): void => {
  browser.network = (sent, go) => (sent.path === path ? Promise.resolve(response()) : go());
};
const refuse = (status: number, code?: string | number, headers = {}) =>
  Response.json({ statusCode: status, error: 'because', code }, { status, headers });

describe.each(['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const)('a request in the mode %s', (mode) => {
  beforeEach(() => start(mode));

  it('is any that fetch takes, with the credential added', async () => {
    const url = new URL(PATH, app.url);
    for (const [input, init] of [
      ['testapp/protect', { method: 'POST' }],
      [PATH, { method: 'post' }],
      [url.href, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }],
      [url, { method: 'POST', headers: [['x-own', '1']] }],
      [new Request(url, { method: 'POST', body: 'a=b' }), undefined],
    ] as [string | URL | Request, RequestInit | undefined][]) {
      const response = await client.fetch(input, init);
      expect([response.status, await response.text()]).toEqual([200, 'worked!']);
    }
    expect(browser.sent).toHaveLength(5);
    for (const { headers, credentials } of browser.sent) {
      expect(headers.has('authorization')).toBe(mode === 'JSON');
      expect(headers.has('x-csrftoken')).toBe(mode !== 'JSON');
      expect(credentials).toBe(mode === 'JSON' ? undefined : 'include');
    }
    expect(browser.sent[3]?.headers.get('x-own')).toBe('1');
    await client.fetch(PATH);
    expect(browser.sent[5]?.headers.has('x-csrftoken')).toBe(false);
  });

  it('to another origin is sent as it is', async () => {
    const seen: [string, RequestInit | undefined][] = [];
    const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      seen.push([input instanceof Request ? input.url : String(input), init]);
      return Promise.resolve(refuse(401, 'token_expired'));
    };
    const other = browser.tab({ fetch, origins: ['https://files.example.com/any'] }).client;
    const init = { method: 'POST', headers: { 'x-own': '1' } };
    expect((await other.fetch('https://evil.example/', init)).status).toBe(401);
    expect((await other.fetch('http://127.0.0.1.evil.example/', init)).status).toBe(401);
    expect((await other.fetch(new Request('https://evil.example/', init))).status).toBe(401);
    expect(seen).toEqual([
      ['https://evil.example/', init],
      ['http://127.0.0.1.evil.example/', init],
      ['https://evil.example/', {}],
    ]);
    if (mode === 'JSON') return;
    await other.fetch('https://files.example.com/', init);
    expect(seen[3]?.[1]?.credentials).toBe('include');
    expect(new Headers(seen[3]?.[1]?.headers).has('x-csrftoken')).toBe(true);
  });

  it('keeps the headers that the caller set, and then nothing is repeated for them', async () => {
    const headers = { authorization: 'Bearer own', 'X-CSRFTOKEN': 'own' };
    const { status } = await client.fetch(PATH, { method: 'POST', headers, credentials: 'include' });
    expect(status).toBe(mode === 'JSON' ? 401 : 403);
    expect(browser.sent).toHaveLength(1);
    expect(Object.fromEntries(browser.sent[0]?.headers ?? [])).toMatchObject({
      authorization: 'Bearer own',
      'x-csrftoken': 'own',
    });
  });

  it('is repeated once with the same body after a 401', async () => {
    pass(app, 301);
    if (mode !== 'ONE-COOKIE') vi.mocked(Date.now).mockRestore();
    for (const input of [PATH, new Request(app.url + PATH, { method: 'POST', body: 'text' })]) {
      browser.take();
      const bodies: string[] = [];
      browser.network = async ({ path }, go) => {
        const response = await go();
        return path === PATH && bodies.push(path) === 1 ? refuse(401, 'token_expired') : response;
      };
      pass(app, 11);
      vi.mocked(Date.now).mockRestore();
      const response = await client.fetch(input, input === PATH ? { method: 'POST', body: 'text' } : undefined);
      expect(response.status).toBe(200);
      expect(bodies).toHaveLength(2);
    }
  });

  it('is repeated no more than once', async () => {
    answer(PATH, () => refuse(401, 'token_expired'));
    expect((await client.fetch(PATH)).status).toBe(401);
    expect(browser.take()).toEqual([`GET ${PATH}`, `POST ${REFRESH}`, `GET ${PATH}`]);
    expect(await client.session()).not.toBeNull();
  });

  it('whose body is a stream is refreshed for before it is sent, and not repeated', async () => {
    const stream = (): RequestInit =>
      ({ method: 'POST', body: new Blob(['text']).stream(), duplex: 'half' }) as RequestInit;
    pass(app, 271);
    await client.fetch(PATH, stream());
    expect(browser.take()).toEqual(mode === 'ONE-COOKIE' ? [`POST ${PATH}`] : [`POST ${REFRESH}`, `POST ${PATH}`]);
    answer(PATH, () => refuse(401, 'token_expired'));
    expect((await client.fetch(PATH, stream())).status).toBe(401);
    expect(browser.take()).toEqual([`POST ${PATH}`, `POST ${REFRESH}`]);
    async function* parts() {
      yield await Promise.resolve('text');
    }
    expect((await client.fetch(PATH, { method: 'POST', body: parts() as never })).status).toBe(401);
    expect(browser.take(PATH)).toEqual([`POST ${PATH}`]);
  });

  it.each([
    [403, 'permission_denied'],
    [401, 'credentials_invalid'],
    [401, 'token_unheard_of'],
    [401, 'token_wrong_type'],
    [401, undefined],
    [403, 'csrf_origin'],
    [403, 10023],
    [401, 10023],
    [503, 'store_unavailable'],
  ])('that is answered with %i %s is the caller’s matter', async (status, code) => {
    answer(PATH, () => refuse(status, code));
    const response = await client.fetch(PATH, { method: 'POST' });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: 'because' });
    expect(browser.sent).toHaveLength(1);
  });

  it('that is aborted rejects at once, and the refresh that others wait for goes on', async () => {
    pass(app, 301);
    let go: (() => void) | undefined;
    browser.network = async ({ path }, send) => {
      if (path === REFRESH) await new Promise<void>((resolve) => (go = resolve));
      return send();
    };
    const controller = new AbortController();
    const aborted = client.fetch(PATH, { signal: controller.signal });
    const inRequest = client.fetch(new Request(app.url + PATH, { signal: controller.signal }));
    const other = client.fetch(PATH);
    await vi.waitFor(() => {
      expect(go).toBeDefined();
    });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(inRequest).rejects.toThrow();
    go?.();
    expect((await other).status).toBe(200);
    expect(browser.take(REFRESH)).toHaveLength(1);
    await expect(client.fetch(PATH, { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('is one of many that share a refresh', async () => {
    pass(app, 301);
    const all = await Promise.all(Array.from({ length: 20 }, () => client.fetch(PATH)));
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    expect(browser.take(REFRESH)).toHaveLength(1);
  });

  it.each(['token_missing', 'token_expired', 'token_revoked', 'token_reused', 'token_invalid', 'user_inactive'])(
    'is signed out by %s at the refresh',
    async (code) => {
      const seen: unknown[] = [];
      client.onChange((session, change) => seen.push([session, change]));
      pass(app, 301);
      answer(REFRESH, () => refuse(401, code));
      expect((await client.fetch(PATH)).status).toBe(401);
      expect(seen).toEqual([[null, { reason: 'ended', code, remote: false }]]);
      expect(await client.session()).toBeNull();
      expect(browser.take(REFRESH)).toHaveLength(1);
    },
  );

  it.each([
    [503, 'store_unavailable', 'unavailable', 2],
    [500, undefined, 'unavailable', 2],
    [502, undefined, 'unavailable', 2],
    [429, 'login_throttled', 'login_throttled', 1],
    [429, undefined, 'unavailable', 1],
    [403, 'csrf_origin', 'csrf_origin', 1],
    [401, undefined, 'refused', 1],
    [403, 10023, 'refused', 1],
    [404, undefined, 'refused', 1],
    [400, 'request_invalid', 'request_invalid', 1],
  ])('is not signed out by %i %s at the refresh', async (status, code, thrown, times) => {
    const seen: unknown[] = [];
    client.onChange((session) => seen.push(session));
    pass(app, 301);
    answer(REFRESH, () => refuse(status, code, { 'retry-after': '0.01' }));
    await expect(client.fetch(PATH)).rejects.toMatchObject({ name: 'JwtoClientError', code: thrown, status });
    expect(browser.take(REFRESH)).toHaveLength(times);
    expect(seen).toEqual([]);
    browser.network = (_sent, go) => go();
    expect((await client.fetch(PATH)).status).toBe(200);
  });

  it('is not signed out by a network that fails, and who it was is known', async () => {
    const session = await client.session();
    answer(REFRESH, () => Promise.reject(new TypeError('offline')));
    pass(app, 301);
    if (mode === 'JSON') expect(await client.session()).toEqual(session);
    else if (mode === 'TWO-COOKIES') await expect(client.session()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(client.fetch(PATH)).rejects.toMatchObject({ code: 'unavailable', cause: expect.any(TypeError) });
    browser.network = (_sent, go) => go();
    expect((await client.fetch(PATH)).status).toBe(200);
  });

  it('goes on after a reply that was lost, within the grace', async () => {
    pass(app, 301);
    let lost = 0;
    browser.network = async ({ path }, go) => {
      const response = await go();
      if (path !== REFRESH || lost++ > 0) return response;
      // Cut off in the middle of the body.
      return new Response(
        new ReadableStream({
          start: (body) => {
            body.error(new TypeError('terminated'));
          },
        }),
      );
    };
    expect((await client.fetch(PATH)).status).toBe(200);
    expect(browser.take(REFRESH)).toHaveLength(2);
  });

  it('takes a page of something in between for no answer', async () => {
    pass(app, 301);
    const page = () => new Response('<html>Sign in to the hotel</html>', { headers: { 'retry-after': '0.01' } });
    answer(REFRESH, page);
    await expect(client.fetch(PATH)).rejects.toMatchObject({ code: 'unavailable', status: 200 });
    answer('/api/token/refresh/logout/', page);
    await expect(client.logout()).rejects.toMatchObject({ code: 'unavailable' });
    answer('/login/', page);
    await expect(client.login(ALICE)).rejects.toMatchObject({ code: 'unavailable' });
    browser.network = (_sent, go) => go();
    expect((await client.fetch(PATH)).status).toBe(200);
  });

  it('gives up a refresh that takes too long, and asks again', async () => {
    browser.close();
    ({ client } = browser.tab({ refreshTimeout: 1500 }));
    await client.login(ALICE);
    browser.take();
    pass(app, 301);
    let times = 0;
    browser.network = async ({ path }, go) => {
      if (path === REFRESH && times++ === 0) await wait(1600);
      return go();
    };
    expect((await client.fetch(PATH)).status).toBe(200);
    expect(browser.take(REFRESH)).toHaveLength(2);
  });

  it('is sent with the old token while a refresh ahead of time fails', async () => {
    pass(app, 280);
    answer(REFRESH, () => refuse(503, 'store_unavailable'));
    expect((await client.fetch(PATH)).status).toBe(200);
  });

  it('stays signed in when the logout does not reach the server', async () => {
    for (const response of [() => refuse(503, 'store_unavailable'), () => Promise.reject(new TypeError('offline'))]) {
      answer('/api/token/refresh/logout/', response);
      await expect(client.logout()).rejects.toMatchObject({ code: 'unavailable' });
      expect(await client.session()).not.toBeNull();
    }
    answer('/api/token/refresh/logout/', () => refuse(403, 'csrf_origin'));
    await expect(client.logout()).rejects.toMatchObject({ code: 'csrf_origin', status: 403 });
    expect(await client.session()).not.toBeNull();
    browser.network = (_sent, go) => go();
    await client.logout();
    expect(await client.session()).toBeNull();
    await client.logout();
  });

  it('is signed out by a logout at the same time as a refresh', async () => {
    pass(app, 301);
    const [answered] = await Promise.all([client.fetch(PATH).catch(() => undefined), client.logout()]);
    expect([200, 401]).toContain(answered?.status);
    expect(await client.session()).toBeNull();
    expect(browser.names()).toEqual([]);
    expect((await client.fetch(PATH)).status).toBe(401);
  });

  it('of a login that is aborted signs nobody in', async () => {
    await client.logout();
    await expect(client.login(ALICE, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    await wait(20);
    expect(await client.session()).toBeNull();
  });

  it('is not repeated for whoever signed in meanwhile', async () => {
    answer(PATH, async () => {
      await client.logout();
      await client.login({ username: 'bob', password: 'pass' });
      return refuse(401, 'token_revoked');
    });
    expect((await client.fetch(PATH, { method: 'POST' })).status).toBe(401);
    expect(browser.take(PATH)).toHaveLength(1);
  });

  it('goes on after dispose, as a logout does', async () => {
    pass(app, 301);
    const working = client.fetch(PATH);
    client.dispose();
    expect((await working).status).toBe(200);
    await client.logout();
    expect(await client.session()).toBeNull();
    expect(await browser.tab().client.session()).toBeNull();
  });

  it('hears of nothing after dispose', async () => {
    const seen: unknown[] = [];
    client.onChange((session) => seen.push(session));
    client.dispose();
    const other = browser.tab().client;
    await other.login(ALICE);
    await other.logout();
    await wait(20);
    expect(seen).toEqual([]);
    expect(browser.listening).toBe(1);
  });
});

describe.each(['ONE-COOKIE', 'TWO-COOKIES'] as const)('the CSRF token in the mode %s', (mode) => {
  beforeEach(() => start(mode));
  const post = () => client.fetch(PATH, { method: 'POST', body: 'text' });
  const set = (value: string | undefined): void => {
    const cookie = browser.cookies.get('csrftoken');
    if (value === undefined) browser.cookies.delete('csrftoken');
    else if (cookie) browser.cookies.set('csrftoken', { ...cookie, value });
  };

  it.each([
    ['lost', undefined],
    ['spoilt', 'wrong'],
  ])('that is %s is fetched anew, and the request repeated once', async (_what, value) => {
    set(value);
    expect((await post()).status).toBe(200);
    expect(browser.take()).toEqual([`POST ${PATH}`, 'GET /csrf/', `POST ${PATH}`]);
  });

  it('is fetched once for many', async () => {
    set(undefined);
    const all = await Promise.all(Array.from({ length: 5 }, post));
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    expect(browser.take('/csrf/')).toHaveLength(1);
  });

  it('is fetched for a logout and a refresh too', async () => {
    set('wrong');
    answer(PATH, () => refuse(401, 'token_expired'));
    await client.fetch(PATH);
    expect(browser.take('/csrf/')).toHaveLength(1);
    set('wrong too');
    await client.logout();
    expect(browser.names()).toEqual([]);
  });

  it('that was planted beside the right one is passed over', async () => {
    const { client: other } = browser.tab({ cookies: () => `csrftoken=planted; ${browser.readable()}` });
    for (const requests of [2, 1]) {
      browser.take();
      expect((await other.fetch(PATH, { method: 'POST' })).status).toBe(200);
      expect(browser.sent).toHaveLength(requests);
    }
  });

  it('that cannot be read is explained', async () => {
    const { client: other } = browser.tab({ cookies: () => browser.readable().replace('csrftoken', 'x') });
    await expect(other.fetch(PATH, { method: 'POST' })).rejects.toMatchObject({
      code: 'csrf_unreadable',
      message: expect.stringMatching(/"csrftoken" unreadable: another name/),
    });
    expect((await other.fetch(PATH)).status).toBe(200);
  });

  it('whose endpoint refuses leaves the answer as it was, and is no logout', async () => {
    set(undefined);
    browser.network = (sent, go) => (sent.path === '/csrf/' ? Promise.resolve(refuse(401, 'token_expired')) : go());
    expect((await post()).status).toBe(403);
    pass(app, 301);
    await expect(client.fetch(PATH)).rejects.toMatchObject({ code: 'csrf_missing', status: 403 });
  });
});

it('needs no CSRF token of a server that has none', async () => {
  app = await startApp({ options: { mode: 'TWO-COOKIES', csrf: false } });
  browser = new FakeBrowser(app, { mode: 'TWO-COOKIES' });
  ({ client } = browser.tab());
  await client.login(ALICE);
  browser.take();
  expect((await client.fetch(PATH, { method: 'POST' })).status).toBe(200);
  await client.logout();
  expect(browser.take()).toEqual([`POST ${PATH}`, 'DELETE /api/token/refresh/logout/']);
});

it.each(['', '{}', '{"status":"ok"}'])('takes "%s" for no answer where tokens are due', async (body) => {
  await start('JSON');
  pass(app, 301);
  browser.network = () => Promise.resolve(new Response(body, { headers: { 'retry-after': '0.01' } }));
  await expect(client.fetch(PATH)).rejects.toMatchObject({ code: 'unavailable', status: 200 });
  await expect(client.login(ALICE)).rejects.toMatchObject({ code: 'unavailable', status: 200 });
  browser.network = (_sent, go) => go();
  expect((await client.fetch(PATH)).status).toBe(200);
});

it('does not look at cookies in the mode JSON, where a page may not be allowed to', async () => {
  app = await startApp();
  const cookies = (): string => {
    throw new DOMException('The document is sandboxed', 'SecurityError');
  };
  browser = new FakeBrowser(app, { mode: 'JSON', cookies });
  ({ client } = browser.tab());
  await client.login(ALICE);
  expect((await client.fetch(PATH, { method: 'POST' })).status).toBe(200);
});

it('knows nobody in Node, and shares nothing there', async () => {
  app = await startApp();
  browser = new FakeBrowser(app, { mode: 'JSON', tabs: undefined, fetch: undefined });
  const channel = vi.fn();
  vi.stubGlobal('BroadcastChannel', channel);
  const [one, two] = browser.tabs(2) as [TestClient, TestClient];
  await one.login(ALICE);
  expect(await two.session()).toBeNull();
  expect((await one.fetch(PATH)).status).toBe(200);
  expect(channel).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});
