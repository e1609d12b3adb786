import { RequestMethod, VersioningType, type INestApplication } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { JwtoModule, type JwtoOptions } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { TestRoutes } from '../support/routes.controller.js';
import { start, type Started } from '../support/start.js';
import { startApp, SIGNING_KEY } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** How the routes are mapped, and where they then are. */
interface Mapping {
  options?: JwtoOptions;
  setUp?: (app: INestApplication) => void;
  /** A path of the whole module. */
  modulePath?: string;
  /** What comes before `login`. */
  base?: string;
  /** Where the refresh endpoints are in the application. */
  refresh: string;
  /** The cookie's Path, where a proxy strips something. */
  path?: string;
  headers?: Record<string, string>;
}

const URI = { type: VersioningType.URI } as const;
const MAPPINGS: [string, Mapping][] = [
  ['nothing around it', { refresh: '/api/token/refresh' }],
  ['another refreshCookiePath', { options: { refreshCookiePath: '/auth/r/' }, refresh: '/auth/r' }],
  [
    'a refresh cookie for every page',
    { options: { refreshCookiePath: '/' }, refresh: '/api/token/refresh', path: '/' },
  ],
  [
    'endpoints below the cookie’s path, and a prefix',
    {
      options: { refreshCookiePath: 'auth', refreshPath: '/auth/token/' },
      setUp: (app) => app.setGlobalPrefix('x'),
      base: '/x',
      refresh: '/x/auth/token',
      path: '/x/auth',
    },
  ],
  ['a global prefix', { setUp: (app) => app.setGlobalPrefix('x/y'), base: '/x/y', refresh: '/x/y/api/token/refresh' }],
  [
    'a global prefix that excludes it',
    {
      setUp: (app) =>
        app.setGlobalPrefix('x', { exclude: ['login', 'csrf', 'validate_access', 'api/token/refresh/*path'] }),
      refresh: '/api/token/refresh',
    },
  ],
  [
    'a global prefix that excludes the refresh endpoints only',
    {
      setUp: (app) =>
        app.setGlobalPrefix('x', { exclude: [{ path: 'api/token/refresh/*path', method: RequestMethod.ALL }] }),
      base: '/x',
      refresh: '/api/token/refresh',
    },
  ],
  [
    'a default version',
    { setUp: (app) => app.enableVersioning({ ...URI, defaultVersion: '1' }), refresh: '/api/token/refresh' },
  ],
  [
    'two default versions and a prefix',
    {
      setUp: (app) => app.setGlobalPrefix('x').enableVersioning({ ...URI, defaultVersion: ['1', '2'] }),
      base: '/x',
      refresh: '/x/api/token/refresh',
    },
  ],
  [
    'a version of its own',
    {
      options: { version: '2' },
      setUp: (app) => app.enableVersioning({ ...URI, defaultVersion: '1' }),
      base: '/v2',
      refresh: '/v2/api/token/refresh',
    },
  ],
  ...['1', '3'].map((version): [string, Mapping] => [
    `two versions of its own and a prefix, by version ${version}`,
    {
      options: { version: ['1', '3'] },
      setUp: (app) => app.setGlobalPrefix('x').enableVersioning(URI),
      base: `/x/v${version}`,
      refresh: `/x/v${version}/api/token/refresh`,
    },
  ]),
  [
    'a version in a header',
    {
      options: { version: '2' },
      setUp: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
      headers: { 'x-version': '2' },
      refresh: '/api/token/refresh',
    },
  ],
  ['a path of the module', { modulePath: 'auth', base: '/auth', refresh: '/auth/api/token/refresh' }],
  [
    'a prefix that a proxy strips',
    { options: { publicPathPrefix: '/backend/' }, refresh: '/api/token/refresh', path: '/backend/api/token/refresh' },
  ],
  [
    'all of it',
    {
      options: { publicPathPrefix: 'pub', version: '7', refreshCookiePath: 'r' },
      setUp: (app) => app.setGlobalPrefix('x').enableVersioning(URI),
      modulePath: 'auth',
      base: '/x/v7/auth',
      refresh: '/x/v7/auth/r',
      path: '/pub/x/v7/auth/r',
    },
  ],
];

describe.each(ADAPTERS)('the routes on %s', (_name, adapter) => {
  let test: Started | undefined;
  afterEach(() => test?.close());

  it.each(MAPPINGS)(
    'are reachable with and without a trailing slash, and the refresh cookie gets there: %s',
    async (_what, mapping) => {
      const { base = '', refresh, path = refresh, headers = {}, modulePath } = mapping;
      test = await start({
        adapter,
        imports: [
          JwtoModule.forRoot({
            signingKey: SIGNING_KEY,
            users: TestUsers,
            mode: ['ONE-COOKIE', 'JSON'],
            ...mapping.options,
          }),
          ...(modulePath === undefined ? [] : [RouterModule.register([{ path: modulePath, module: JwtoModule }])]),
        ],
        setUp: mapping.setUp,
      });
      for (const slash of ['', '/']) {
        const client = test.client();
        const login = await client.send(`${base}/login${slash}`, {
          json: { username: 'bob', password: 'pass' },
          headers,
        });
        expect(login.json).toEqual({ msg: 'Tokens successfully created.' });
        expect(login.cookies.find(({ name }) => name === 'jwt_refresh')).toMatchObject({ path, httpOnly: true });
        // What the proxy strips is not in the request's path here, so the jar is not asked.
        const send = (route: string, method = 'POST') =>
          client.send(route + slash, { method, headers: { ...headers, ...client.csrf(), cookie: allOf(client.jar) } });
        expect((await send(`${base}/validate_access`)).status).toBe(200);
        expect((await send(`${base}/csrf`, 'GET')).status).toBe(200);
        for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh']) {
          const answer = await send(`${refresh}/${endpoint}`);
          expect([endpoint, answer.status]).toEqual([endpoint, 200]);
          for (const cookie of answer.cookies.filter(({ name }) => name === 'jwt_refresh'))
            expect(cookie.path).toBe(path);
        }
        const out = await send(`${refresh}/logout`, slash === '' ? 'DELETE' : 'POST');
        expect(out.status).toBe(200);
        expect(out.cookies.find(({ name }) => name === 'jwt_refresh')).toMatchObject({ path, maxAge: 0 });
      }
    },
  );

  it('are not reachable where they are not mapped', async () => {
    test = await start({
      adapter,
      imports: [JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, version: '2' })],
      controllers: [TestRoutes],
      setUp: (app) => app.setGlobalPrefix('x').enableVersioning(URI),
    });
    const json = { username: 'bob', password: 'pass' };
    for (const path of [
      '/login',
      '/x/login',
      '/x/v1/login',
      '/v2/login',
      '/x/v2/login/more',
      '/x/v2/login//',
      '/x/v2/csrf',
    ]) {
      const method = path.endsWith('csrf') ? 'GET' : 'POST';
      const answer = await test.client().send(path, method === 'GET' ? { method } : { json });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect((await test.client().send('/x/v2/login', { json })).status).toBe(200);
  });

  it('are the ones that the settings leave', async () => {
    const all = [
      'login',
      'validateAccess',
      'validateRefresh',
      'refreshAccess',
      'updateRefresh',
      'logout',
      'csrf',
    ] as const;
    const off = Object.fromEntries(all.map((name) => [name, false]));
    const app = await startApp({ adapter, options: { endpoints: off, mode: ['JSON', 'ONE-COOKIE'] } });
    test = { app: app.app, client: () => app.client(), close: () => app.close() };
    const client = app.client();
    for (const path of [
      '/login/',
      '/validate_access/',
      '/api/token/refresh/validate_refresh/',
      '/api/token/refresh/refresh_access/',
    ]) {
      expect((await client.send(path)).status, path).toBe(404);
    }
    for (const method of ['POST', 'DELETE']) expect((await client.refresh('logout', { method })).status).toBe(404);
    expect((await client.get('/csrf/')).status).toBe(404);
    const { access } = await app.tokens.issue(app.users.named('bob'));
    client.bearer = access;
    expect((await client.get('/testapp/protect')).status).toBe(200);
  });

  it('have no update_refresh where allowRefreshUpdate is false', async () => {
    const app = await startApp({ adapter, options: { allowRefreshUpdate: false } });
    test = { app: app.app, client: () => app.client(), close: () => app.close() };
    const client = app.client();
    client.bearer = (await client.login()).json.refresh;
    app.takeEvents();
    expect((await client.refresh('update_refresh')).status).toBe(404);
    expect((await client.refresh('refresh_access')).status).toBe(200);
    expect(app.takeEvents()).toEqual(['jwto.access_refreshed']);
  });
});

describe.each(ADAPTERS)('a path that no cookie can have, on %s', (_name, adapter) => {
  const UNFIT: [string, (app: INestApplication) => unknown][] = [
    [':tenant', (app) => app.setGlobalPrefix(':tenant')],
    ['a/:b/c', (app) => app.setGlobalPrefix('a/:b/c')],
    ['grün', (app) => app.setGlobalPrefix('grün')],
    ['a b', (app) => app.setGlobalPrefix('a b')],
  ];

  it.each(UNFIT)('stops the start and says what to do: the prefix %s', async (_prefix, setUp) => {
    const start = startApp({ adapter, options: { mode: 'ONE-COOKIE' }, setUp });
    await expect(start).rejects.toThrow(/^jwto is misconfigured: the endpoints of jwto need plain paths.*exclude/);
  });

  it('is fine around other routes', async () => {
    const exclude = ['login', 'csrf', 'sessions/*path', 'sessions', 'validate_access', '.well-known/jwks.json'];
    const test = await startApp({
      adapter,
      setUp: (app) => app.setGlobalPrefix(':tenant', { exclude: [...exclude, 'api/token/refresh/*path'] }),
    });
    const client = test.client();
    client.bearer = (await client.login()).json.access;
    expect((await client.get('/acme/testapp/protect')).status).toBe(200);
    await test.close();
  });
});

function allOf(jar: ReadonlyMap<string, { name: string; value: string }>): string {
  return [...jar.values()].map(({ name, value }) => `${name}=${value}`).join('; ');
}
