import type { Server } from 'node:http';
import { Logger } from '@nestjs/common';
import type { JwtoModuleOptions } from 'jwto';
import supertest from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { sendRaw } from '../support/raw-http.js';
import { startApp, type TestApp } from '../support/test-app.js';

const PROTECT = '/testapp/protect';
const LOCALHOST = 'http://localhost:5173';

describe.each(ADAPTERS)('a request whose session cookies did not come, on %s', (_name, adapter) => {
  let test: TestApp;
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  const start = async (options: Partial<JwtoModuleOptions> = {}): Promise<void> => {
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES', hints: true, ...options } });
  };
  const send = (headers: Record<string, string>, path = PROTECT, method = 'GET'): Promise<Answer> =>
    sendRaw(test.url, { method, path, headers: Object.entries(headers).map(([name, value]) => `${name}: ${value}`) });
  const hintOf = async (headers: Record<string, string>): Promise<unknown> => (await send(headers)).json['hint'];
  /** As a page of its own behind a proxy that ends TLS. */
  const OWN = { host: 'app.example.com', origin: 'https://app.example.com', 'sec-fetch-site': 'same-origin' };

  it('of a page on localhost whose API is on 127.0.0.1: the hint names both', async () => {
    await start({ trustedOrigins: [LOCALHOST] });
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const page = { host: '127.0.0.1:3000', origin: LOCALHOST, 'sec-fetch-site': 'cross-site' };
    const login = { ...page, 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'username=alice&password=pass';
    const headers = Object.entries(login).map(([name, value]) => `${name}: ${value}`);
    expect((await sendRaw(test.url, { path: '/login/', headers, body })).status).toBe(200);

    const routes = [
      ['GET', PROTECT],
      ['POST', PROTECT],
      ['POST', '/validate_access/'],
      ['POST', '/api/token/refresh/refresh_access/'],
      ['POST', '/api/token/refresh/logout/'],
    ] as const;
    for (const [method, path] of routes) {
      const { json, status } = await send(page, path, method);
      expect([status, json.code]).toEqual([401, 'token_missing']);
      expect(json['hint']).toMatch(/page is on "localhost" and this API on "127\.0\.0\.1".*one name for both/);
      expect(json['hint']).not.toMatch(/domain|sameSite|Secure/);
    }
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^No session cookie \(other-loopback-name\): The page is on/)],
    ]);
  });

  it('of a page of another site: the hint sends it to the mode JSON', async () => {
    await start();
    const page = { ...OWN, origin: 'https://front.other.com', 'sec-fetch-site': 'cross-site' };
    expect(await hintOf(page)).toMatch(/"https:\/\/front\.other\.com" is of another site.*SameSite=Lax.*mode JSON/);
    // A link that was followed has no Origin, and Lax cookies go with it: nobody is signed in.
    expect(await hintOf({ host: OWN.host, 'sec-fetch-site': 'cross-site' })).toBeUndefined();
  });

  it('over plain http from something else than a browser: the hint names secureCookies', async () => {
    await start();
    const agent = supertest.agent(test.app.getHttpServer() as Server);
    await agent.post('/login/').send({ username: 'alice', password: 'pass' }).expect(200);
    const { body } = (await agent.get(PROTECT).expect(401)) as { body: { hint: string } };
    expect(body.hint).toMatch(/cookies are Secure and this connection is plain http.*supertest.*secureCookies: false/);
    expect(body.hint).not.toMatch(/domain/i);
  });

  it('with secureCookies: false the same client is signed in, and without cookies gets no hint', async () => {
    await start({ secureCookies: false });
    const agent = supertest.agent(test.app.getHttpServer() as Server);
    await agent.post('/login/').send({ username: 'alice', password: 'pass' }).expect(200);
    await agent.get(PROTECT).expect(200);
    expect(await hintOf({})).toBeUndefined();
  });

  it('where domain is not above the host: the hint names both', async () => {
    await start({ domain: 'example.com', secureCookies: false });
    expect(await hintOf({ host: 'localhost:3000', 'sec-fetch-site': 'same-origin' })).toMatch(
      /Domain=example\.com.*"localhost".*leave domain out/,
    );
    await test.close();
    await start({ domain: '.Example.com' });
    for (const host of ['example.com', 'app.example.com']) expect(await hintOf({ ...OWN, host })).toBeUndefined();
  });

  it('of a browser that may just not be signed in: no hint', async () => {
    await start();
    for (const headers of [
      OWN,
      { host: OWN.host, origin: OWN.origin },
      { ...OWN, origin: 'https://front.example.com', 'sec-fetch-site': 'same-site' },
      { host: 'localhost:3000', 'sec-fetch-site': 'same-origin' },
      { host: 'localhost:3000', origin: LOCALHOST, 'sec-fetch-site': 'same-site' },
    ]) {
      const { json } = await send(headers);
      expect(Object.keys(json).sort()).toEqual(['code', 'error', 'statusCode']);
    }
  });

  it('without the setting, and in the mode JSON: no hint', async () => {
    for (const options of [{ hints: false }, { mode: 'JSON' as const }]) {
      await start(options);
      expect(Object.keys((await send({})).json)).not.toContain('hint');
      await test.close();
    }
    await start();
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    // A login asks whether somebody is signed in already: that is no refusal for it.
    const login = await send({}, '/login/', 'POST');
    expect([login.json.code, 'hint' in login.json]).toEqual(['credentials_missing', false]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('shows nothing that markup would understand', async () => {
    await start();
    const origin = `https://<b>${'x'.repeat(500)}`;
    const hint = await hintOf({ ...OWN, origin, 'sec-fetch-site': 'cross-site' });
    expect(hint).toMatch(/"https:\/\/\?b\?x+…"/);
    expect(hint).not.toMatch(/[<>]/);
  });
});
