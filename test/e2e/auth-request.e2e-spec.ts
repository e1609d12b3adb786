import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { All, Controller, Get, HttpCode, Res } from '@nestjs/common';
import { CurrentUser, JwtPermRequired } from 'jwto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { type Answer } from '../support/client.js';
import { freePorts, NGINX, startNginx, type Nginx } from '../support/nginx.js';
import { sendRaw } from '../support/raw-http.js';
import { startApp, type TestApp } from '../support/test-app.js';

const HOST = 'app.example.test';

/** As docs/forward-auth.md has it. */
@Controller('auth')
class AuthController {
  @Get()
  @HttpCode(204)
  @JwtPermRequired(['perm1'])
  read(
    @CurrentUser('id') id: number,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): void },
  ) {
    reply.header('X-User-Id', encodeURIComponent(id));
  }

  @All('any')
  @HttpCode(204)
  @JwtPermRequired(['perm1'])
  any(@CurrentUser('id') id: number, @Res({ passthrough: true }) reply: { header(name: string, value: string): void }) {
    reply.header('X-User-Id', encodeURIComponent(id));
  }
}

describe.runIf(NGINX !== '').each(ADAPTERS)('nginx that asks by auth_request, on %s', (_name, adapter) => {
  let test: TestApp;
  let nginx: Nginx;
  let upstream: Server;
  let origin: string;
  /** What got through to the guarded service. */
  let seen: IncomingMessage[] = [];
  beforeAll(async () => {
    test = await startApp({
      adapter,
      options: { mode: ['TWO-COOKIES', 'JSON'] },
      metadata: { controllers: [AuthController] },
    });
    upstream = createServer((request, reply) => {
      seen.push(request);
      reply.end(`reports for ${String(request.headers['x-user-id'])}`);
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const service = `http://127.0.0.1:${String((upstream.address() as AddressInfo).port)}`;
    const [port = 0] = await freePorts(1);
    origin = `https://${HOST}:${String(port)}`;
    const ask = `internal; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header Content-Type "";
       proxy_set_header Host $http_host;`;
    const guarded = (location: string): string =>
      `auth_request ${location}; auth_request_set $user_id $upstream_http_x_user_id;
       proxy_set_header X-User-Id $user_id; proxy_set_header Cookie ""; proxy_pass ${service};`;
    nginx = await startNginx(
      HOST,
      new Map([
        [
          port,
          `location / { proxy_set_header Host $http_host; proxy_pass ${test.url}; }
           location /reports/ { ${guarded('/_read')} }
           location /orders/ { ${guarded('/_any')} }
           location = /_read { ${ask} proxy_pass ${test.url}/auth; }
           location = /_any { ${ask} proxy_method $request_method; proxy_pass ${test.url}/auth/any; }`,
        ],
      ]),
    );
  });
  beforeEach(() => {
    test.clock.advance(1000);
    seen = [];
  });
  afterAll(async () => {
    await nginx.stop();
    upstream.close();
    await test.close();
  });

  const send = (method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> =>
    sendRaw(origin, {
      method,
      path,
      ca: nginx.ca,
      headers: Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(body === undefined ? {} : { body }),
    });
  async function signedIn(username: string): Promise<{ cookie: string; csrf: string }> {
    const login = { 'content-type': 'application/json' };
    const { cookies } = await send('POST', '/login/', login, JSON.stringify({ username, password: 'pass' }));
    return {
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      csrf: cookies.find(({ name }) => name === 'csrftoken')?.value ?? '',
    };
  }

  it('lets who may in, by cookie and by header, and tells the service who it is', async () => {
    const { cookie } = await signedIn('bob');
    const forged = { 'x-user-id': '1' };
    expect(await send('GET', '/reports/', { cookie, ...forged })).toMatchObject({ status: 200, text: 'reports for 2' });
    const { access } = await test.tokens.issue(test.users.named('bob'), { mode: 'JSON' });
    const bearer = await send('GET', '/reports/', { authorization: `Bearer ${access}`, ...forged });
    expect(bearer).toMatchObject({ status: 200, text: 'reports for 2' });
    expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
  });

  it('keeps out who has no token, a bad one, a revoked one, or no permission', async () => {
    const missing = await send('GET', '/reports/', { 'x-user-id': '1' });
    expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="api"']);
    expect((await send('GET', '/reports/', { authorization: 'Bearer x.y.z' })).status).toBe(401);
    expect((await send('GET', '/reports/', { cookie: (await signedIn('alice')).cookie })).status).toBe(403);
    const { cookie } = await signedIn('bob');
    await test.tokens.revokeUser(2);
    expect((await send('GET', '/reports/', { cookie })).status).toBe(401);
    expect(seen).toEqual([]);
  });

  it('cannot be asked for from outside, and its own path guards itself', async () => {
    const { cookie } = await signedIn('bob');
    expect((await send('GET', '/_read', { cookie })).status).toBe(404);
    expect((await send('GET', '/auth', { cookie: '' })).status).toBe(401);
  });

  it('by a GET route there is no CSRF protection: the subrequest is a GET', async () => {
    const { cookie } = await signedIn('bob');
    expect((await send('POST', '/reports/', { cookie, origin: 'https://evil.example' }, 'x')).status).toBe(200);
  });

  it('with proxy_method $request_method CSRF is checked as on the application’s own routes', async () => {
    const { cookie, csrf } = await signedIn('bob');
    const type = { 'content-type': 'application/json' };
    const post = (headers: Record<string, string>): Promise<Answer> =>
      send('POST', '/orders/', { cookie, ...type, ...headers }, '{"a":1}');
    expect((await send('GET', '/orders/', { cookie })).status).toBe(200);
    expect((await post({ origin, 'x-csrftoken': csrf })).status).toBe(200);
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'POST']);
    expect((await post({ origin })).status).toBe(403);
    expect((await post({ origin: 'https://evil.example', 'x-csrftoken': csrf })).status).toBe(403);
    expect((await post({ origin, 'x-csrftoken': csrf, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(seen).toHaveLength(2);
  });
});
