import {
  Catch,
  HttpException,
  Injectable,
  BadRequestException,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { JwtoModule } from 'jwto';
import { map, type Observable } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Client } from '../support/client.js';
import { TestRoutes } from '../support/routes.controller.js';
import { start, type Started } from '../support/start.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Catch()
class Teapot implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<{ status(code: number): { send(body: object): void } }>();
    reply.status(418).send({ teapot: exception instanceof HttpException });
  }
}

@Injectable()
class Garbling implements PipeTransform {
  transform(): string {
    return 'garbled';
  }
}

@Injectable()
class Refusing implements PipeTransform {
  transform(): never {
    throw new BadRequestException('refused');
  }
}

const jwto = () => JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers });
let test: Started;
afterEach(() => test.close());

/** Every kind of answer of the endpoints. */
async function expectContract(client: Client): Promise<void> {
  const login = await client.login('bob');
  expect([login.status, login.json]).toEqual([200, { access: expect.any(String), refresh: expect.any(String) }]);
  expect((await client.send('/validate_access/', { json: {} })).json).toEqual({ msg: 'Token is valid' });
  expect((await client.send('/login/', { json: {} })).json).toEqual({ msg: 'User already authenticated.' });
  client.bearer = login.json.refresh;
  expect((await client.refresh('refresh_access', { form: { jwt_type: 'refresh' } })).status).toBe(200);
  expect((await client.refresh('refresh_access', { json: { jwt_type: 'access' } })).json.code).toBe('request_invalid');
  expect((await client.refresh('logout', { method: 'DELETE' })).status).toBe(204);
  client.bearer = undefined;
  const form = await client.send('/login/', { form: { username: 'bob', password: 'wrong' } });
  const text = { error: expect.any(String) };
  expect([form.status, form.json]).toEqual([401, { statusCode: 401, code: 'credentials_invalid', ...text }]);
  const missing = await client.send('/login/', { json: { username: ['x'] } });
  expect([missing.status, missing.json]).toEqual([400, { statusCode: 400, code: 'credentials_missing', ...text }]);
  const broken = await client.send('/login/', { body: '{', headers: { 'content-type': 'application/json' } });
  expect([broken.status, broken.json]).toEqual([400, { statusCode: 400, code: 'request_invalid', ...text }]);
  const nobody = await client.send('/validate_access/');
  expect([nobody.status, nobody.json]).toEqual([401, { statusCode: 401, code: 'token_missing', ...text }]);
}

const APPS: [string, Parameters<typeof start>[0]][] = [
  ['nothing', {}],
  [
    'an interceptor, a filter and a pipe by token',
    {
      providers: [
        { provide: APP_INTERCEPTOR, useClass: Envelope },
        { provide: APP_FILTER, useClass: Teapot },
        { provide: APP_PIPE, useClass: Garbling },
      ],
    },
  ],
  [
    'an interceptor, a filter and pipes in main.ts',
    {
      setUp: (app: INestApplication) => {
        app.useGlobalInterceptors(new Envelope());
        app.useGlobalFilters(new Teapot());
        app.useGlobalPipes(new Garbling(), new Refusing());
      },
    },
  ],
  ['no body parser', { bodyParser: false }],
  [
    'shutdown hooks and CORS',
    {
      setUp: (app: INestApplication) => {
        app.enableShutdownHooks();
        app.enableCors();
      },
    },
  ],
];

describe.each(ADAPTERS)('the endpoints on %s', (_name, adapter) => {
  it.each(APPS)('answer as the contract says in an application with %s', async (_what, app) => {
    test = await start({ ...app, adapter, imports: [jwto()], controllers: [TestRoutes] });
    await expectContract(test.client());
  });

  it('leave the application its own routes: interceptors and filters see those', async () => {
    const providers = [
      { provide: APP_INTERCEPTOR, useClass: Envelope },
      { provide: APP_FILTER, useClass: Teapot },
    ];
    test = await start({ adapter, imports: [jwto()], controllers: [TestRoutes], providers });
    const client = test.client();
    const refused = await client.get('/testapp/protect');
    expect([refused.status, refused.json]).toEqual([418, { teapot: true }]);
    await client.login();
    expect((await client.get('/testapp/protect')).json).toEqual({ data: 'worked!' });
  });
});

describe.each(ADAPTERS)('the OpenAPI document on %s', (_name, adapter) => {
  it.each([
    ['', '', undefined],
    ['/x', '/x', (app: INestApplication) => app.setGlobalPrefix('x')],
  ])('has each endpoint once, with prefix "%s"', async (_prefix, base, setUp) => {
    test = await start({
      adapter,
      imports: [JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, mode: ['JSON', 'ONE-COOKIE'] })],
      controllers: [TestRoutes],
      setUp,
    });
    const document = SwaggerModule.createDocument(test.app, new DocumentBuilder().addBearerAuth().build());
    const ours = Object.keys(document.paths).filter((path) => !path.includes('testapp'));
    const refresh = ['validate_refresh', 'refresh_access', 'update_refresh', 'logout'].map(
      (leaf) => `api/token/refresh/${leaf}`,
    );
    const sessions = ['sessions', 'sessions/revoke', 'sessions/revoke_others'];
    expect(ours.sort()).toEqual(
      ['login', 'validate_access', 'csrf', '.well-known/jwks.json', ...sessions, ...refresh]
        .map((path) => `${base}/${path}`)
        .sort(),
    );
    const logout = document.paths[`${base}/api/token/refresh/logout`];
    expect([logout?.post, logout?.delete].every((operation) => operation !== undefined)).toBe(true);
    const login = JSON.stringify(document.paths[`${base}/login`]) + JSON.stringify(document.components?.schemas);
    expect(login).toMatch(/username.*password/s);
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path as Record<string, { operationId?: string }>).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has them before the application listens, with the status that they answer', async () => {
    for (const [mode, status] of [
      ['JSON', '204'],
      ['TWO-COOKIES', '200'],
    ] as const) {
      const paths = await new Promise<Record<string, object>>((resolve, reject) => {
        start({
          adapter,
          imports: [JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, mode })],
          setUp: (app) => {
            resolve(SwaggerModule.createDocument(app, new DocumentBuilder().build()).paths);
          },
        }).then((started) => (test = started).close(), reject);
      });
      const statuses = Object.entries(paths).flatMap(([path, operations]) =>
        Object.entries(operations as Record<string, { responses: object }>).map(([method, { responses }]) => [
          `${method} ${path}`,
          Object.keys(responses),
        ]),
      );
      expect(statuses.length).toBeGreaterThan(10);
      for (const [route, codes] of statuses) {
        expect([route, codes]).toEqual([route, [route === 'delete /api/token/refresh/logout' ? status : '200']]);
      }
    }
  });

  it('tells of guarded routes that they need a token', async () => {
    test = await start({ adapter, imports: [jwto()], controllers: [TestRoutes] });
    const document = SwaggerModule.createDocument(test.app, new DocumentBuilder().addBearerAuth().build());
    const operation = document.paths[`/testapp/perms_protect`]?.get;
    expect(operation?.security).toEqual([{ bearer: [] }]);
    expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(['401', '403']));
  });
});
