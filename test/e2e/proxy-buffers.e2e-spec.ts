import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { type Answer } from '../support/client.js';
import { freePorts, NGINX, startNginx, type Nginx } from '../support/nginx.js';
import { sendRaw } from '../support/raw-http.js';
import { startApp, type TestApp } from '../support/test-app.js';

const HOST = 'app.example.test';
const REFRESH = '/api/token/refresh';
const WARNING = 'nginx answers 502';

/** As many permissions of 20 letters. */
function permissions(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `orders.permission-${String(index).padStart(2, '0')}`);
}

function headerBytes(cookies: readonly string[]): number {
  return cookies.reduce((sum, cookie) => sum + Buffer.byteLength(`Set-Cookie: ${cookie}\r\n`), 0);
}

describe('cookies of more than 4096 bytes', () => {
  it('are warned of once in a process, with what to set in nginx and what makes tokens small', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const warnings = (): string[] =>
      warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes(WARNING));
    const apps = await Promise.all(
      ADAPTERS.map(([, adapter]) => startApp({ adapter, options: { mode: 'TWO-COOKIES' } })),
    );
    for (const count of [0, 20]) {
      for (const app of apps) {
        app.users.named('alice').perms = permissions(count);
        const answer = await app.client().login();
        expect([answer.status, headerBytes(answer.headers.getSetCookie()) <= 4096]).toEqual([200, true]);
      }
    }
    expect(warnings()).toEqual([]);

    let bytes = 0;
    for (const app of apps) {
      app.users.named('alice').perms = permissions(35);
      const client = app.client();
      for (const answer of [await client.login(), await client.refresh('refresh_access'), await client.login()]) {
        expect(answer.status).toBe(200);
        bytes ||= headerBytes(answer.headers.getSetCookie());
      }
    }
    expect(bytes).toBeGreaterThan(4096);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain(`The Set-Cookie headers of an answer are ${String(bytes)} bytes`);
    for (const word of ['proxy_buffer_size', 'large_client_header_buffers', 'refreshClaims: false', 'ONE-COOKIE'])
      expect(warnings()[0]).toContain(word);
    await Promise.all(apps.map((app) => app.close()));
    warn.mockRestore();
  });
});

describe.runIf(NGINX !== '').each(ADAPTERS)('behind an nginx, on %s', (_name, adapter) => {
  let nginx: Nginx;
  let whole: TestApp;
  let small: TestApp;
  let origins: string[];
  beforeAll(async () => {
    const ports = await freePorts(3);
    origins = ports.map((port) => `https://${HOST}:${String(port)}`);
    const [plain = 0, refreshClaims = 0, buffers = 0] = ports;
    const start = (more: object): Promise<TestApp> =>
      startApp({ adapter, options: { mode: ['TWO-COOKIES', 'ONE-COOKIE'], ...more } });
    whole = await start({});
    small = await start({ refreshClaims: false });
    const to = ({ url }: TestApp): string => `location / { proxy_set_header Host $http_host; proxy_pass ${url}; }`;
    // The very line of the warning and of docs/production.md.
    const set = 'proxy_buffer_size 16k; proxy_buffers 4 16k; large_client_header_buffers 4 16k;';
    nginx = await startNginx(
      HOST,
      new Map([
        [plain, to(whole)],
        [refreshClaims, to(small)],
        [buffers, `${set} ${to(whole)}`],
      ]),
    );
  });
  afterAll(async () => {
    await nginx.stop();
    await whole.close();
    await small.close();
  });

  const post = (origin: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> =>
    sendRaw(origin, {
      path,
      ca: nginx.ca,
      headers: Object.entries({ origin, ...headers }).map(([name, value]) => `${name}: ${value}`),
      body,
    });
  async function login(which: 'plain' | 'refreshClaims' | 'buffers', count: number, mode = 'TWO-COOKIES') {
    const origin = origins[['plain', 'refreshClaims', 'buffers'].indexOf(which)] ?? '';
    for (const app of [whole, small]) {
      app.clock.advance(1000);
      app.users.named('alice').perms = permissions(count);
    }
    const answer = await post(
      origin,
      '/login/',
      { 'content-type': 'application/json' },
      JSON.stringify({ username: 'alice', password: 'pass', mode }),
    );
    const { status, cookies } = answer;
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const csrf = cookies.find(({ name }) => name === 'csrftoken')?.value ?? '';
    const send = (path: string, more = ''): Promise<Answer> =>
      post(origin, path, { cookie: cookie + more, 'x-csrftoken': csrf });
    return { status, send };
  }

  it('with its default buffers the login of 35 permissions is 502, in one cookie that of 70', async () => {
    expect((await login('plain', 10)).status).toBe(200);
    expect((await login('plain', 35)).status).toBe(502);
    expect((await login('plain', 35, 'ONE-COOKIE')).status).toBe(200);
    expect((await login('plain', 70, 'ONE-COOKIE')).status).toBe(502);
  });

  it.each([
    ['TWO-COOKIES', 35],
    ['ONE-COOKIE', 70],
  ])('with refreshClaims: false it is 200, in %s, and so are refresh, route and log-out', async (mode, count) => {
    const { status, send } = await login('refreshClaims', count, mode);
    expect(status).toBe(200);
    for (const path of [
      '/testapp/protect',
      `${REFRESH}/validate_refresh/`,
      `${REFRESH}/refresh_access/`,
      `${REFRESH}/logout/`,
    ]) {
      expect([path, (await send(path)).status]).toEqual([path, 200]);
    }
  });

  it('with the buffers that the warning names it is 200, as are requests that are 400 without', async () => {
    const { status, send } = await login('buffers', 100, 'ONE-COOKIE');
    expect(status).toBe(200);
    // A Cookie header over 8 kB; the application sets cookies too.
    const more = `; other=${'x'.repeat(4000)}`;
    expect((await send(`${REFRESH}/refresh_access/`, more)).status).toBe(200);
    expect((await send('/testapp/protect', more)).status).toBe(200);
    const short = await login('plain', 10);
    const refused = await short.send('/testapp/protect', `; other=${'x'.repeat(8000)}`);
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('Cookie Too Large')]);
    expect((await login('buffers', 35)).status).toBe(200);
  });
});
