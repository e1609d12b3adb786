import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Injectable, Req, Res, UseGuards, VersioningType } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { AuthGuard } from '@nestjs/passport';
import {
  getEventsToken,
  getTokenServiceToken,
  JwtLoginRequired,
  JwtoEvents,
  JwtoModule,
  JwtRefreshRequired,
  TokenService,
  type JwtoEvent,
  type JwtoModuleOptions,
  type KeyResolver,
  type RingKey,
} from 'jwto';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { start, type Started } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY, startApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const ADMIN_KEY = 'the-signing-key-of-the-administration';
const TENANT_KEY = 'the-signing-key-of-some-tenant-or-other';
const ADMIN_PATHS = {
  name: 'admin',
  refreshCookiePath: 'admin/refresh',
  endpoints: { login: 'admin/login', validateAccess: 'admin/validate', sessions: 'admin/sessions' },
} satisfies JwtoModuleOptions;

@Controller()
class Routes {
  @Get('customer')
  @JwtLoginRequired()
  customer(): string {
    return 'ok';
  }
  @Get('admin')
  @JwtLoginRequired({ instance: 'admin' })
  admin(): string {
    return 'ok';
  }
  @Get('admin/of-refresh')
  @JwtRefreshRequired({ instance: 'admin' })
  adminOfRefresh(): string {
    return 'ok';
  }
  @Get('passport')
  @UseGuards(AuthGuard('jwto-admin'))
  passport(): string {
    return 'ok';
  }
}

let test: Started | undefined;
afterEach(async () => {
  await test?.close();
  test = undefined;
});

interface Pair {
  access: string;
  refresh: string;
}

/** Signs in at both, and expects that neither takes a token of the other on any way. */
async function expectApart({ app, client }: Started): Promise<void> {
  const json = { username: 'bob', password: 'pass' };
  const customer = (await client().send('/login/', { json })).json as unknown as Pair;
  const admin = (await client().send('/admin/login/', { json })).json as unknown as Pair;
  const status = async (method: string, path: string, bearer: string): Promise<[number, string | undefined]> => {
    const own = client();
    own.bearer = bearer;
    const { status: code, json: answer } = await own.send(path, { method });
    return [code, answer.code];
  };
  const ofCustomers: [string, string, keyof Pair][] = [
    ['GET', '/customer', 'access'],
    ['POST', '/validate_access/', 'access'],
    ['GET', '/sessions/', 'access'],
    ['POST', '/api/token/refresh/validate_refresh/', 'refresh'],
    ['POST', '/api/token/refresh/refresh_access/', 'refresh'],
    ['POST', '/api/token/refresh/logout/', 'refresh'],
  ];
  const ofAdmins: [string, string, keyof Pair][] = [
    ['GET', '/admin', 'access'],
    ['GET', '/passport', 'access'],
    ['GET', '/admin/of-refresh', 'refresh'],
    ['POST', '/admin/validate/', 'access'],
    ['GET', '/admin/sessions/', 'access'],
    ['POST', '/admin/refresh/validate_refresh/', 'refresh'],
    ['POST', '/admin/refresh/refresh_access/', 'refresh'],
    ['POST', '/admin/refresh/logout/', 'refresh'],
  ];
  // Twice: the second time a token may be known.
  for (let time = 0; time < 2; time++) {
    for (const [method, path, kind] of ofCustomers) {
      expect([path, ...(await status(method, path, admin[kind]))]).toEqual([
        path,
        401,
        expect.stringMatching(/^token_/),
      ]);
    }
    for (const [method, path, kind] of ofAdmins) {
      expect([path, ...(await status(method, path, customer[kind]))]).toEqual([
        path,
        401,
        expect.stringMatching(/^token_/),
      ]);
    }
  }
  const [ours, theirs] = [app.get(TokenService), app.get<TokenService>(getTokenServiceToken('admin'))];
  for (const [service, pair] of [
    [ours, admin],
    [theirs, customer],
  ] as const) {
    await expect(service.verify(pair.access)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(service.verify(pair.refresh, { type: 'refresh' })).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(service.refresh(pair.refresh)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(service.revokeToken(pair.access)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(service.revokeToken(pair.refresh)).rejects.toMatchObject({ code: 'token_invalid' });
  }
  // And each goes on with its own.
  for (const [method, path, kind] of ofCustomers) expect((await status(method, path, customer[kind]))[0]).toBe(200);
  for (const [method, path, kind] of ofAdmins) expect((await status(method, path, admin[kind]))[0]).toBe(200);
}

describe.each(ADAPTERS)('two instances on %s take no token of each other', (_name, adapter) => {
  it('where they share a resolveKey', async () => {
    const resolveKey: KeyResolver = ({ unverifiedClaims: { type } }) => ({
      key: { algorithm: 'HS256', signingKey: TENANT_KEY },
      claims: { type: type === 'refresh' ? 'refresh' : 'access' },
    });
    const common = { users: TestUsers, resolveKey };
    test = await start({
      adapter,
      controllers: [Routes],
      imports: [
        JwtoModule.forRoot({ ...common, signingKey: SIGNING_KEY }),
        JwtoModule.forRoot({ ...common, ...ADMIN_PATHS, signingKey: ADMIN_KEY }),
      ],
    });
    await expectApart(test);
  });

  it('where keys() later gives the other’s key', async () => {
    const key = (signingKey: string): RingKey => ({ kid: 'one', algorithm: 'HS256', signingKey });
    let adminKey = key(ADMIN_KEY);
    test = await start({
      adapter,
      controllers: [Routes],
      imports: [
        JwtoModule.forRoot({ users: TestUsers, keys: () => [key(SIGNING_KEY)] }),
        JwtoModule.forRoot({ users: TestUsers, ...ADMIN_PATHS, keys: () => [adminKey] }),
      ],
    });
    adminKey = key(SIGNING_KEY);
    await test.app.get<TokenService>(getTokenServiceToken('admin')).reloadKeys();
    await expectApart(test);
  });
});

describe('two instances whose routes meet', () => {
  const users = TestUsers;
  const neutral = { signingKey: SIGNING_KEY, users };
  const other = { name: 'admin', signingKey: ADMIN_KEY, users };
  it.each<[string, JwtoModuleOptions, JwtoModuleOptions]>([
    ['by case', neutral, { ...other, ...ADMIN_PATHS, endpoints: { ...ADMIN_PATHS.endpoints, login: 'LogIn' } }],
    ['by case in a folder', neutral, { ...other, ...ADMIN_PATHS, refreshCookiePath: 'API/Token/Refresh' }],
    ['neutral and version 2', neutral, { ...other, version: '2' }],
    ['version 2 and neutral', { ...neutral, version: '2' }, other],
    ['one of two versions', { ...neutral, version: ['1', '2'] }, { ...other, version: ['2', '3'] }],
  ])('stop the start: %s', async (_what, one, two) => {
    const imports = [JwtoModule.forRoot(one), JwtoModule.forRoot(two)];
    const setUp: Parameters<typeof start>[0]['setUp'] = (app) => {
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
    };
    expect((await startError(() => start({ imports, setUp }))).message).toMatch(/"admin".*share the route/);
  });

  it('start with versions of their own', async () => {
    test = await start({
      imports: [
        JwtoModule.forRoot({ ...neutral, version: '1' }),
        JwtoModule.forRoot({ ...other, version: ['2', '3'] }),
      ],
      setUp: (app) => {
        app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
      },
    });
    const json = { username: 'bob', password: 'pass' };
    const sids = await Promise.all(
      ['1', '2', '3'].map(async (version) => {
        const answer = await test?.client().send('/login/', { json, headers: { 'x-version': version } });
        return String(test?.app.get(TokenService).decode(answer?.json.access ?? '').payload['sid']).includes('.');
      }),
    );
    expect(sids).toEqual([false, true, true]);
  });
});

describe.each(ADAPTERS)('events on %s', (_name, adapter) => {
  it('carry the instance, also to @OnEvent, where those of all instances meet', async () => {
    @Injectable()
    class Audit {
      readonly heard: [string, string | null][] = [];
      @OnEvent('jwto.logged_in')
      @OnEvent('jwto.login_failed')
      hear({ instance, userId }: JwtoEvent): void {
        this.heard.push([instance, userId]);
      }
    }
    test = await start({
      adapter,
      providers: [Audit],
      imports: [
        EventEmitterModule.forRoot(),
        JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers }),
        JwtoModule.forRoot({ ...ADMIN_PATHS, signingKey: ADMIN_KEY, users: TestUsers }),
      ],
    });
    const own: string[] = [];
    test.app.get(JwtoEvents).on('*', ({ instance }) => own.push(instance));
    test.app.get<JwtoEvents>(getEventsToken('admin')).on('*', ({ instance }) => own.push(instance));
    for (const path of ['/login/', '/admin/login/']) {
      for (const password of ['pass', 'wrong']) {
        await test.client().send(path, { json: { username: 'bob', password } });
      }
    }
    expect(test.app.get(Audit).heard).toEqual([
      ['default', '2'],
      ['default', null],
      ['admin', '2'],
      ['admin', null],
    ]);
    expect(own).toEqual(['default', 'default', 'admin', 'admin']);
  });
});

describe.each(ADAPTERS)('an application behind a guarded route of another, on %s', (_name, adapter) => {
  it('asks for a user of its own, whatever the outer guard found', async () => {
    const inner = await startApp({ adapter, options: { signingKey: ADMIN_KEY } });
    @Controller('testapp')
    class Mount {
      @Get('user')
      @JwtLoginRequired()
      user(@Req() request: object, @Res() reply: object): void {
        forward(inner.app.getHttpAdapter(), request, reply);
      }
    }
    test = await start({
      adapter,
      controllers: [Mount],
      imports: [JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers })],
    });
    const client = test.client();
    await client.login('bob');
    expect((await client.get('/testapp/user')).json.code).toBe('token_invalid');
    // And what the outer one refuses never gets there.
    client.bearer = (await inner.tokens.issue(inner.users.named('bob'))).access;
    expect((await client.get('/testapp/user')).json.code).toBe('token_invalid');
    await inner.close();
  });
});

/** As a mount does: the same request of Node, with what the outer application has put on it. */
function forward(adapter: { getType(): string; getInstance(): unknown }, request: object, reply: object): void {
  if (adapter.getType() === 'fastify') {
    const { raw } = request as { raw: IncomingMessage };
    const answer = reply as { raw: ServerResponse; hijack(): void };
    answer.hijack();
    (adapter.getInstance() as FastifyInstance).routing(raw, answer.raw);
  } else {
    (adapter.getInstance() as (...pair: object[]) => void)(request, reply);
  }
}
