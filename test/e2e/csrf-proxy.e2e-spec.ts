import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../support/client.js';
import { freePorts, NGINX, startNginx, type Nginx } from '../support/nginx.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const HOST = 'app.example.test';
const REFRESH = '/api/token/refresh';
/** Both believe a proxy, as applications behind one are told to. */
const TRUSTING = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter({ trustProxy: true })],
] as const;
const CSRF_ORIGIN = { status: 403, code: 'csrf_origin', events: ['jwto.csrf_failed'] } as const;

function trustProxy(app: INestApplication): void {
  const instance = app.getHttpAdapter().getInstance() as { set?: (name: string, value: unknown) => void };
  instance.set?.('trust proxy', true);
}

describe.runIf(NGINX !== '').each(TRUSTING)('behind an nginx that ends TLS, on %s', (_name, adapter) => {
  let nginx: Nginx;
  let plain: TestApp;
  let trusting: TestApp;
  let prefixed: TestApp;
  let ports: number[];
  beforeAll(async () => {
    ports = await freePorts(4);
    const [kept = 0, portless = 0, rewritten = 0, trusted = 0] = ports;
    const options = { mode: 'TWO-COOKIES', hints: true } as const;
    const start = (more: object): Promise<TestApp> =>
      startApp({ adapter, options: { ...options, ...more }, setUp: trustProxy });
    plain = await start({});
    trusting = await start({ trustedOrigins: [`https://${HOST}:${String(trusted)}`] });
    prefixed = await start({ publicPathPrefix: 'backend' });
    const forwarded = 'proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Proto https;';
    const keep = 'proxy_set_header Host $http_host;';
    nginx = await startNginx(
      HOST,
      new Map([
        [
          kept,
          `${keep} location / { proxy_pass ${plain.url}; }
           location /backend/ { proxy_pass ${prefixed.url}/; } location /bare/ { proxy_pass ${plain.url}/; }`,
        ],
        [portless, `location / { proxy_set_header Host $host; ${forwarded} proxy_pass ${plain.url}; }`],
        [rewritten, `location / { ${forwarded} proxy_pass ${plain.url}; }`],
        [trusted, `location / { proxy_pass ${trusting.url}; }`],
      ]),
    );
  });
  beforeEach(() => {
    for (const test of [plain, trusting, prefixed]) test.clock.advance(1);
  });
  afterAll(async () => {
    await nginx.stop();
    for (const test of [plain, trusting, prefixed]) await test.close();
  });

  const originOf = (which: 'kept' | 'portless' | 'rewritten' | 'trusted'): string =>
    `https://${HOST}:${String(ports[['kept', 'portless', 'rewritten', 'trusted'].indexOf(which)])}`;
  const post = (origin: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> =>
    sendRaw(origin, {
      path,
      ca: nginx.ca,
      headers: Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      body,
    });
  const login = (origin: string, prefix = '', headers: Record<string, string> = { origin }): Promise<Answer> =>
    post(
      origin,
      `${prefix}/login/`,
      { ...headers, 'content-type': 'application/json' },
      '{"username":"alice","password":"pass"}',
    );
  /** Signed in as a script, which has no Origin; then as a page of that origin, if none else is given. */
  async function signedIn(origin: string, prefix = '') {
    const { cookies, status } = await login(origin, prefix, {});
    expect(status).toBe(200);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const csrf = cookies.find(({ name }) => name === 'csrftoken')?.value ?? '';
    return (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      post(origin, prefix + path, { cookie, origin, 'x-csrftoken': csrf, ...headers });
  }

  it('that keeps Host, everything works, and foreign pages are refused', async () => {
    expect((await login(originOf('kept'))).status).toBe(200);
    const send = await signedIn(originOf('kept'));
    for (const path of ['/testapp/protect', '/validate_access/', `${REFRESH}/refresh_access/`]) {
      expect([path, (await send(path)).status]).toEqual([path, 200]);
    }
    for (const origin of [
      'https://evil.example',
      `http://${new URL(originOf('kept')).host}`,
      `https://${HOST}`,
      plain.url,
    ]) {
      await expectRefusal(plain, () => send('/testapp/protect', { origin }), {
        ...CSRF_ORIGIN,
        hint: /was compared with/,
      });
    }
    expect((await send(`${REFRESH}/logout/`)).status).toBe(200);
  });

  it('that rewrites Host, the refusal names the proxy, trustedOrigins and both origins', async () => {
    const origin = originOf('rewritten');
    const hint = new RegExp(
      `"${origin}" was compared with "https://127\\.0\\.0\\.1:.*a proxy in front most likely ends TLS and rewrites Host.*\\$http_host.*trustedOrigins`,
    );
    const explained = /trustedOrigins; behind a proxy, have it keep the Host header/;
    const send = await signedIn(origin);
    for (const path of ['/testapp/protect', '/validate_access/', `${REFRESH}/refresh_access/`, `${REFRESH}/logout/`]) {
      const { json } = await expectRefusal(plain, () => send(path), { ...CSRF_ORIGIN, hint });
      expect(json.error).toMatch(explained);
    }
    const events = ['jwto.csrf_failed', 'jwto.login_failed'] as const;
    await expectRefusal(plain, () => login(origin), { ...CSRF_ORIGIN, hint, events });
  });

  it('that rewrites Host, trustedOrigins admits the page, and no other', async () => {
    const origin = originOf('trusted');
    expect((await login(origin)).status).toBe(200);
    const send = await signedIn(origin);
    for (const path of ['/testapp/protect', `${REFRESH}/refresh_access/`]) {
      expect((await send(path, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    }
    for (const foreign of ['https://evil.example', `https://${HOST}`, originOf('kept')]) {
      const refusal = { ...CSRF_ORIGIN, hint: /the 1 of trustedOrigins/ };
      await expectRefusal(trusting, () => send('/testapp/protect', { origin: foreign }), refusal);
    }
  });

  it('that drops the port, the hint says so', async () => {
    const send = await signedIn(originOf('portless'));
    const hint =
      /The same host with another port.*drops the port \(nginx: proxy_set_header Host \$http_host, not \$host\)/;
    await expectRefusal(plain, () => send('/testapp/protect'), { ...CSRF_ORIGIN, hint });
  });

  it('X-Forwarded-* is not believed, the proxy’s nor a client’s, even where the framework does', async () => {
    const rewritten = await signedIn(originOf('rewritten'));
    await expectRefusal(plain, () => rewritten('/testapp/protect'), { ...CSRF_ORIGIN, hint: /never read/ });
    const kept = await signedIn(originOf('kept'));
    const evil = {
      origin: 'https://evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
    };
    await expectRefusal(plain, () => kept('/testapp/protect', evil), { ...CSRF_ORIGIN, hint: /was compared with/ });
    const http = { origin: originOf('kept').replace('https', 'http'), 'x-forwarded-proto': 'http' };
    await expectRefusal(plain, () => kept('/testapp/protect', http), { ...CSRF_ORIGIN, hint: /opened over http/ });
    const harmless = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' };
    expect((await kept('/testapp/protect', harmless)).status).toBe(200);
  });

  it('that strips a prefix, the refresh cookie’s Path has it where publicPathPrefix says so', async () => {
    const origin = originOf('kept');
    const pathOf = ({ cookies }: Answer, cookie: string): unknown => cookies.find(({ name }) => name === cookie)?.path;
    const answer = await login(origin, '/backend');
    expect(pathOf(answer, 'jwt_refresh')).toBe(`/backend${REFRESH}`);
    expect(pathOf(answer, 'csrftoken')).toBe('/');
    const send = await signedIn(origin, '/backend');
    const refreshed = await send(`${REFRESH}/refresh_access/`);
    expect([refreshed.status, pathOf(refreshed, 'jwt_refresh')]).toEqual([200, `/backend${REFRESH}`]);
    const out = await send(`${REFRESH}/logout/`);
    expect([out.status, pathOf(out, 'jwt_refresh')]).toEqual([200, `/backend${REFRESH}`]);
    // Without the setting a browser would not send it to /bare/api/token/refresh.
    expect(pathOf(await login(origin, '/bare'), 'jwt_refresh')).toBe(REFRESH);
  });
});
