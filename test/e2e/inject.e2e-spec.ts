import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';

const fastify = ADAPTERS.find(([name]) => name === 'Fastify')?.[1];
const REFRESH = '/api/token/refresh';

describe("Fastify's inject(), which has no socket", () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp(fastify && { adapter: fastify });
  });
  afterAll(() => test.close());
  const inject = (options: InjectOptions): Promise<LightMyRequestResponse> =>
    (test.app as NestFastifyApplication).inject(options);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  it.each<[string, Partial<InjectOptions>]>([
    ['JSON', { payload: { username: 'bob', password: 'pass' } }],
    ['a form', { payload: 'username=bob&password=pass', headers: form }],
  ])('signs in by %s, guards, refreshes and signs out', async (_what, login) => {
    const { statusCode, body } = await inject({ method: 'POST', url: '/login/', ...login });
    expect(statusCode).toBe(200);
    const tokens = JSON.parse(body) as { access: string; refresh: string };
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    const access = bearer(tokens.access);
    expect((await inject({ method: 'GET', url: '/testapp/protect', ...access })).statusCode).toBe(200);
    const url = `${REFRESH}/refresh_access/`;
    expect((await inject({ method: 'POST', url, ...bearer(tokens.refresh) })).statusCode).toBe(200);
    expect((await inject({ method: 'DELETE', url: `${REFRESH}/logout/`, ...access })).statusCode).toBe(204);
    expect((await inject({ method: 'GET', url: '/testapp/protect', ...access })).statusCode).toBe(401);
  });

  it('refuses as ever', async () => {
    const broken = { payload: '{"username":', headers: { 'content-type': 'application/json' } };
    for (const [sent, code] of [
      [broken, 'request_invalid'],
      [{}, 'credentials_missing'],
      [{ payload: { username: 'bob', password: 'no' } }, 'credentials_invalid'],
    ] as const) {
      const { body } = await inject({ method: 'POST', url: '/login/', ...sent });
      expect(JSON.parse(body)).toMatchObject({ code });
    }
  });
});
