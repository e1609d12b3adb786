import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/test-app.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const ALICE = JSON.stringify({ username: 'alice', password: 'pass' });

let test: TestApp;
afterEach(() => test.close());

/** As plugins do that limit, log or count by route. */
const countByRoute = (app: INestApplication, counted: string[]): void => {
  (app as NestFastifyApplication)
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      route.onRequest = (request, _reply, done) => {
        counted.push(`${request.method} ${String(request.routeOptions.url)}`);
        done();
      };
    });
};

it('leaves the hooks that a plugin gives to our routes, with and without a slash at the end', async () => {
  const counted: string[] = [];
  test = await startApp({
    adapter: () => new FastifyAdapter(),
    setUp: (app) => {
      countByRoute(app, counted);
    },
  });
  for (const path of ['/login', '/login/']) {
    const answer = await fetch(test.url + path, { method: 'POST', headers: JSON_TYPE, body: ALICE });
    expect(answer.status).toBe(200);
  }
  const broken = await fetch(`${test.url}/login/`, { method: 'POST', headers: JSON_TYPE, body: '{' });
  expect(await broken.json()).toMatchObject({ code: 'request_invalid' });
  expect(counted).toEqual(['POST /login', 'POST /login/', 'POST /login/']);
});

it('reads bodies itself wherever Fastify finds our routes: paths in another case, or with slashes of its own', async () => {
  const routerOptions = { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true };
  test = await startApp({ adapter: () => new FastifyAdapter({ routerOptions }) });
  for (const path of ['/LOGIN', '/Login/', '//login', '/%6Cogin']) {
    const login = await fetch(test.url + path, { method: 'POST', headers: JSON_TYPE, body: ALICE });
    expect([path, login.status]).toEqual([path, 200]);
    // Fastify's own parser would answer with a body of its own.
    const broken = await fetch(test.url + path, { method: 'POST', headers: JSON_TYPE, body: '{' });
    expect(await broken.json(), path).toMatchObject({ code: 'request_invalid' });
  }
});
