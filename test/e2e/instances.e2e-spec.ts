import { Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import {
  getEventsToken,
  InjectTokenService,
  JwtLoginRequired,
  JwtoEvents,
  JwtoModule,
  TokenClaims,
  TokenService,
  type JwtoClaims,
  type JwtoModuleOptions,
} from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { start, type Started } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY, startApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const ADMIN_KEY = 'the-signing-key-of-the-administration';
const CUSTOMER = { signingKey: SIGNING_KEY, users: TestUsers } satisfies JwtoModuleOptions;
const ADMIN = {
  ...CUSTOMER,
  name: 'admin',
  signingKey: ADMIN_KEY,
  refreshCookiePath: 'admin/refresh',
  endpoints: {
    login: 'admin/login',
    validateAccess: 'admin/validate_access',
    csrf: 'admin/csrf',
    sessions: 'admin/sessions',
  },
} satisfies JwtoModuleOptions;

@Injectable()
class Desk {
  constructor(
    readonly customers: TokenService,
    @InjectTokenService('admin') readonly admins: TokenService,
  ) {}
}

@Controller('who')
class WhoController {
  @Get('customer')
  @JwtLoginRequired()
  customer(@TokenClaims() { user }: JwtoClaims): string {
    return user.username;
  }

  @Get('admin')
  @JwtLoginRequired({ instance: 'admin' })
  admin(@TokenClaims() { user }: JwtoClaims): string {
    return user.username;
  }

  @Get('passport')
  @UseGuards(AuthGuard('jwto-admin'))
  passport(@TokenClaims() { user }: JwtoClaims): string {
    return user.username;
  }
}

describe.each(ADAPTERS)('two instances in one application on %s', (_name, adapter) => {
  let test: Started;
  const events: string[] = [];
  beforeAll(async () => {
    test = await start({
      adapter,
      imports: [
        JwtoModule.forRoot({ ...CUSTOMER, mode: ['JSON', 'TWO-COOKIES'] }),
        JwtoModule.forRoot({ ...ADMIN, mode: ['JSON', 'TWO-COOKIES'] }),
      ],
      controllers: [WhoController],
      providers: [Desk],
    });
    test.app.get(JwtoEvents).on('*', (_event, name) => events.push(`customer ${name}`));
    test.app.get<JwtoEvents>(getEventsToken('admin')).on('*', (_event, name) => events.push(`admin ${name}`));
  });
  afterAll(() => test.close());

  it('sign in by routes of their own, and do not accept each other’s tokens', async () => {
    const json = { username: 'bob', password: 'pass' };
    const customer = (await test.client().send('/login/', { json })).json;
    const admin = (await test.client().send('/admin/login/', { json: { username: 'admin', password: 'abc123' } })).json;
    const client = test.client();
    client.bearer = customer.access;
    expect((await client.get('/who/customer')).text).toBe('bob');
    expect((await client.get('/who/admin')).json.code).toBe('token_invalid');
    expect((await client.get('/who/passport')).json.code).toBe('token_invalid');
    expect((await client.send('/admin/validate_access/')).json.code).toBe('token_invalid');
    client.bearer = admin.access;
    expect((await client.get('/who/admin')).text).toBe('admin');
    expect((await client.get('/who/passport')).text).toBe('admin');
    expect((await client.get('/who/customer')).json.code).toBe('token_invalid');
    client.bearer = admin.refresh;
    expect((await client.refresh('refresh_access')).json.code).toBe('token_invalid');
    expect((await client.send('/admin/refresh/refresh_access/')).status).toBe(200);
    expect((await client.send('/admin/refresh/logout/')).status).toBe(200);
    expect(events.splice(0)).toEqual([
      'customer jwto.logged_in',
      'admin jwto.logged_in',
      'admin jwto.access_refreshed',
      'admin jwto.blacklisted',
    ]);
  });

  it('have cookies of their own, side by side in one browser', async () => {
    const client = test.client();
    await client.send('/login/', { json: { username: 'bob', password: 'pass', mode: 'TWO-COOKIES' } });
    const admin = await client.send('/admin/login/', {
      json: { username: 'admin', password: 'abc123', mode: 'TWO-COOKIES' },
    });
    expect(admin.cookies.map(({ name, path }) => [name, path])).toEqual([
      ['admin_jwt_access_token', '/'],
      ['admin_jwt_access_payload', '/'],
      ['admin_jwt_refresh', '/admin/refresh'],
      ['admin_csrftoken', '/'],
    ]);
    expect((await client.get('/who/customer')).text).toBe('bob');
    expect((await client.get('/who/admin')).text).toBe('admin');
    const headers = { 'x-csrftoken': client.cookie('admin_csrftoken') ?? '' };
    expect((await client.send('/admin/refresh/refresh_access/', { headers: client.csrf() })).json.code).toBe(
      'csrf_mismatch',
    );
    expect((await client.send('/admin/refresh/logout/', { headers })).status).toBe(200);
    expect((await client.get('/who/admin')).json.code).toBe('token_missing');
    expect((await client.get('/who/customer')).text).toBe('bob');
    expect([...client.jar.keys()].sort()).toEqual([
      'csrftoken',
      'jwt_access_payload',
      'jwt_access_token',
      'jwt_refresh',
    ]);
  });

  it('have services and sessions of their own', async () => {
    const { customers, admins } = test.app.get(Desk);
    const bob = { id: 2, username: 'bob' };
    const [customer, admin] = [await customers.issue(bob), await admins.issue(bob)];
    await expect(admins.verify(customer.access)).rejects.toMatchObject({ code: 'token_invalid' });
    expect(await customers.revokeSession(admin.sid)).toBe(false);
    expect(await admins.listSessions(2)).toHaveLength(1);
    expect(await customers.revokeUser(2)).toBeGreaterThan(0);
    expect(await admins.verify(admin.access)).toMatchObject({ sid: admin.sid });
    expect(await admins.listSessions(2)).toHaveLength(1);
    await expect(customers.verify(customer.access)).rejects.toMatchObject({ code: 'token_revoked' });
    events.length = 0;
  });
});

describe('instances that get into each other’s way', () => {
  it.each<[string, JwtoModuleOptions, RegExp]>([
    ['no name', { ...ADMIN, name: undefined }, /imported twice.*name/],
    ['the same login', { ...ADMIN, endpoints: {} }, /"admin".*share the route.*\/login.*endpoints/],
    ['the same refresh endpoints', { ...ADMIN, refreshCookiePath: undefined }, /share the route.*refreshCookiePath/],
    ['the same key', { ...ADMIN, signingKey: SIGNING_KEY }, /same key/],
  ])('stop the start: %s', async (_what, second, message) => {
    const imports = [JwtoModule.forRoot(CUSTOMER), JwtoModule.forRoot(second)];
    const error = await startError(() => start({ imports }));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(SIGNING_KEY);
  });

  it('stop the start: the same name', async () => {
    const imports = [JwtoModule.forRoot(ADMIN), JwtoModule.forRoot({ ...CUSTOMER, name: 'admin' })];
    expect((await startError(() => start({ imports }))).message).toMatch(/imported twice "admin"/);
  });

  it('is a clear error where a guard asks for an instance that is not there', async () => {
    @Controller()
    class Lost {
      @Get('lost')
      @JwtLoginRequired({ instance: 'nobody' })
      lost(): string {
        return 'never';
      }
    }
    const outcome = await start({ imports: [JwtoModule.forRoot(CUSTOMER)], controllers: [Lost] }).then(
      async (test) => {
        const answer = await test.client().get('/lost');
        await test.close();
        return answer.status;
      },
      (error: unknown) => String(error),
    );
    expect(String(outcome)).toMatch(/^500$|nobody/);
  });
});

describe('two applications in one process', () => {
  it('keep their keys, sessions, events and strategies to themselves', async () => {
    const [one, two] = [await startApp(), await startApp({ options: { signingKey: ADMIN_KEY } })];
    const [alice, bob] = [one.client(), two.client()];
    await alice.login('alice');
    await bob.login('bob');
    expect((await alice.get('/testapp/user')).json).toMatchObject({ username: 'alice' });
    expect((await bob.get('/testapp/user')).json).toMatchObject({ username: 'bob' });
    [alice.bearer, bob.bearer] = [bob.bearer, alice.bearer];
    expect((await alice.get('/testapp/user')).json.code).toBe('token_invalid');
    expect((await bob.get('/testapp/user')).json.code).toBe('token_invalid');
    expect([one.takeEvents(), two.takeEvents()]).toEqual([['jwto.logged_in'], ['jwto.logged_in']]);
    await one.close();
    [alice.bearer, bob.bearer] = [bob.bearer, alice.bearer];
    expect((await bob.get('/testapp/user')).json).toMatchObject({ username: 'bob' });
    await two.close();
  });
});
